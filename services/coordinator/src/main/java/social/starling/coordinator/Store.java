package social.starling.coordinator;

import java.util.List;
import java.util.Optional;

/**
 * The coordinator's state: documents, changed by one compare-and-set and by nothing else.
 *
 * <p>That alone is what keeps the configurations right, so any number of coordinators may work over
 * one store: each decides from a document at a version, and its change takes effect only if the
 * document is still at that version. A cluster's epoch is part of its document and rises with the
 * version, so a compare-and-set on the version is one on the epoch.
 *
 * <p>Thread-safe.
 */
interface Store extends AutoCloseable {

  /** Is told what happens to the documents. Must not block. */
  interface Watcher {

    /** A document is like this, or was a moment ago. */
    void changed(Document document);

    /** What is stored is of no use any longer. */
    void broken(StoreException failure);
  }

  /**
   * Every document.
   *
   * @throws StoreException when the state cannot be read
   */
  List<Document> readAll();

  /**
   * One document.
   *
   * @throws StoreException when the state cannot be read
   */
  Optional<Document> read(String key);

  /**
   * Replaces the content of a document if it is still at the expected version. The new content is
   * durable when this returns true.
   *
   * @param expectedVersion 0 when the document must not exist yet
   * @return whether the document was replaced; then it is at {@code expectedVersion + 1}
   * @throws StoreException when it is not known whether the document was replaced: read it before
   *     deciding again
   */
  boolean compareAndSet(String key, long expectedVersion, byte[] content);

  /**
   * Tells of what other coordinators change, soon after they did, until this store is closed: late
   * or more than once, also of own changes, and not of everything, so who must know reads. A store
   * that one process has for itself tells nothing. Called once.
   */
  void watch(Watcher watcher);

  /**
   * Reads and durably writes, without changing a document.
   *
   * @throws StoreException when one of the two does not work
   */
  void probe();

  @Override
  void close();
}
