package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/**
 * What a member holds, in a form that can be compared with the other's: equal on both at the same
 * applied index.
 *
 * @param appliedIndex at which all was read
 * @param tables SHA-256 of users, follows and what is kept of other clusters, slots, post index,
 *     deletions, clients, recorded answers and the horizon, in the order of their keys; hexadecimal
 * @param files SHA-256 of paths, sizes and digests of all post files, in the order of their paths
 * @param list every post file, if asked for
 * @param damage records and files that are not what the database says, in sentences
 */
public record Digest(
    long appliedIndex, String tables, String files, List<FileDigest> list, List<String> damage) {

  /** Sentences beyond so many say nothing new. */
  private static final int MAX_DAMAGE = 100;

  private static final List<String> TABLES =
      List.of(
          "SELECT applied, horizon FROM meta",
          "SELECT no, name, home, idx FROM users ORDER BY no",
          "SELECT follower, author, since, position FROM follows ORDER BY follower, author",
          "SELECT follower, author, idx FROM unfollows ORDER BY follower, author",
          "SELECT author, cluster, since, position FROM wants ORDER BY author, cluster",
          "SELECT cluster, idx, within FROM peers ORDER BY cluster",
          "SELECT version, bits FROM slots",
          "SELECT no, author, id, idx, offset, length, crc FROM posts ORDER BY no",
          "SELECT post, idx, offset FROM deletions ORDER BY post",
          "SELECT no, client, floor, last_time, last_idx FROM clients ORDER BY no",
          "SELECT client, sequence, hash, answer FROM answers ORDER BY client, sequence");

  /**
   * @param path within the volume, with /
   * @param size in bytes, up to the last record that the database knows
   * @param sha256 hexadecimal
   */
  public record FileDigest(String path, long size, String sha256) {}

  static Digest of(Connection connection, PostFiles posts, boolean list)
      throws SQLException, IOException {
    Meta meta = Meta.load(connection);
    String tables = tables(connection);
    RecordMap map = RecordMap.load(connection);
    connection.rollback();
    List<String> damage = new ArrayList<>();
    TreeMap<String, FileDigest> files = new TreeMap<>();
    for (int user = 0; user < map.users(); user++) {
      if (map.length(user) > 0) {
        FileDigest file = file(map, user, posts, damage);
        files.put(file.path(), file);
      }
    }
    MessageDigest all = sha256();
    files.values().forEach(file -> all.update(utf8(file.toString())));
    return new Digest(
        meta.applied,
        tables,
        hex(all),
        list ? List.copyOf(files.values()) : List.of(),
        List.copyOf(damage));
  }

  private static String tables(Connection connection) throws SQLException {
    MessageDigest digest = sha256();
    for (String select : TABLES) {
      digest.update(utf8(select));
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(select)) {
        int columns = row.getMetaData().getColumnCount();
        while (row.next()) {
          for (int i = 1; i <= columns; i++) {
            byte[] value = row.getBytes(i);
            digest.update(ByteBuffer.allocate(4).putInt(value == null ? -1 : value.length).flip());
            digest.update(value == null ? new byte[0] : value);
          }
        }
      }
    }
    return hex(digest);
  }

  private static FileDigest file(RecordMap map, int user, PostFiles posts, List<String> damage)
      throws IOException {
    MessageDigest digest = sha256();
    String path = PostFiles.relative(map.author(user));
    long length = map.length(user);
    long end = 0;
    try (Disk.In file = posts.openToRead(map.author(user))) {
      if (file.length() < length) {
        tell(damage, "%s has %d bytes instead of %d".formatted(path, file.length(), length));
      }
      for (int i = 0; i < map.size(user); i++) {
        RecordMap.Place place = map.place(user, i);
        byte[] record = new byte[place.length()];
        int read = file.read(ByteBuffer.wrap(record), place.offset());
        digest.update(record, 0, read);
        if (place.offset() != end || read < place.length() || !place.matches(record)) {
          tell(
              damage,
              "%s %d at byte %d of %s is not what was written"
                  .formatted(
                      place.deletion() ? "the deletion of post" : "post",
                      place.id(),
                      place.offset(),
                      path));
        }
        end = place.end();
      }
    } catch (NoSuchFileException e) {
      tell(damage, "%s is gone; it had %d bytes".formatted(path, length));
    }
    return new FileDigest(path, length, hex(digest));
  }

  private static void tell(List<String> damage, String sentence) {
    if (damage.size() < MAX_DAMAGE) {
      damage.add(sentence);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
