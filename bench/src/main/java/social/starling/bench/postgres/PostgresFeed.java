package social.starling.bench.postgres;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import social.starling.bench.load.Feed;
import social.starling.bench.load.Population;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * A pool of connections, each with a thread: a thread that ends an operation goes on with the next
 * one that waits, so that a busy pool costs no hand-over. Thread-safe.
 */
public final class PostgresFeed implements Feed {

  private static final long START_SECONDS = 30;

  /** Something to do with a connection. */
  private interface Work {
    void with(Session session);
  }

  private final BlockingQueue<Work> waiting = new LinkedBlockingQueue<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("timer").factory());
  private final AtomicLong nextId;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;

  private PostgresFeed(long lastId) {
    this.nextId = new AtomicLong(lastId);
  }

  /**
   * Makes the tables, fills them, and opens the pool.
   *
   * @param connections 1 or more
   */
  public static PostgresFeed open(
      PostgresPair pair, Population users, int postsEach, int connections)
      throws InterruptedException {
    long last;
    try (Connection connection = DriverManager.getConnection(pair.url())) {
      Schema.create(connection);
      last = Schema.fill(connection, users, postsEach);
    } catch (SQLException | IOException e) {
      throw new StartException(
          ExitCode.FAILED, "PostgreSQL cannot be filled: " + e.getMessage(), e);
    }
    PostgresFeed feed = new PostgresFeed(last);
    feed.start(pair.url(), connections);
    return feed;
  }

  @Override
  public void post(int user, String text, Done done) {
    waiting.add(session -> {
      int items;
      try {
        items = session.post(user, nextId.incrementAndGet(), text);
      } catch (SQLException e) {
        done.failed(word(e), 0);
        return;
      }
      done.answered(items, 0);
    });
  }

  @Override
  public void timeline(int user, Done done) {
    waiting.add(session -> {
      int items;
      try {
        items = session.timeline(user);
      } catch (SQLException e) {
        done.failed(word(e), 0);
        return;
      }
      done.answered(items, 0);
    });
  }

  @Override
  public void after(long nanos, Runnable work) {
    timer.schedule(work, nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    closed = true;
    timer.shutdownNow();
    threads.forEach(Thread::interrupt);
  }

  private void start(String url, int connections) throws InterruptedException {
    CountDownLatch open = new CountDownLatch(connections);
    for (int i = 0; i < connections; i++) {
      threads.add(
          Thread.ofPlatform().daemon().name("connection-" + i).start(() -> serve(url, open)));
    }
    if (!open.await(START_SECONDS, TimeUnit.SECONDS)) {
      close();
      throw new StartException(
          ExitCode.FAILED,
          "only %d of %d connections to PostgreSQL could be opened"
              .formatted(connections - open.getCount(), connections));
    }
  }

  private void serve(String url, CountDownLatch open) {
    try (Session session = new Session(url)) {
      open.countDown();
      while (!closed) {
        waiting.take().with(session);
      }
    } catch (SQLException e) {
      // Who opens the pool sees that one is missing.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String word(SQLException e) {
    return "SQL " + e.getSQLState();
  }

  /** One connection with its statements. */
  private static final class Session implements AutoCloseable {
    private final Connection connection;
    private final PreparedStatement post;
    private final PreparedStatement timeline;

    Session(String url) throws SQLException {
      connection = DriverManager.getConnection(url);
      post = connection.prepareStatement(Schema.POST);
      timeline = connection.prepareStatement(Schema.TIMELINE);
    }

    int post(int author, long id, String text) throws SQLException {
      post.setInt(1, author);
      post.setLong(2, id);
      post.setString(3, text);
      return post.executeUpdate();
    }

    int timeline(int user) throws SQLException {
      timeline.setInt(1, user);
      int posts = 0;
      try (ResultSet rows = timeline.executeQuery()) {
        while (rows.next()) {
          posts++;
        }
      }
      return posts;
    }

    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }
}
