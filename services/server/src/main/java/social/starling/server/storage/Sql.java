package social.starling.server.storage;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** Opens the database and runs small statements. */
final class Sql {

  private static final int BUSY_MILLIS = 5_000;

  /** Pages of 4 KiB that the writer keeps in memory, as SQLite counts: −KiB. */
  private static final int WRITER_CACHE_KIB = 8 * 1024;

  private static final int READER_CACHE_KIB = 1024;

  private Sql() {}

  /** The connection that writes: WAL, an fsync for each commit, no checkpoint of its own. */
  static Connection openWriter(Path file) throws SQLException {
    return openWriter(file, SQLiteConfig.SynchronousMode.FULL);
  }

  /**
   * As above, but a commit is not durable before the caller has synced the {@linkplain #log log}.
   * SQLite itself syncs it only where the order of writes matters: before it begins again, and
   * before it is copied into the database. SQLite would use fsync, as the driver's library is
   * built, which waits for the file system to write the times and sizes of all files that changed,
   * the post files' too; fdatasync does not.
   *
   * <p>See <a href="https://www.sqlite.org/pragma.html#pragma_synchronous">synchronous=NORMAL</a>
   * and <a href="https://www.sqlite.org/wal.html">Write-Ahead Logging</a>.
   */
  static Connection openUnsyncedWriter(Path file) throws SQLException {
    return openWriter(file, SQLiteConfig.SynchronousMode.NORMAL);
  }

  /** The write-ahead log of a database. */
  static Path log(Path file) {
    return file.resolveSibling(file.getFileName() + "-wal");
  }

  private static Connection openWriter(Path file, SQLiteConfig.SynchronousMode mode)
      throws SQLException {
    Connection connection = open(file, WRITER_CACHE_KIB, mode);
    try {
      run(connection, "PRAGMA wal_autocheckpoint=0");
      run(connection, "PRAGMA journal_size_limit=67108864");
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      closeAfter(e, connection);
      throw e;
    }
  }

  /**
   * A connection that may not change anything, beside one that does or alone, in a transaction from
   * its first statement on. Whatever was put in the place of the database meanwhile: closing it,
   * even as the last one, neither copies nor deletes a log, as closing another would.
   */
  static Connection openReadOnly(Path file) throws SQLException {
    Connection connection = openReadOnlyPlain(file);
    try {
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      closeAfter(e, connection);
      throw e;
    }
  }

  /** As above, without transactions of its own. */
  static Connection openReadOnlyPlain(Path file) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    config.setBusyTimeout(BUSY_MILLIS);
    config.setTempStore(SQLiteConfig.TempStore.MEMORY);
    config.setCacheSize(-READER_CACHE_KIB);
    return config.createConnection("jdbc:sqlite:" + file);
  }

  /** A connection without transactions of its own, for checkpoints and copies. */
  static Connection openPlain(Path file) throws SQLException {
    return open(file, READER_CACHE_KIB);
  }

  /** A database that nobody else uses yet: one file, no write-ahead log. */
  static Connection openCopy(Path file) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.DELETE);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setTempStore(SQLiteConfig.TempStore.MEMORY);
    config.setGetGeneratedKeys(false);
    Connection connection = config.createConnection("jdbc:sqlite:" + file);
    try {
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      closeAfter(e, connection);
      throw e;
    }
  }

  private static Connection open(Path file, int cacheKib) throws SQLException {
    return open(file, cacheKib, SQLiteConfig.SynchronousMode.FULL);
  }

  private static Connection open(Path file, int cacheKib, SQLiteConfig.SynchronousMode mode)
      throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(mode);
    config.setBusyTimeout(BUSY_MILLIS);
    // There may be no other place that can be written.
    config.setTempStore(SQLiteConfig.TempStore.MEMORY);
    config.setCacheSize(-cacheKib);
    config.setGetGeneratedKeys(false);
    return config.createConnection("jdbc:sqlite:" + file);
  }

  /**
   * Copies the log into the database, as far as that goes without waiting for anyone.
   *
   * @return pages in the log
   */
  static int copyLog(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA wal_checkpoint(PASSIVE)")) {
      return row.next() ? row.getInt(2) : 0;
    }
  }

  static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static long number(Connection connection, String sql, long... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("no row: " + sql);
        }
        return row.getLong(1);
      }
    }
  }

  static void bind(PreparedStatement statement, long... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      statement.setLong(i + 1, values[i]);
    }
  }

  /** A path as an SQL string. */
  static String quoted(Path path) {
    return "'" + path.toString().replace("'", "''") + "'";
  }

  static StorageException.Kind kind(SQLException e) {
    if (e instanceof SQLiteException sqlite) {
      SQLiteErrorCode code = sqlite.getResultCode();
      return switch (code) {
        case SQLITE_FULL -> StorageException.Kind.FULL;
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CORRUPT_VTAB -> StorageException.Kind.DAMAGED;
        default -> StorageException.Kind.FAILED;
      };
    }
    return StorageException.Kind.FAILED;
  }

  private static void closeAfter(SQLException first, Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      first.addSuppressed(e);
    }
  }
}
