package social.starling.bench.postgres;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import social.starling.bench.failover.Fallible;
import social.starling.bench.load.Population;
import social.starling.bench.load.Texts;

/** Tables, what is asked of them, and what they hold to begin with. Stateless. */
final class Schema {

  /**
   * The id comes from whoever posts, as Starling's write ids do: so a post whose answer was lost
   * can be repeated.
   */
  static final String POST =
      "INSERT INTO posts (author, id, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";

  /**
   * The newest of each author come from the index alone; texts and names are fetched for those only
   * that are among the newest of all.
   */
  static final String TIMELINE =
      """
      SELECT p.id, u.name, p.text
      FROM (SELECT t.author, t.id
            FROM follows f
            CROSS JOIN LATERAL (SELECT author, id FROM posts
                                WHERE author = f.followed ORDER BY id DESC LIMIT 20) t
            WHERE f.follower = ?
            ORDER BY t.id DESC LIMIT 20) n
      JOIN posts p ON p.author = n.author AND p.id = n.id
      JOIN users u ON u.id = n.author
      ORDER BY p.id DESC
      """;

  private static final int CHUNK = 1 << 20;

  private Schema() {}

  static void create(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL UNIQUE)");
      statement.execute(
          "CREATE TABLE follows (follower int, followed int, PRIMARY KEY (follower, followed))");
      statement.execute("CREATE INDEX ON follows (followed)");
      statement.execute(
          "CREATE TABLE posts (author int, id bigint, text text NOT NULL, PRIMARY KEY (author, id))");
    }
  }

  /**
   * Fills the tables; posts in rounds, one of each user.
   *
   * @return the last post's id
   */
  static long fill(Connection connection, Population users, int postsEach)
      throws SQLException, IOException {
    CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
    StringBuilder rows = new StringBuilder();
    for (int user = 0; user < users.size(); user++) {
      rows.append(user).append('\t').append(users.name(user)).append('\n');
    }
    flush(copy, "users", rows);
    for (int user = 0; user < users.size(); user++) {
      for (int followed : users.followedBy(user)) {
        rows.append(user).append('\t').append(followed).append('\n');
      }
    }
    flush(copy, "follows", rows);
    Texts texts = new Texts(200, 1);
    long id = 0;
    for (int round = 0; round < postsEach; round++) {
      for (int user = 0; user < users.size(); user++) {
        rows.append(user).append('\t').append(++id).append('\t').append(texts.next()).append('\n');
        if (rows.length() > CHUNK) {
          flush(copy, "posts", rows);
        }
      }
    }
    flush(copy, "posts", rows);
    try (Statement statement = connection.createStatement()) {
      // As autovacuum would do in a while: an index alone answers only for pages that it has seen.
      statement.execute("VACUUM ANALYZE");
      statement.execute("CHECKPOINT");
    }
    return id;
  }

  static List<Fallible.Stored> posts(Connection connection, int author) throws SQLException {
    List<Fallible.Stored> found = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT id, text FROM posts WHERE author = ? ORDER BY id")) {
      statement.setInt(1, author);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(new Fallible.Stored(rows.getLong(1), rows.getString(2)));
        }
      }
    }
    return found;
  }

  private static void flush(CopyManager copy, String table, StringBuilder rows)
      throws SQLException, IOException {
    copy.copyIn("COPY " + table + " FROM STDIN", new StringReader(rows.toString()));
    rows.setLength(0);
  }
}
