package social.starling.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/** The tables of state.db, version {@value #VERSION}. */
final class Schema {

  /** Kept in SQLite's {@code user_version}. A volume with a higher one is refused. */
  static final int VERSION = 1;

  /** "Strl": tells the file from other programs' databases. */
  static final int APPLICATION = 0x5374726c;

  private static final List<String> TABLES =
      List.of(
          Meta.TABLE,
          """
          CREATE TABLE epochs (
            epoch INTEGER PRIMARY KEY,
            start INTEGER NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE journal (
            idx INTEGER PRIMARY KEY,
            epoch INTEGER NOT NULL,
            client TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            time INTEGER NOT NULL,
            id INTEGER NOT NULL,
            request BLOB NOT NULL,
            crc INTEGER NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE users (
            no INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            home INTEGER NOT NULL,
            idx INTEGER NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE follows (
            follower INTEGER NOT NULL,
            author INTEGER NOT NULL,
            since INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (follower, author)
          ) STRICT, WITHOUT ROWID\
          """,
          """
          CREATE TABLE unfollows (
            follower INTEGER NOT NULL,
            author INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            PRIMARY KEY (follower, author)
          ) STRICT, WITHOUT ROWID\
          """,
          """
          CREATE TABLE wants (
            author INTEGER NOT NULL,
            cluster INTEGER NOT NULL,
            since INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (author, cluster)
          ) STRICT, WITHOUT ROWID\
          """,
          """
          CREATE TABLE peers (
            cluster INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL,
            within INTEGER NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE slots (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            version INTEGER NOT NULL,
            bits BLOB NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE posts (
            no INTEGER PRIMARY KEY,
            author INTEGER NOT NULL,
            id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            length INTEGER NOT NULL,
            crc INTEGER NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE deletions (
            post INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL,
            offset INTEGER NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE clients (
            no INTEGER PRIMARY KEY,
            client TEXT NOT NULL,
            floor INTEGER NOT NULL,
            last_time INTEGER NOT NULL,
            last_idx INTEGER NOT NULL
          ) STRICT\
          """,
          """
          CREATE TABLE answers (
            client INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            hash INTEGER NOT NULL,
            answer BLOB NOT NULL,
            PRIMARY KEY (client, sequence)
          ) STRICT, WITHOUT ROWID\
          """);

  private Schema() {}

  /** Creates everything in one transaction, which the caller commits. */
  static void create(Connection connection, Meta meta) throws SQLException {
    Sql.run(connection, "PRAGMA application_id=" + APPLICATION);
    for (String table : TABLES) {
      Sql.run(connection, table);
    }
    try (PreparedStatement insert = connection.prepareStatement(Meta.INSERT)) {
      meta.bind(insert);
      insert.executeUpdate();
    }
    Sql.run(connection, "PRAGMA user_version=" + VERSION);
  }

  /** The version of the tables: 0 when there are none yet. */
  static int version(Connection connection) throws SQLException {
    return (int) Sql.number(connection, "PRAGMA user_version");
  }
}
