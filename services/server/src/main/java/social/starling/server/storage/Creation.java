package social.starling.server.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Makes a volume of an empty directory, and refuses one whose parts do not belong together.
 *
 * <p>The database comes first, with the id in it, then the file {@code volume-id}. So where there
 * is a {@code volume-id} there was a database: if it is gone, what this volume acknowledged is
 * gone, and it must not go on under the same id as if it had never held anything. A database
 * without {@code volume-id} is one whose creation was cut short, and holds nothing yet.
 */
final class Creation {

  private Creation() {}

  static void ensure(Path directory, Disk disk) throws SQLException, IOException {
    Path database = directory.resolve(Content.DATABASE);
    Optional<String> id = VolumeId.read(directory);
    if (id.isPresent() && !Files.exists(database)) {
      throw StartFailures.damaged(directory, "state.db is gone", null);
    }
    String created = create(directory, disk, id);
    copyLog(database);
    if (id.isEmpty()) {
      VolumeId.write(directory, created, disk);
      disk.syncDirectory(directory.toAbsolutePath().getParent());
    }
  }

  /** Creates the tables unless they are there; returns the id in them. */
  private static String create(Path directory, Disk disk, Optional<String> id)
      throws SQLException, IOException {
    try (Connection connection = Sql.openWriter(directory.resolve(Content.DATABASE))) {
      int version = Schema.version(connection);
      if (version > Schema.VERSION) {
        throw new StartException(
            ExitCode.REFUSED,
            "the volume %s has format %d, and this version knows up to %d; start a newer version"
                .formatted(directory, version, Schema.VERSION));
      }
      if (version == 0) {
        if (id.isPresent() || !empty(connection)) {
          throw StartFailures.damaged(directory, "state.db is not Starling's", null);
        }
        Schema.create(connection, new Meta(VolumeId.create()));
        disk.commit(connection::commit);
      }
      Meta meta = Meta.load(connection);
      connection.rollback();
      if (id.isEmpty() && meta.used() || id.isPresent() && !id.get().equals(meta.volume)) {
        throw StartFailures.damaged(
            directory, "state.db does not belong to the volume-id beside it", null);
      }
      return meta.volume;
    }
  }

  /**
   * Copies what an earlier process left in the log into the database, so that the log begins anew:
   * after a sync that failed it may have a hole on the disk that no later sync fills, while it can
   * still be read. Closing a connection does the same and says nothing when it fails. Not while
   * another process reads the volume, nor on a full disk.
   *
   * @throws SQLException the disk fails
   */
  private static void copyLog(Path database) throws SQLException {
    try (Connection connection = Sql.openPlain(database)) {
      Sql.copyLog(connection);
    } catch (SQLException e) {
      if (!Volume.full(e)) {
        throw e;
      }
    }
  }

  private static boolean empty(Connection connection) throws SQLException {
    return Sql.number(connection, "SELECT count(*) FROM sqlite_master") == 0;
  }
}
