package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import social.starling.server.state.State;

/**
 * Receives a full copy and puts it in the place of what a volume holds.
 *
 * <ol>
 *   <li>Files are written to {@code incoming/}. A crash until here leaves the old content in use;
 *       {@code incoming/} is removed when the volume is opened.
 *   <li>{@link #commit} checks the copy, gives its database a new volume id and the promise, fsyncs
 *       everything, and writes the new id to {@code incoming/volume-id}: the copy is complete.
 *   <li>The volume's own {@code volume-id} becomes the new one. This is the moment: the journal
 *       that the old id stood for is given up, and whoever counted on it can tell. A crash from
 *       here on is finished when the volume is opened, since {@code incoming/volume-id} equals
 *       {@code volume-id}.
 *   <li>{@code posts/} and {@code state.db} are removed and the received ones take their places.
 * </ol>
 *
 * <p>One thread receives; {@link #commit} belongs to the store thread.
 */
public final class Installation implements AutoCloseable {

  static final String DIRECTORY = "incoming";

  private static final Pattern POST_FILE =
      Pattern.compile("posts/[0-9a-f]{2}/[a-z0-9_]{1,30}\\.txt");

  private final Volume volume;
  private final Path directory;
  private final Disk disk;
  private final Set<Path> directories = new HashSet<>();
  private final List<Path> files = new ArrayList<>();
  private Disk.Out file;
  private String name;
  private long size;
  private long received;
  private boolean done;

  private Installation(Volume volume) {
    this.volume = volume;
    this.directory = volume.directory().resolve(DIRECTORY);
    this.disk = volume.disk();
  }

  static Installation begin(Volume volume) throws IOException {
    Installation installation = new Installation(volume);
    Directories.delete(installation.directory, installation.disk);
    installation.disk.createDirectory(installation.directory);
    installation.disk.createDirectory(installation.directory.resolve(Content.POSTS));
    return installation;
  }

  /** Finishes or removes what an earlier process began. */
  static void recover(Path volume, Disk disk) throws IOException {
    Path incoming = volume.resolve(DIRECTORY);
    if (!Files.exists(incoming)) {
      return;
    }
    Optional<String> complete = VolumeId.read(incoming);
    if (complete.isPresent() && complete.equals(VolumeId.read(volume))) {
      move(volume, disk);
    }
    Directories.delete(incoming, disk);
  }

  /**
   * Begins the next file.
   *
   * @param path within the volume, with /
   * @param bytes its size
   * @throws IOException it cannot be written, or is no file of a copy, or the one before is not
   *     whole
   */
  public void begin(String path, long bytes) throws IOException {
    end();
    if (!path.equals(Content.DATABASE) && !POST_FILE.matcher(path).matches()) {
      throw new IOException("a full copy holds no file " + path);
    }
    // What is received must not take the room that the volume itself needs to go on.
    if (disk.freeBytes(directory) - bytes < volume.options().reserveBytes()) {
      throw new IOException(
          "no space left on the volume for %d KiB of a full copy".formatted(bytes >> 10));
    }
    Path target = directory.resolve(path);
    if (directories.add(target.getParent())) {
      disk.createDirectory(target.getParent());
    }
    file = disk.open(target);
    files.add(target);
    name = path;
    size = bytes;
    received = 0;
  }

  /** Takes the next bytes of the file that was begun. */
  public void write(ByteBuffer bytes) throws IOException {
    if (file == null || received + bytes.remaining() > size) {
      throw new IOException(
          "the full copy holds more bytes than it said" + (file == null ? "" : " of " + name));
    }
    int length = bytes.remaining();
    file.write(bytes, received);
    received += length;
  }

  private void end() throws IOException {
    if (file == null) {
      return;
    }
    file.close();
    file = null;
    if (received != size) {
      throw new IOException(
          "the full copy is cut short: %d of %d bytes of %s".formatted(received, size, name));
    }
  }

  /**
   * Puts the copy in place, under a new volume id. Afterwards {@link Volume#id}, {@link
   * Volume#journalState} and {@link Volume#state} are those of the copy. Store thread.
   *
   * @param epoch promised from now on, if what this volume promised is not higher
   * @throws IOException the copy is not whole or not consistent: the old content stays in use
   * @throws StorageException the volume failed
   */
  public void commit(long epoch) throws IOException {
    end();
    String id = VolumeId.create();
    try {
      complete(id, Math.max(epoch, volume.content().meta.promised));
    } catch (SQLException | StorageException e) {
      throw new IOException("the full copy cannot be used: " + e.getMessage(), e);
    }
    volume.replace(content -> {
      VolumeId.write(volume.directory(), id, disk);
      done = true;
      content.close();
      move(volume.directory(), disk);
      Directories.delete(directory, disk);
      return null;
    });
  }

  /** Checks the copy, marks it as this volume's, and makes all of it durable. */
  private void complete(String id, long promised) throws SQLException, IOException {
    Path database = directory.resolve(Content.DATABASE);
    if (!Files.exists(database)) {
      throw new IOException("the full copy holds no " + Content.DATABASE);
    }
    try (Connection connection = Sql.openCopy(database)) {
      if (Schema.version(connection) != Schema.VERSION) {
        throw new IOException(
            "the full copy has format %d, and this member knows %d; update this one first"
                .formatted(Schema.version(connection), Schema.VERSION));
      }
      Meta meta = Meta.load(connection);
      new TableLoader(
              connection,
              meta,
              place -> {
                throw new IllegalStateException("nothing is read yet");
              },
              State.DEFAULT_CACHE_BYTES)
          .load();
      checkFiles(RecordMap.load(connection));
      Meta own = meta.withVolume(id);
      introduce(own);
      own.promised = promised;
      own.filesSynced = own.applied;
      try (PreparedStatement update = connection.prepareStatement(Meta.UPDATE)) {
        own.bind(update);
        update.executeUpdate();
      }
      disk.commit(connection::commit);
    }
    sync();
    VolumeId.write(directory, id, disk);
    disk.syncDirectory(volume.directory());
  }

  /** The copy is the other member's, and becomes this one's. */
  private void introduce(Meta copy) throws IOException {
    Meta here = volume.content().meta;
    if (here.cluster.isEmpty()) {
      copy.member = "";
      return;
    }
    if (!copy.cluster.isEmpty()
        && (!copy.cluster.equals(here.cluster) || copy.number != here.number)) {
      throw new IOException(
          "the full copy is of cluster %s (number %d), not of cluster %s (number %d)"
              .formatted(copy.cluster, copy.number, here.cluster, here.number));
    }
    copy.cluster = here.cluster;
    copy.number = here.number;
    copy.member = here.member;
  }

  private void sync() throws IOException {
    if (disk.syncAll(directory)) {
      return;
    }
    for (Path path : files) {
      try (Disk.Out whole = disk.open(path)) {
        whole.sync();
      }
    }
    for (Path parent : directories) {
      disk.syncDirectory(parent);
    }
    disk.syncDirectory(directory.resolve(Content.POSTS));
    disk.syncDirectory(directory);
  }

  private void checkFiles(RecordMap map) throws IOException {
    for (int user = 0; user < map.users(); user++) {
      if (map.length(user) > 0) {
        Path path = directory.resolve(PostFiles.relative(map.author(user)));
        if (!Files.exists(path) || Files.size(path) != map.length(user)) {
          throw new IOException(
              "the full copy's %s is not %d bytes long"
                  .formatted(PostFiles.relative(map.author(user)), map.length(user)));
        }
      }
    }
  }

  /** May be cut short anywhere and begun again: what was moved is no longer in incoming/. */
  private static void move(Path volume, Disk disk) throws IOException {
    Path incoming = volume.resolve(DIRECTORY);
    Path newPosts = incoming.resolve(Content.POSTS);
    if (Files.exists(newPosts)) {
      Directories.delete(volume.resolve(Content.POSTS), disk);
      disk.rename(newPosts, volume.resolve(Content.POSTS));
      disk.syncDirectory(volume);
    }
    Path newDatabase = incoming.resolve(Content.DATABASE);
    if (Files.exists(newDatabase)) {
      disk.delete(volume.resolve(Content.DATABASE + "-wal"));
      disk.delete(volume.resolve(Content.DATABASE + "-shm"));
      disk.delete(volume.resolve(Content.DATABASE));
      disk.syncDirectory(volume);
      disk.rename(newDatabase, volume.resolve(Content.DATABASE));
    }
    disk.syncDirectory(volume);
  }

  /** Removes what was received, unless it was put in place. */
  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
      file = null;
    }
    if (!done) {
      Directories.delete(directory, disk);
    }
  }
}
