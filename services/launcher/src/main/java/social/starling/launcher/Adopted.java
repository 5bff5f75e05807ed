package social.starling.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * A process that an earlier launcher started. The system does not tell of its death, so it is
 * looked at every 10 ms.
 */
final class Adopted implements Running {

  private static final Duration LOOK = Duration.ofMillis(10);

  /** The same start is read as times that differ when the wall clock was set in between. */
  private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(5);

  private final ProcessHandle handle;
  private final Instant started;

  private Adopted(ProcessHandle handle, Instant started) {
    this.handle = handle;
    this.started = started;
  }

  /** The recorded process if it still runs: pid, start and command line must all be its own. */
  static Optional<Adopted> find(ProcessRecord record) {
    Stream<ProcessHandle> candidates =
        record.isStarting()
            ? ProcessHandle.allProcesses()
            : ProcessHandle.of(record.pid()).filter(handle -> sameStart(handle, record)).stream();
    return candidates
        .filter(handle -> isMarked(handle, record))
        .map(handle -> new Adopted(handle, handle.info().startInstant().orElse(record.started())))
        .filter(Adopted::isAlive)
        .findFirst();
  }

  /** Whether a process with this pid and start runs, whatever its command line says. */
  static boolean hasItsPid(ProcessRecord record) {
    return ProcessHandle.of(record.pid())
        .filter(handle -> sameStart(handle, record))
        .map(handle -> new Adopted(handle, record.started()))
        .filter(Adopted::isAlive)
        .isPresent();
  }

  private static boolean sameStart(ProcessHandle handle, ProcessRecord record) {
    return handle
        .info()
        .startInstant()
        .map(start -> Duration.between(start, record.started()).abs())
        .filter(difference -> difference.compareTo(CLOCK_TOLERANCE) <= 0)
        .isPresent();
  }

  private static boolean isMarked(ProcessHandle handle, ProcessRecord record) {
    String mark = CommandLines.mark(record.instance());
    ProcessHandle.Info info = handle.info();
    return Stream.concat(
            info.arguments().stream().flatMap(Arrays::stream),
            info.commandLine().stream().flatMap(line -> Arrays.stream(line.split("\\s+"))))
        .anyMatch(mark::equals);
  }

  @Override
  public long pid() {
    return handle.pid();
  }

  @Override
  public Instant started() {
    return started;
  }

  @Override
  public boolean isAlive() {
    return handle.isAlive() && !isUnreapedRemains();
  }

  /**
   * Whether all that is left of the process is an entry that its parent has not taken notice of. As
   * long as another of its threads is listed, that thread may still be finishing a system call.
   */
  private boolean isUnreapedRemains() {
    Path stat = Path.of("/proc/" + pid() + "/stat");
    try {
      String line = Files.readString(stat);
      char state = line.charAt(line.lastIndexOf(')') + 2);
      if (state != 'Z' && state != 'X') {
        return false;
      }
      try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid() + "/task"))) {
        return threads.count() <= 1;
      }
    } catch (IOException e) {
      // No such system of files, or the process went away under our eyes: isAlive will tell.
      return false;
    }
  }

  @Override
  public OptionalInt awaitDeath() throws InterruptedException {
    while (isAlive()) {
      Thread.sleep(LOOK);
    }
    return OptionalInt.empty();
  }

  @Override
  public void terminate() {
    handle.destroy();
  }

  @Override
  public void kill() {
    handle.destroyForcibly();
  }
}
