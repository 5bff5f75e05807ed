package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Space that a volume keeps for the moment when the disk is full: a file {@code reserve}, which is
 * given up for what must still be written (a promise, what is under way, the opening), and made
 * again when there is plenty. Whoever fills the disk may be another program, so that what is free
 * is no reserve. Thread-safe.
 */
final class Reserve {

  static final String FILE = "reserve";

  private static final int PART = 256 << 10;

  /** It is made again only when so many times its size is free. */
  private static final int PLENTY = 16;

  private final Path file;
  private final Disk disk;
  private final long bytes;

  Reserve(Path directory, Disk disk, long bytes) {
    this.file = directory.resolve(FILE);
    this.disk = disk;
    this.bytes = bytes;
  }

  /** Gives it up. Whether there was any. */
  synchronized boolean release() throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    disk.delete(file);
    return true;
  }

  /** Gives it up if the volume could not be opened otherwise. */
  void releaseIfNeeded() throws IOException {
    if (disk.freeBytes(file.getParent()) < bytes) {
      release();
    }
  }

  /** Makes it if it is not there and there is plenty of space. */
  synchronized void restore() throws IOException {
    if (Files.exists(file) || disk.freeBytes(file.getParent()) / PLENTY < bytes) {
      return;
    }
    // A file system that compresses would give no room for zeros.
    byte[] part = new byte[(int) Math.min(PART, bytes)];
    new Random(bytes).nextBytes(part);
    try (Disk.Out out = disk.open(file)) {
      for (long at = 0; at < bytes; at += part.length) {
        out.write(ByteBuffer.wrap(part), at);
      }
      out.sync();
    } catch (IOException e) {
      disk.delete(file);
      throw e;
    }
  }
}
