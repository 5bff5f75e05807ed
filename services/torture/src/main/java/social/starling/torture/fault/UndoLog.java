package social.starling.torture.fault;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * What a file was like before the writes that no sync has covered, as {@code fault.c} notes it in a
 * file of its own:
 *
 * <pre>
 * head    4096 bytes: magic, position up to which all is durable, path of the file
 * record  length that the file had (-1: there was none), offset, number n of bytes; then n bytes
 * </pre>
 *
 * <p>Numbers have 64 bits in the machine's order. The name of the log is the file's device and
 * inode in hexadecimal. A record that is not whole is of a write that was not begun.
 *
 * @param file what it is about
 * @param inode the file had it
 * @param changes in their order
 */
record UndoLog(Path file, long inode, List<Change> changes) {

  private static final long MAGIC = 0x31304f444e55L;
  private static final int HEAD = 4096;
  private static final int RECORD = 3 * Long.BYTES;

  /**
   * One write.
   *
   * @param length of the file before it; -1 when it created the file
   * @param offset where the bytes were
   * @param position where they are in the log
   * @param bytes how many
   */
  record Change(long length, long offset, long position, long bytes) {

    boolean isCreation() {
      return length < 0;
    }
  }

  /** Reads the log; one that was not even begun has no changes. */
  static UndoLog read(Path log) throws IOException {
    String name = log.getFileName().toString();
    long inode = Long.parseUnsignedLong(name.substring(name.indexOf('-') + 1), 16);
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
      ByteBuffer head = read(channel, 0, HEAD);
      if (head.remaining() < HEAD || head.getLong() != MAGIC) {
        return new UndoLog(Path.of("/"), inode, List.of());
      }
      long position = head.getLong();
      byte[] path = new byte[head.remaining()];
      head.get(path);
      int end = 0;
      while (path[end] != 0) {
        end++;
      }
      return new UndoLog(
          Path.of(new String(path, 0, end, StandardCharsets.UTF_8)),
          inode,
          changes(channel, position));
    }
  }

  private static List<Change> changes(FileChannel channel, long from) throws IOException {
    List<Change> changes = new ArrayList<>();
    long position = from;
    while (position + RECORD <= channel.size()) {
      ByteBuffer record = read(channel, position, RECORD);
      Change change =
          new Change(record.getLong(), record.getLong(), position + RECORD, record.getLong());
      position += RECORD + change.bytes();
      if (position <= channel.size()) {
        changes.add(change);
      }
    }
    return changes;
  }

  private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) > 0) {
      // Until all is there.
    }
    return buffer.flip();
  }

  /** Whether the file is the one that the log is about, and still there. */
  boolean isOfItsFile() throws IOException {
    return Files.exists(file) && (long) Files.getAttribute(file, "unix:ino") == inode;
  }

  /** Takes back all changes but the first ones. */
  void undo(Path log, int kept) throws IOException {
    List<Change> undone = changes.subList(kept, changes.size());
    if (undone.stream().anyMatch(Change::isCreation)) {
      Files.delete(file);
      return;
    }
    try (FileChannel saved = FileChannel.open(log, StandardOpenOption.READ);
        FileChannel target = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (Change change : undone.reversed()) {
        restore(change, saved, target);
      }
    }
  }

  private static void restore(Change change, FileChannel saved, FileChannel target)
      throws IOException {
    long done = 0;
    saved.position(change.position());
    while (done < change.bytes()) {
      done += target.transferFrom(saved, change.offset() + done, change.bytes() - done);
    }
    if (target.size() > change.length()) {
      target.truncate(change.length());
    } else if (target.size() < change.length()) {
      // What a hole had at its end: a single byte makes it as long as it was.
      target.write(ByteBuffer.allocate(1), change.length() - 1);
    }
  }
}
