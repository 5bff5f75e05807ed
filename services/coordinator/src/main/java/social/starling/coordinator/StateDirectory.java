package social.starling.coordinator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
  private static final Duration LOOK = Duration.ofMillis(5);

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

  /**
   * Puts a state in the place of the one that the directory has, if it has any. That one is moved
   * into a directory beside it, and kept.
   *
   * @param patience how long a coordinator that still uses the directory is waited for
   * @return where the old state is kept, if there was one
   * @throws StartException with a sentence when that cannot be
   */
  static Optional<Path> replace(Path directory, List<Document> documents, Duration patience)
      throws InterruptedException {
    try (FileChannel channel = await(directory, patience)) {
      Path state = directory.resolve(STATE);
      Optional<Path> kept = moveAside(directory);
      // Until this there is no state, and a coordinator refuses to start: this is done again then.
      SqliteStore.create(state, documents);
      SqliteStore.open(state).close();
      return kept;
    } catch (IOException e) {
      throw new StartException(
          ExitCode.STORAGE,
          "the old state in %s cannot be moved aside: %s".formatted(directory, e),
          e);
    } catch (StoreException e) {
      throw new StartException(ExitCode.STORAGE, e.getMessage(), e);
    }
  }

  private static FileChannel await(Path directory, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return lock(directory);
      } catch (StartException e) {
        if (e.exitCode() != ExitCode.REFUSED || System.nanoTime() - deadline > 0) {
          throw e;
        }
        Thread.sleep(LOOK);
      }
    }
  }

  private static Optional<Path> moveAside(Path directory) throws IOException {
    // The database first: alone it would be an older one than with its log.
    List<Path> files =
        Stream.of("", "-wal", "-shm")
            .map(suffix -> directory.resolve(STATE + suffix))
            .filter(Files::exists)
            .toList();
    if (files.isEmpty()) {
      return Optional.empty();
    }
    Path kept =
        IntStream.iterate(1, number -> number + 1)
            .mapToObj(number -> directory.resolve("replaced-" + number))
            .filter(free -> !Files.exists(free))
            .findFirst()
            .orElseThrow();
    Files.createDirectory(kept);
    for (Path file : files) {
      Files.move(file, kept.resolve(file.getFileName()));
    }
    return Optional.of(kept);
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
