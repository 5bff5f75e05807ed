package social.starling.coordinator;

import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A store whose compare-and-set is timed. As thread-safe as the store itself. */
record TimedStore(Store store, Timer timer) implements Store {

  @Override
  public List<Document> readAll() {
    return store.readAll();
  }

  @Override
  public Optional<Document> read(String key) {
    return store.read(key);
  }

  @Override
  public boolean compareAndSet(String key, long expectedVersion, byte[] content) {
    long begun = System.nanoTime();
    try {
      return store.compareAndSet(key, expectedVersion, content);
    } finally {
      timer.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void watch(Watcher watcher) {
    store.watch(watcher);
  }

  @Override
  public void probe() {
    store.probe();
  }

  @Override
  public void close() {
    store.close();
  }
}
