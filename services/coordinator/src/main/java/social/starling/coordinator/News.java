package social.starling.coordinator;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands documents on, one after the other, on a thread of its own. What does not fit is dropped:
 * every document is read again every few seconds anyway.
 *
 * <p>Thread-safe.
 */
final class News implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(News.class);

  private final BlockingQueue<Document> waiting;
  private final Consumer<Document> reader;
  private final Thread thread;

  /**
   * @param room so many documents wait at most
   * @param reader may block
   */
  News(int room, Consumer<Document> reader) {
    this.waiting = new ArrayBlockingQueue<>(room);
    this.reader = reader;
    this.thread = Thread.ofVirtual().name("news").unstarted(this::read);
  }

  void start() {
    thread.start();
  }

  /** Never blocks. */
  void add(Document document) {
    waiting.offer(document);
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void read() {
    try {
      while (true) {
        Document next = waiting.take();
        try {
          reader.accept(next);
        } catch (RuntimeException e) {
          LOG.atError().setCause(e).log("a fault in the program");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
