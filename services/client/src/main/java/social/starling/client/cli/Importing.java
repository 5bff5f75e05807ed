package social.starling.client.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;

/**
 * Posts what it is given, each author's posts one after the other, the authors beside each other: a
 * thread for each. What waits is bounded, in bytes over all authors.
 *
 * <p>One thread gives, then waits for the end.
 */
final class Importing implements AutoCloseable {

  private static final int MAX_WAITING_BYTES = 16 * 1024 * 1024;

  // For what an item takes beside its text.
  private static final int OVERHEAD = 200;

  private final Function<String, StarlingClient> clients;
  private final ImportState state;
  private final Semaphore room = new Semaphore(MAX_WAITING_BYTES);
  private final Map<String, Author> authors = new HashMap<>();
  private final AtomicLong posted = new AtomicLong();
  private final AtomicLong skipped = new AtomicLong();
  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

  /**
   * @param clients gives a client of a user, closed by this
   */
  Importing(Function<String, StarlingClient> clients, ImportState state) {
    this.clients = clients;
    this.state = state;
  }

  /** Takes a post; waits while there is no room. Returns false after a failure. */
  boolean give(PostFile.Item item) throws InterruptedException {
    int size = size(item);
    room.acquire(size);
    if (failure.get() != null) {
      return false;
    }
    authors
        .computeIfAbsent(item.author().toLowerCase(Locale.ROOT), key -> new Author(item.author()))
        .items
        .add(item);
    return true;
  }

  /** Waits until everything is posted, or one failed for good. */
  void finish() throws InterruptedException {
    for (Author author : authors.values()) {
      author.items.add(Author.END);
    }
    for (Author author : authors.values()) {
      author.thread.join();
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  long posted() {
    return posted.get();
  }

  /** Those that an earlier run had posted. */
  long skipped() {
    return skipped.get();
  }

  int authors() {
    return authors.size();
  }

  long retries() {
    return authors.values().stream().mapToLong(Author::retries).sum();
  }

  @Override
  public void close() {
    authors.values().forEach(author -> author.thread.interrupt());
  }

  private static int size(PostFile.Item item) {
    return item.text().length() * 2 + OVERHEAD;
  }

  private final class Author {

    static final PostFile.Item END = new PostFile.Item("", "", null, 0);

    final BlockingQueue<PostFile.Item> items = new LinkedBlockingQueue<>();
    final Thread thread;
    private final String name;
    private final List<StarlingClient> opened = new ArrayList<>();

    Author(String name) {
      this.name = name;
      this.thread = Thread.ofVirtual().name("import-" + name).start(this::run);
    }

    synchronized long retries() {
      return opened.stream().mapToLong(StarlingClient::retries).sum();
    }

    private void run() {
      PostFile.Item item = null;
      try {
        Posting posting = new Posting();
        for (item = items.take(); item != END; item = items.take()) {
          if (failure.get() == null) {
            posting.post(item);
          }
          room.release(size(item));
        }
      } catch (StarlingException e) {
        fail(new ImportFailure(item, e));
      } catch (RuntimeException e) {
        fail(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        opened.forEach(StarlingClient::close);
      }
    }

    private void fail(RuntimeException e) {
      if (failure.compareAndSet(null, e)) {
        // Whoever waits for room finds the failure.
        room.release(MAX_WAITING_BYTES);
      }
    }

    private synchronized StarlingClient opened(StarlingClient client) {
      opened.add(client);
      return client;
    }

    private final class Posting {

      private StarlingClient client;
      private long count;
      private long done;

      void post(PostFile.Item item) {
        if (client == null) {
          begin();
        }
        if (++count <= done) {
          skipped.incrementAndGet();
          return;
        }
        client.post(item.text());
        state.acknowledged(name, count);
        posted.incrementAndGet();
      }

      private void begin() {
        StarlingClient plain = opened(clients.apply(name));
        plain.login();
        ImportState.Progress progress = state.of(name);
        if (progress.session().isEmpty()) {
          String session = StarlingClient.newSession();
          state.begun(name, session);
          progress = new ImportState.Progress(session, 0);
        }
        done = progress.acknowledged();
        client = opened(plain.as(name, progress.session(), done));
      }
    }
  }
}
