package social.starling.launcher;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * The right to run what is in a data directory, held for as long as the launcher lives. The system
 * takes it away when the process ends, however it ends. The file carries the holder's pid.
 */
final class DirectoryLock implements AutoCloseable {

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @return empty when another process (or another part of this one) holds it
   * @throws StartException when the file cannot be opened
   */
  static Optional<DirectoryLock> tryTake(Path file) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        return Optional.empty();
      }
      channel.truncate(0);
      channel.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"), 0);
      return Optional.of(new DirectoryLock(channel));
    } catch (OverlappingFileLockException e) {
      closeQuietly(channel);
      return Optional.empty();
    } catch (IOException e) {
      closeQuietly(channel);
      throw new StartException(
          ExitCode.FAILED, "cannot lock %s: %s".formatted(file, Reasons.of(e)));
    }
  }

  /** The pid that the last holder wrote; empty when there never was one. */
  static OptionalLong holder(Path file) {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  @Override
  public void close() {
    closeQuietly(channel);
  }

  private static void closeQuietly(FileChannel channel) {
    if (channel == null) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      // The lock goes with the descriptor, which is gone whatever close says.
      return;
    }
  }
}
