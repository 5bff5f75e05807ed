package social.starling.coordinator;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.SQLiteOpenMode;
import social.starling.coordinator.StoreException.Kind;

/**
 * The {@link Store} in one SQLite file, for the local run.
 *
 * <p>The journal mode is WAL and {@code synchronous} is FULL: a change is fsynced before {@link
 * #compareAndSet} returns. The comparison is part of the UPDATE, so that several connections, also
 * of several processes, may work on one file.
 *
 * <p>Thread-safe: one connection, used under this object's monitor.
 */
final class SqliteStore implements Store {

  private static final Logger LOG = LoggerFactory.getLogger(SqliteStore.class);

  /** Marks the file as a coordinator's, for {@code file(1)} and for the check when opening. */
  private static final int APPLICATION_ID = 0x53744c43;

  /** The only format so far. */
  static final int FORMAT = 1;

  private static final int BUSY_TIMEOUT_MILLIS = 2_000;

  private static final String INSERT =
      "INSERT INTO document (key, version, content) VALUES (?, 1, ?) ON CONFLICT (key) DO NOTHING";
  private static final String UPDATE =
      "UPDATE document SET version = version + 1, content = ? WHERE key = ? AND version = ?";
  private static final String SELECT = "SELECT version, content FROM document WHERE key = ?";
  private static final String PROBE = "UPDATE probe SET count = count + 1";

  private final Path file;
  private final Connection connection;

  private SqliteStore(Path file, Connection connection) {
    this.file = file;
    this.connection = connection;
  }

  /** Makes a new, empty file. */
  static void create(Path file) {
    create(file, List.of());
  }

  /**
   * Makes a new file. It appears under its name only when it is whole and on disk.
   *
   * @param documents what it holds to begin with
   * @throws StoreException when it cannot be written
   */
  static void create(Path file, List<Document> documents) {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.deleteIfExists(draft);
      SQLiteConfig config = new SQLiteConfig();
      config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
      try (Connection connection = config.createConnection("jdbc:sqlite:" + draft);
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.executeUpdate(
            "CREATE TABLE document (key TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL,"
                + " content BLOB NOT NULL) STRICT, WITHOUT ROWID");
        statement.executeUpdate("CREATE TABLE probe (count INTEGER NOT NULL) STRICT");
        statement.executeUpdate("INSERT INTO probe VALUES (0)");
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
          for (Document document : documents) {
            insert.setString(1, document.key());
            insert.setBytes(2, document.content());
            insert.executeUpdate();
          }
        }
        statement.executeUpdate("PRAGMA application_id = " + APPLICATION_ID);
        statement.executeUpdate("PRAGMA user_version = " + FORMAT);
        connection.commit();
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel directory =
          FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
        directory.force(true);
      }
    } catch (IOException | SQLException e) {
      throw new StoreException(
          Kind.FAILED, "%s cannot be written: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * Opens a file that {@link #create} made.
   *
   * @throws StoreException when it cannot be read, is damaged, or is of another format
   */
  static SqliteStore open(Path file) {
    SQLiteConfig config = new SQLiteConfig();
    config.setOpenMode(SQLiteOpenMode.READWRITE);
    config.resetOpenMode(SQLiteOpenMode.CREATE);
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
    Connection connection = null;
    try {
      connection = config.createConnection("jdbc:sqlite:" + file);
      check(file, connection);
      return new SqliteStore(file, connection);
    } catch (SQLException e) {
      closeQuietly(connection);
      throw failed(file, "opened", e);
    } catch (StoreException e) {
      closeQuietly(connection);
      throw e;
    }
  }

  private static void check(Path file, Connection connection) throws SQLException {
    if (pragma(connection, "application_id") != APPLICATION_ID) {
      throw new StoreException(Kind.FOREIGN, file + " is not a coordinator's state", null);
    }
    int format = pragma(connection, "user_version");
    if (format != FORMAT) {
      throw new StoreException(
          Kind.FOREIGN,
          "%s has format %d; this coordinator reads format %d: use a newer one"
              .formatted(file, format, FORMAT),
          null);
    }
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA quick_check(1)")) {
      String verdict = result.next() ? result.getString(1) : "no answer";
      if (!verdict.equals("ok")) {
        throw new StoreException(Kind.DAMAGED, "%s is damaged: %s".formatted(file, verdict), null);
      }
    }
  }

  private static int pragma(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA " + name)) {
      return result.next() ? result.getInt(1) : 0;
    }
  }

  @Override
  public synchronized List<Document> readAll() {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT key, version, content FROM document")) {
      List<Document> documents = new ArrayList<>();
      while (rows.next()) {
        documents.add(new Document(rows.getString(1), rows.getLong(2), rows.getBytes(3)));
      }
      return documents;
    } catch (SQLException e) {
      throw failed(file, "read", e);
    }
  }

  @Override
  public synchronized Optional<Document> read(String key) {
    try (PreparedStatement select = connection.prepareStatement(SELECT)) {
      select.setString(1, key);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(new Document(key, row.getLong(1), row.getBytes(2)))
            : Optional.empty();
      }
    } catch (SQLException e) {
      throw failed(file, "read", e);
    }
  }

  // Statements are not kept: after a failure the driver lets no statement be used again.
  @Override
  public synchronized boolean compareAndSet(String key, long expectedVersion, byte[] content) {
    boolean first = expectedVersion == 0;
    try (PreparedStatement change = connection.prepareStatement(first ? INSERT : UPDATE)) {
      if (first) {
        change.setString(1, key);
        change.setBytes(2, content);
      } else {
        change.setBytes(1, content);
        change.setString(2, key);
        change.setLong(3, expectedVersion);
      }
      return change.executeUpdate() == 1;
    } catch (SQLException e) {
      throw failed(file, "written", e);
    }
  }

  /** The directory's lock lets one coordinator at a time use the file: nobody else changes it. */
  @Override
  public void watch(Watcher watcher) {}

  @Override
  public synchronized void probe() {
    try (Statement statement = connection.createStatement()) {
      if (statement.executeUpdate(PROBE) != 1) {
        throw new StoreException(Kind.DAMAGED, file + " has lost its probe", null);
      }
    } catch (SQLException e) {
      throw failed(file, "written", e);
    }
  }

  @Override
  public synchronized void close() {
    closeQuietly(connection);
  }

  /** Bounds the file to its present size and so many pages more: what a full disk does. */
  synchronized void limitPages(int more) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      int pages = pragma(connection, "page_count");
      statement.execute("PRAGMA max_page_count = " + (pages + more));
    }
  }

  private static StoreException failed(Path file, String verb, SQLException e) {
    SQLiteErrorCode code =
        e instanceof SQLiteException known ? known.getResultCode() : SQLiteErrorCode.SQLITE_ERROR;
    String sentence =
        switch (primary(code)) {
          case SQLITE_FULL -> "%s cannot be %s: no space is left on its disk".formatted(file, verb);
          case SQLITE_BUSY, SQLITE_LOCKED ->
              "%s cannot be %s: another process has held it for %d s"
                  .formatted(file, verb, BUSY_TIMEOUT_MILLIS / 1000);
          case SQLITE_CORRUPT, SQLITE_NOTADB -> "%s is damaged: %s".formatted(file, e.getMessage());
          default -> "%s cannot be %s: %s".formatted(file, verb, e.getMessage());
        };
    return switch (primary(code)) {
      case SQLITE_CORRUPT, SQLITE_NOTADB -> new StoreException(Kind.DAMAGED, sentence, e);
      default -> new StoreException(Kind.FAILED, sentence, e);
    };
  }

  private static SQLiteErrorCode primary(SQLiteErrorCode code) {
    return SQLiteErrorCode.getErrorCode(code.code & 0xff);
  }

  private static void closeQuietly(Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      LOG.atWarn()
          .addKeyValue("reason", e.getMessage())
          .log("the coordinator's state was not closed cleanly");
    }
  }
}
