package social.starling.coordinator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A store that several coordinators of one test share. */
final class MemoryStore implements Store {

  private final Map<String, Document> documents = new TreeMap<>();

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
    documents.put(key, new Document(key, expectedVersion + 1, content.clone()));
    return true;
  }

  @Override
  public void probe() {}

  @Override
  public void close() {}
}
