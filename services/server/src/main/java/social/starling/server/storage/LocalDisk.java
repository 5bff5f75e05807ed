package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.Optional;

/** The file system of this machine. */
final class LocalDisk implements Disk {

  static final LocalDisk INSTANCE = new LocalDisk();

  private LocalDisk() {}

  @Override
  public Out open(Path file) throws IOException {
    return new Channel(FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE));
  }

  @Override
  public In read(Path file) throws IOException {
    return new Channel(FileChannel.open(file, StandardOpenOption.READ));
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void delete(Path path) throws IOException {
    Files.deleteIfExists(path);
  }

  @Override
  public boolean syncAll(Path directory) throws IOException {
    if (All.SYNC.isEmpty()) {
      return false;
    }
    All.SYNC.get().run(directory);
    return true;
  }

  /** Looked up when it is first wanted, which is not at the start. */
  private static final class All {
    static final Optional<SyncFileSystem> SYNC = SyncFileSystem.find();
  }

  @Override
  public void commit(Commit commit) throws SQLException {
    commit.run();
  }

  @Override
  public long freeBytes(Path path) throws IOException {
    long free = path.toFile().getUsableSpace();
    // 0 also when it is not known, and then the slow way says why.
    return free > 0 ? free : Files.getFileStore(path).getUsableSpace();
  }

  private record Channel(FileChannel channel) implements Out, In {

    @Override
    public void write(ByteBuffer bytes, long offset) throws IOException {
      long at = offset;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    }

    @Override
    public int read(ByteBuffer bytes, long offset) throws IOException {
      int read = 0;
      while (bytes.hasRemaining()) {
        int more = channel.read(bytes, offset + read);
        if (more < 0) {
          break;
        }
        read += more;
      }
      return read;
    }

    @Override
    public void truncate(long length) throws IOException {
      channel.truncate(length);
    }

    @Override
    public long length() throws IOException {
      return channel.size();
    }

    @Override
    public void sync() throws IOException {
      channel.force(false);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
