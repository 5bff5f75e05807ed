package social.starling.launcher;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * {@code up --detach}: starts another launcher in a session of its own, shows what it says until
 * everything is ready, and leaves it to itself.
 */
final class Background {

  /** Name of the log of a launcher in the background. */
  static final String LOG = "launcher";

  private static final Duration LOOK = Duration.ofMillis(20);

  private final DataDirectory directory;
  private final Terminal terminal;

  Background(DataDirectory directory, Terminal terminal) {
    this.directory = directory;
    this.terminal = terminal;
  }

  int run(List<String> arguments) throws InterruptedException {
    Optional<DirectoryLock> lock = DirectoryLock.tryTake(directory.lockFile());
    lock.orElseThrow(() -> Up.locked(directory)).close();
    LogFile log = new LogFile(directory.log(LOG));
    log.rotate();
    long from = log.file().toFile().length();
    List<String> command = new ArrayList<>(Distribution.current().launcherCommand());
    command.addAll(arguments);
    try {
      Process launcher = new Spawner().start(command, Map.of(), log.file());
      boolean ready = false;
      while (!ready && launcher.isAlive()) {
        Thread.sleep(LOOK);
        ready = isReady(launcher.pid());
        from = show(log.file(), from);
      }
      if (!ready) {
        throw new StartException(
            launcher.waitFor(),
            log.lastLine().orElse("the launcher ended without a word; see " + log.file()));
      }
      show(log.file(), from);
      return ExitCode.DONE;
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot start the launcher in the background: " + e.getMessage(), e);
    }
  }

  private boolean isReady(long pid) {
    RunState state = StateFile.read(directory.stateFile());
    return state.ready() && state.launcher().filter(launcher -> launcher.pid() == pid).isPresent();
  }

  /** Shows the whole lines after a position and returns the position after them. */
  private long show(Path log, long from) throws IOException {
    try (RandomAccessFile reader = new RandomAccessFile(log.toFile(), "r")) {
      byte[] fresh = new byte[(int) Math.max(0, reader.length() - from)];
      reader.seek(from);
      reader.readFully(fresh);
      String text = new String(fresh, StandardCharsets.UTF_8);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      whole.lines().forEach(terminal::say);
      return from + whole.getBytes(StandardCharsets.UTF_8).length;
    }
  }
}
