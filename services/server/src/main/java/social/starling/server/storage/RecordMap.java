package social.starling.server.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Comparator;
import social.starling.server.state.PostRecord;

/**
 * Which records stand where in which post file, as the database says: in arrays, about 40 bytes a
 * record. Immutable.
 */
final class RecordMap {

  /** Registered names of users, by number. */
  private final String[] names;

  /** Where each user's records begin in {@link #order}; one more at the end. */
  private final int[] starts;

  private final int[] order;
  private final long[] indexes;
  private final long[] ids;
  private final long[] offsets;
  private final int[] lengths;
  private final int[] crcs;
  private final boolean[] deletions;

  private RecordMap(String[] names, Rows rows) {
    this.names = names;
    this.indexes = rows.indexes;
    this.ids = rows.ids;
    this.offsets = rows.offsets;
    this.lengths = rows.lengths;
    this.crcs = rows.crcs;
    this.deletions = rows.deletions;
    this.starts = new int[names.length + 1];
    this.order = new int[rows.size];
    for (int i = 0; i < rows.size; i++) {
      starts[rows.users[i] + 1]++;
    }
    for (int i = 0; i < names.length; i++) {
      starts[i + 1] += starts[i];
    }
    int[] next = Arrays.copyOf(starts, names.length);
    for (int i = 0; i < rows.size; i++) {
      order[next[rows.users[i]]++] = i;
    }
  }

  /**
   * A record.
   *
   * @param author name as registered
   * @param index of the entry that made it
   * @param id of the post
   * @param crc of a post's record; 0 of a deletion's
   */
  record Place(
      String author, boolean deletion, long index, long id, long offset, int length, int crc) {

    long end() {
      return offset + length;
    }

    /** Whether these bytes are the record. */
    boolean matches(byte[] bytes) {
      return deletion
          ? Arrays.equals(bytes, PostRecord.deletion(id))
          : bytes.length == length && PostRecord.crc(bytes) == crc;
    }
  }

  static RecordMap load(Connection connection) throws SQLException {
    int users = (int) Sql.number(connection, "SELECT count(*) FROM users");
    String[] names = new String[users];
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT no, name FROM users")) {
      while (row.next()) {
        names[row.getInt(1)] = row.getString(2);
      }
    }
    int size =
        (int)
            Sql.number(
                connection,
                "SELECT (SELECT count(*) FROM posts) + (SELECT count(*) FROM deletions)");
    Rows rows = new Rows(size);
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery("SELECT author, id, idx, offset, length, crc FROM posts")) {
      while (row.next()) {
        rows.add(
            row.getInt(1),
            row.getLong(2),
            row.getLong(3),
            row.getLong(4),
            row.getInt(5),
            row.getInt(6),
            false);
      }
    }
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                "SELECT p.author, p.id, d.idx, d.offset"
                    + " FROM deletions d JOIN posts p ON p.no = d.post")) {
      while (row.next()) {
        long id = row.getLong(2);
        int length = PostRecord.deletion(id).length;
        rows.add(row.getInt(1), id, row.getLong(3), row.getLong(4), length, 0, true);
      }
    }
    RecordMap map = new RecordMap(names, rows);
    map.sort();
    return map;
  }

  int users() {
    return names.length;
  }

  /** Lower-cased name: the file. */
  String author(int user) {
    return names[user].toLowerCase(java.util.Locale.ROOT);
  }

  int size(int user) {
    return starts[user + 1] - starts[user];
  }

  /** A user's records, in the order of the file. */
  Place place(int user, int at) {
    int i = order[starts[user] + at];
    return new Place(
        names[user], deletions[i], indexes[i], ids[i], offsets[i], lengths[i], crcs[i]);
  }

  /** Bytes of a user's file. */
  long length(int user) {
    return size(user) == 0 ? 0 : place(user, size(user) - 1).end();
  }

  /** Deletions stand after the posts of their author so far: put them in their places. */
  private void sort() {
    for (int user = 0; user < names.length; user++) {
      int from = starts[user];
      int to = starts[user + 1];
      if (to > from && deletions[order[to - 1]]) {
        Integer[] records = new Integer[to - from];
        Arrays.setAll(records, i -> order[from + i]);
        Arrays.sort(records, Comparator.comparingLong(record -> offsets[record]));
        Arrays.setAll(records, i -> order[from + i] = records[i]);
      }
    }
  }

  private static final class Rows {
    final int[] users;
    final long[] ids;
    final long[] indexes;
    final long[] offsets;
    final int[] lengths;
    final int[] crcs;
    final boolean[] deletions;
    int size;

    Rows(int capacity) {
      users = new int[capacity];
      ids = new long[capacity];
      indexes = new long[capacity];
      offsets = new long[capacity];
      lengths = new int[capacity];
      crcs = new int[capacity];
      deletions = new boolean[capacity];
    }

    void add(int user, long id, long index, long offset, int length, int crc, boolean deletion) {
      users[size] = user;
      ids[size] = id;
      indexes[size] = index;
      offsets[size] = offset;
      lengths[size] = length;
      crcs[size] = crc;
      deletions[size++] = deletion;
    }
  }
}
