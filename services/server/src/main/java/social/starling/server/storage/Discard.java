package social.starling.server.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Gives up what a volume holds, so that it takes a full copy from the other member.
 *
 * <ol>
 *   <li>{@link #mark}: a file {@code discard}, durable. Whoever writes it has seen that nobody
 *       counts on this volume.
 *   <li>The next opening writes a new id to {@code volume-id}, durably: from here on nobody takes
 *       this volume for the old one.
 *   <li>Copies, {@code posts/} and {@code state.db} are removed, and an empty {@code state.db} with
 *       the new id is created.
 *   <li>The mark is removed. A crash before that begins again at the second step.
 * </ol>
 */
final class Discard {

  static final String MARK = "discard";

  private Discard() {}

  static void mark(Path directory, Disk disk) throws IOException {
    try (Disk.Out file = disk.open(directory.resolve(MARK))) {
      file.sync();
    }
    disk.syncDirectory(directory);
  }

  /** Does what a mark asks for; nothing when there is none. */
  static void finish(Path directory, Disk disk) throws IOException, SQLException {
    if (!Files.exists(directory.resolve(MARK))) {
      return;
    }
    String id = VolumeId.create();
    VolumeId.write(directory, id, disk);
    Directories.delete(directory.resolve(Installation.DIRECTORY), disk);
    Directories.deleteSnapshots(directory, disk);
    Directories.delete(directory.resolve(Content.POSTS), disk);
    for (String suffix : new String[] {"-wal", "-shm", ""}) {
      disk.delete(directory.resolve(Content.DATABASE + suffix));
    }
    disk.syncDirectory(directory);
    try (Connection connection = Sql.openWriter(directory.resolve(Content.DATABASE))) {
      Schema.create(connection, new Meta(id));
      disk.commit(connection::commit);
    }
    disk.syncDirectory(directory);
    disk.delete(directory.resolve(MARK));
    disk.syncDirectory(directory);
  }
}
