package social.starling.coordinator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A store that several coordinators of one test share. */
final class MemoryStore implements Store {

  private final Map<String, Document> documents = new TreeMap<>();
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();

  @Override
  public synchronized List<Document> readAll() {
    return new ArrayList<>(documents.values());
  }

  @Override
  public synchronized Optional<Document> read(String key) {
    return Optional.ofNullable(documents.get(key));
  }

  @Override
  public synchronized boolean compareAndSet(String key, long expectedVersion, byte[] content) {
    Document current = documents.get(key);
    if ((current == null ? 0 : current.version()) != expectedVersion) {
      return false;
    }
    Document next = new Document(key, expectedVersion + 1, content.clone());
    documents.put(key, next);
    // As over a network: whoever changes it holds a lock that others' watchers may wait for.
    Thread.ofVirtual().start(() -> watchers.forEach(watcher -> watcher.changed(next)));
    return true;
  }

  @Override
  public void watch(Watcher watcher) {
    watchers.add(watcher);
  }

  @Override
  public void probe() {}

  @Override
  public void close() {}
}
