package social.starling.coordinator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * The directory of the local run: a lock, so that one process at a time uses it, and the state.
 *
 * <p>The state is made only when this is asked for. A coordinator that finds none refuses to start
 * otherwise: beginning at epoch 1 over clusters that exist would lose what they acknowledged.
 */
final class StateDirectory implements AutoCloseable {

  private static final String STATE = "coordinator.db";

  private final FileChannel channel;
  private final Store store;

  private StateDirectory(FileChannel channel, Store store) {
    this.channel = channel;
    this.store = store;
  }

  /**
   * Locks the directory and opens the state in it.
   *
   * @param initialise make directory and state if there is no state
   * @throws StartException with a sentence when that cannot be
   */
  static StateDirectory open(Path directory, boolean initialise) {
    Path state = directory.resolve(STATE);
    if (!initialise && !Files.exists(state)) {
      throw new StartException(
          ExitCode.REFUSED,
          ("%s does not exist: a coordinator without its state would begin anew over clusters that"
                  + " exist. Restore it, or run `starling admin rebuild-coordinator`; --init makes a"
                  + " new one for an installation that holds nothing yet")
              .formatted(state));
    }
    FileChannel channel = lock(directory);
    try {
      if (!Files.exists(state)) {
        SqliteStore.create(state);
      }
      return new StateDirectory(channel, SqliteStore.open(state));
    } catch (StoreException e) {
      close(channel);
      throw new StartException(
          e.kind() == StoreException.Kind.FOREIGN ? ExitCode.REFUSED : ExitCode.STORAGE,
          e.getMessage(),
          e);
    }
  }

  Store store() {
    return store;
  }

  @Override
  public void close() {
    store.close();
    close(channel);
  }

  private static FileChannel lock(Path directory) {
    FileChannel channel = null;
    try {
      Files.createDirectories(directory);
      channel =
          FileChannel.open(
              directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        close(channel);
        throw inUse(directory);
      }
      return channel;
    } catch (OverlappingFileLockException e) {
      close(channel);
      throw inUse(directory);
    } catch (IOException e) {
      close(channel);
      throw new StartException(
          ExitCode.STORAGE,
          "%s cannot be used: %s (%s); name another with --dir"
              .formatted(directory, e.getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }

  private static StartException inUse(Path directory) {
    return new StartException(
        ExitCode.REFUSED,
        "%s is in use by another coordinator; end that one, or name another with --dir"
            .formatted(directory));
  }

  private static void close(FileChannel channel) {
    if (channel == null) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the lock cannot be given back", e);
    }
  }
}
