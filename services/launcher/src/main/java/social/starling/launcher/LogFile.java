package social.starling.launcher;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The output of a process, appended by the system. Bounded: what is older goes to {@code .1}, and
 * what is older than that goes.
 */
record LogFile(Path file) {

  /** Bytes above which the file is put aside. */
  static final long BOUND = 8 << 20;

  private static final int TAIL_BYTES = 8 << 10;

  /** Puts the file aside when it is above the bound. For when no process writes to it. */
  void rotate() {
    try {
      if (Files.exists(file) && Files.size(file) > BOUND) {
        Files.move(file, older(), StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot rotate " + file, e);
    }
  }

  /**
   * Copies the file aside and empties it when it is above the bound, under the hands of a process
   * that appends to it: lines written between the two are lost, the process notices nothing.
   */
  void rotateInUse() {
    try {
      if (Files.exists(file) && Files.size(file) > BOUND) {
        Files.copy(file, older(), StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(0);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot rotate " + file, e);
    }
  }

  /** The last line that is not blank, for telling why a process ended. */
  Optional<String> lastLine() {
    try (RandomAccessFile reader = new RandomAccessFile(file.toFile(), "r")) {
      int length = (int) Math.min(TAIL_BYTES, reader.length());
      reader.seek(reader.length() - length);
      byte[] tail = new byte[length];
      reader.readFully(tail);
      return new String(tail, StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank())
          .reduce((first, second) -> second)
          .map(String::strip);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Path older() {
    return file.resolveSibling(file.getFileName() + ".1");
  }
}
