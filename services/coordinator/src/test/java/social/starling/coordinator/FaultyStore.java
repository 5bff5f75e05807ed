package social.starling.coordinator;

import java.util.List;
import java.util.Optional;

/** A store that fails as it is told, before or after the change takes effect. */
final class FaultyStore implements Store {

  enum Fault {
    NONE,
    /** Nothing was written. */
    BEFORE,
    /** It was written, but this is not known. */
    AFTER,
    /** Reading fails too. */
    ALL,
    /** What is stored cannot be understood. */
    DAMAGED
  }

  private final Store store;
  volatile Fault fault = Fault.NONE;

  /** Faults begin after so many more writes. */
  volatile int writesLeft = Integer.MAX_VALUE;

  FaultyStore(Store store) {
    this.store = store;
  }

  @Override
  public List<Document> readAll() {
    failReading();
    return store.readAll();
  }

  @Override
  public Optional<Document> read(String key) {
    failReading();
    return store.read(key);
  }

  @Override
  public boolean compareAndSet(String key, long expectedVersion, byte[] content) {
    boolean fails = --writesLeft < 0 || fault != Fault.NONE;
    if (fails && fault != Fault.AFTER) {
      throw failure();
    }
    boolean done = store.compareAndSet(key, expectedVersion, content);
    if (fails) {
      throw failure();
    }
    return done;
  }

  @Override
  public void watch(Watcher watcher) {
    store.watch(watcher);
  }

  @Override
  public void probe() {
    if (fault != Fault.NONE) {
      throw failure();
    }
    store.probe();
  }

  @Override
  public void close() {
    store.close();
  }

  private void failReading() {
    if (fault == Fault.ALL || fault == Fault.DAMAGED) {
      throw failure();
    }
  }

  private StoreException failure() {
    return new StoreException(
        fault == Fault.DAMAGED ? StoreException.Kind.DAMAGED : StoreException.Kind.FAILED,
        "the disk failed as planned",
        null);
  }
}
