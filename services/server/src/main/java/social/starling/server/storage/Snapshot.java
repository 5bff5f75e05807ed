package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import social.starling.replication.Entry;

/**
 * A consistent full copy: a copy of the database as it was at one moment, without entries that were
 * not applied, and the post files up to the lengths that this copy knows. Post files only grow, so
 * they need not be copied. Any one thread.
 */
public final class Snapshot implements AutoCloseable {

  private final Path database;
  private final Disk disk;
  private final PostFiles posts;
  private final long appliedIndex;
  private final List<File> files;

  private Snapshot(Path database, Disk disk, PostFiles posts, long appliedIndex, List<File> files) {
    this.database = database;
    this.disk = disk;
    this.posts = posts;
    this.appliedIndex = appliedIndex;
    this.files = files;
  }

  /**
   * A file of the copy.
   *
   * @param path within the volume, with /
   * @param size in bytes
   */
  public record File(String path, long size) {}

  /** Receives a file's bytes. */
  @FunctionalInterface
  public interface Sink {

    /**
     * @param bytes the next part of the file; used again afterwards
     */
    void accept(ByteBuffer bytes) throws IOException;
  }

  static Snapshot take(Content content, String name) throws SQLException, IOException {
    Path copy = content.directory.resolve(name);
    try {
      try (Connection connection = Sql.openReadOnlyPlain(content.database)) {
        Sql.run(connection, "VACUUM INTO " + Sql.quoted(copy));
      }
      List<File> files = new ArrayList<>();
      files.add(new File(Content.DATABASE, 0));
      long applied;
      try (Connection connection = Sql.openCopy(copy)) {
        Meta meta = dropUnapplied(connection);
        applied = meta.applied;
        RecordMap map = RecordMap.load(connection);
        for (int user = 0; user < map.users(); user++) {
          if (map.length(user) > 0) {
            files.add(new File(PostFiles.relative(map.author(user)), map.length(user)));
          }
        }
      }
      files.set(0, new File(Content.DATABASE, Files.size(copy)));
      return new Snapshot(copy, content.disk, content.files, applied, List.copyOf(files));
    } catch (SQLException | IOException | RuntimeException e) {
      Files.deleteIfExists(copy);
      throw e;
    }
  }

  /** Whoever installs the copy holds nothing that is not committed. */
  private static Meta dropUnapplied(Connection connection) throws SQLException {
    Meta meta = Meta.load(connection);
    try (Tables tables = new Tables(connection)) {
      meta.journalBytes -= tables.truncate(meta.applied);
      meta.lastIndex = meta.applied;
      meta.lastId = meta.baseId;
      meta.lastTime = meta.baseTime;
      if (meta.lastIndex > meta.baseIndex) {
        Entry last = Journal.find(connection, meta.lastIndex);
        meta.lastId = last.id();
        meta.lastTime = last.timeMillis();
      }
      tables.meta(meta);
    }
    connection.commit();
    return meta;
  }

  /** The copy holds the effects of the entries up to here, and no others. */
  public long appliedIndex() {
    return appliedIndex;
  }

  /** The database first, then the post files. */
  public List<File> files() {
    return files;
  }

  /**
   * Reads a file of the copy, whole, in parts of at most {@code part} bytes.
   *
   * @throws IOException it cannot be read, or is shorter than it must be
   */
  public void read(File file, int part, Sink sink) throws IOException {
    Path path = file.path().equals(Content.DATABASE) ? database : posts.resolve(file.path());
    try (Disk.In in = disk.read(path)) {
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(part, Math.max(1, file.size())));
      long at = 0;
      while (at < file.size()) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), file.size() - at));
        if (in.read(buffer, at) < buffer.limit()) {
          throw new IOException("%s is shorter than %d bytes".formatted(path, file.size()));
        }
        at += buffer.position();
        sink.accept(buffer.flip());
      }
    }
  }

  @Override
  public void close() throws IOException {
    disk.delete(database);
  }
}
