package social.starling.server.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import social.starling.server.state.RecordSource;
import social.starling.server.state.State;
import social.starling.server.state.StateLoader;

/** Reads all tables, each in one ordered scan, and checks their sum. */
final class TableLoader {

  private final Connection connection;
  private final Meta meta;
  private final StateLoader loader;

  private int firstUnsynced;

  TableLoader(Connection connection, Meta meta, RecordSource source, long cacheBytes) {
    this.connection = connection;
    this.meta = meta;
    this.loader = new StateLoader(source, cacheBytes);
  }

  /**
   * @throws StorageException DAMAGED: the tables are not what was written
   */
  State load() throws SQLException {
    State state;
    try {
      slots();
      users();
      wants();
      follows();
      unfollows();
      cursors();
      posts();
      deletions();
      clients();
      state = loader.finish(meta.applied, meta.horizon);
    } catch (IllegalArgumentException | IndexOutOfBoundsException | NullPointerException e) {
      throw damaged("a row cannot be: " + e.getMessage(), e);
    }
    if (state.totals().checksum() != meta.checksum) {
      throw damaged("the tables do not add up to the checksum that was written with them", null);
    }
    journal();
    return state;
  }

  /** Visits the files that must be there. After {@link #load}. */
  void files(StateLoader.FileVisitor visitor) {
    loader.files(visitor);
  }

  /** Number of the first post whose record may not be fsynced. After {@link #load}. */
  int firstUnsynced() {
    return firstUnsynced;
  }

  private void users() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT no, name, home, idx FROM users ORDER BY no")) {
      while (row.next()) {
        loader.user(row.getInt(1), row.getString(2), row.getInt(3), row.getLong(4));
      }
    }
  }

  private void follows() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery("SELECT follower, author, since, position FROM follows")) {
      while (row.next()) {
        loader.follow(row.getInt(1), row.getInt(2), row.getLong(3), row.getLong(4));
      }
    }
  }

  private void wants() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT author, cluster, since, position FROM wants")) {
      while (row.next()) {
        loader.want(row.getInt(1), row.getInt(2), row.getLong(3), row.getLong(4));
      }
    }
  }

  private void unfollows() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT follower, author, idx FROM unfollows")) {
      while (row.next()) {
        loader.unfollow(row.getInt(1), row.getInt(2), row.getLong(3));
      }
    }
  }

  private void cursors() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT cluster, idx, within FROM peers")) {
      while (row.next()) {
        loader.cursor(row.getInt(1), row.getLong(2), row.getLong(3));
      }
    }
  }

  private void slots() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT version, bits FROM slots")) {
      while (row.next()) {
        loader.slots(row.getLong(1), row.getBytes(2));
      }
    }
  }

  private void posts() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                "SELECT no, author, id, idx, offset, length, crc FROM posts ORDER BY no")) {
      while (row.next()) {
        int number = row.getInt(1);
        long index = row.getLong(4);
        loader.post(
            number,
            row.getInt(2),
            row.getLong(3),
            index,
            row.getLong(5),
            row.getInt(6),
            row.getInt(7));
        if (index <= meta.filesSynced) {
          firstUnsynced = number + 1;
        }
      }
    }
  }

  private void deletions() throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery("SELECT post, idx, offset FROM deletions ORDER BY idx, post")) {
      while (row.next()) {
        loader.deletion(row.getInt(1), row.getLong(2), row.getLong(3));
      }
    }
  }

  private void clients() throws SQLException {
    Map<Long, String> names = new HashMap<>();
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                "SELECT no, client, floor, last_time, last_idx FROM clients ORDER BY last_idx")) {
      while (row.next()) {
        names.put(row.getLong(1), row.getString(2));
        loader.client(
            row.getLong(1), row.getString(2), row.getLong(3), row.getLong(4), row.getLong(5));
      }
    }
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT client, sequence, hash, answer FROM answers")) {
      while (row.next()) {
        byte[] answer = row.getBytes(4);
        loader.answer(
            names.get(row.getLong(1)),
            row.getLong(2),
            row.getLong(3),
            answer == null ? new byte[0] : answer);
      }
    }
  }

  /** The ends of the journal; each entry is checked when it is read. */
  private void journal() throws SQLException {
    boolean empty = meta.lastIndex == meta.baseIndex;
    long first = Sql.number(connection, "SELECT coalesce(min(idx), -1) FROM journal");
    long last = Sql.number(connection, "SELECT coalesce(max(idx), -1) FROM journal");
    if (empty ? first != -1 : first != meta.baseIndex + 1 || last != meta.lastIndex) {
      throw damaged(
          "the journal holds entries %d to %d, not %d to %d"
              .formatted(first, last, meta.baseIndex + 1, meta.lastIndex),
          null);
    }
    if (meta.baseIndex > meta.applied || meta.applied > meta.lastIndex) {
      throw damaged(
          "base %d, applied %d, last %d".formatted(meta.baseIndex, meta.applied, meta.lastIndex),
          null);
    }
  }

  private static StorageException damaged(String why, Exception cause) {
    return new StorageException(StorageException.Kind.DAMAGED, why, cause);
  }
}
