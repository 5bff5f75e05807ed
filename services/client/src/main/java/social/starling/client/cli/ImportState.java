package social.starling.client.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * How far an import has come, in a file: lines are added only.
 *
 * <pre>
 * starling-import 1 SHA-256 of the input
 * AUTHOR SESSION          the writes of this author's posts carry this client id
 * AUTHOR NUMBER           so many of the author's posts were acknowledged
 * </pre>
 *
 * <p>The post after the last one noted may have been acknowledged too: it is sent again with the
 * same id, so it happens once. A line cut off by a crash is passed over. Thread-safe.
 */
final class ImportState implements AutoCloseable {

  private static final String HEADER = "starling-import 1 ";

  /**
   * One author's.
   *
   * @param session empty when the author has none yet
   */
  record Progress(String session, long acknowledged) {}

  private final FileChannel channel;
  private final Map<String, Progress> authors = new HashMap<>();

  private ImportState(FileChannel channel) {
    this.channel = channel;
  }

  /** One that is forgotten at the end. */
  static ImportState inMemory() {
    return new ImportState(null);
  }

  /**
   * Opens or creates a file, for this process alone.
   *
   * @param input digest of what is imported
   * @throws StartException when it is of another input, in use, or unusable
   */
  static ImportState open(Path file, String input) {
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      lock(channel, file);
      ImportState state = new ImportState(channel);
      state.load(file, input);
      return state;
    } catch (IOException e) {
      close(channel);
      throw new StartException(
          ExitCode.USAGE, "the state file " + file + " cannot be used: " + e.getMessage(), e);
    } catch (StartException e) {
      close(channel);
      throw e;
    }
  }

  synchronized Progress of(String author) {
    return authors.getOrDefault(author, new Progress("", 0));
  }

  /** Notes an author's session, before it is used. */
  synchronized void begun(String author, String session) {
    authors.put(author, new Progress(session, 0));
    append(author + " " + session + "\n");
  }

  /** Notes that so many posts of the author were acknowledged. */
  synchronized void acknowledged(String author, long count) {
    authors.put(author, new Progress(of(author).session(), count));
    append(author + " " + count + "\n");
  }

  @Override
  public void close() {
    close(channel);
  }

  private static void lock(FileChannel channel, Path file) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return;
      }
    } catch (OverlappingFileLockException e) {
      throw inUse(file);
    }
    throw inUse(file);
  }

  private static StartException inUse(Path file) {
    return new StartException(
        ExitCode.REFUSED, "the state file " + file + " is in use by another import");
  }

  private void load(Path file, String input) throws IOException {
    // By this channel: closing another one of the same file would give up the lock.
    byte[] bytes = new byte[Math.toIntExact(channel.size())];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      continue;
    }
    String content = new String(bytes, StandardCharsets.US_ASCII);
    // What follows the last line break is a line that was never finished.
    int end = content.lastIndexOf('\n') + 1;
    channel.truncate(end);
    channel.position(end);
    if (end == 0) {
      append(HEADER + input + "\n");
      return;
    }
    String[] lines = content.substring(0, end).split("\n");
    if (!lines[0].startsWith(HEADER)) {
      throw new IOException("it is no state file of an import");
    }
    if (!lines[0].equals(HEADER + input)) {
      throw new StartException(
          ExitCode.REFUSED,
          "the state file "
              + file
              + " belongs to another input; name another file, or give the"
              + " same input again");
    }
    for (int i = 1; i < lines.length; i++) {
      String[] words = lines[i].split(" ");
      if (words.length != 2) {
        throw new IOException("line " + (i + 1) + " is damaged");
      }
      // A session has a dash, a number has none.
      authors.put(
          words[0],
          words[1].indexOf('-') > 0
              ? new Progress(words[1], 0)
              : new Progress(of(words[0]).session(), number(words[1], i + 1)));
    }
  }

  private static long number(String word, int line) throws IOException {
    try {
      return Long.parseLong(word);
    } catch (NumberFormatException e) {
      throw new IOException("line " + line + " is damaged", e);
    }
  }

  private void append(String line) {
    if (channel == null) {
      return;
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void close(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
