package social.starling.bench.postgres;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import social.starling.bench.failover.Poster;
import social.starling.client.ClientOptions;

/**
 * Posts over a connection of its own; looks for the primary again when that fails, and repeats with
 * the same id.
 */
final class PostgresPoster implements Poster {

  private static final Duration FIRST_WAIT = Duration.ofMillis(5);
  private static final Duration MOST_WAIT = Duration.ofMillis(50);

  private final String url;
  private final int author;
  private Connection connection;
  private PreparedStatement insert;
  private long id;
  private long retries;

  PostgresPoster(String url, int author) {
    this.url = url;
    this.author = author;
  }

  @Override
  public long post(String text) throws Refused {
    long deadline = System.nanoTime() + ClientOptions.DEFAULT_DEADLINE.toNanos();
    long wait = FIRST_WAIT.toNanos();
    long own = ++id;
    while (true) {
      try {
        connect();
        insert.setInt(1, author);
        insert.setLong(2, own);
        insert.setString(3, text);
        insert.executeUpdate();
        return own;
      } catch (SQLException e) {
        close();
        if (System.nanoTime() + wait > deadline) {
          throw new Refused(e.getSQLState() + ": " + e.getMessage(), true, e);
        }
        retries++;
        pause(wait, e);
        wait = Math.min(MOST_WAIT.toNanos(), wait * 2);
      }
    }
  }

  @Override
  public long retries() {
    return retries;
  }

  @Override
  public void close() {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      // It was broken: that is why it is closed.
    }
    connection = null;
  }

  private void connect() throws SQLException {
    if (connection == null) {
      connection = DriverManager.getConnection(url);
      insert = connection.prepareStatement(Schema.POST);
    }
  }

  private static void pause(long nanos, SQLException cause) throws Refused {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refused("interrupted", true, cause);
    }
  }
}
