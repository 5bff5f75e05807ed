package social.starling.bench.startup;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import social.starling.bench.installation.Installation;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.installation.RecordedProcess;
import social.starling.common.StartException;

/**
 * Waits, for each process that the launcher of a directory records, until it says that it is ready.
 * One thread looks for processes, one more each asks. Asking is cheap, but not free: it is done
 * every 10 ms. Thread-safe.
 */
final class ReadyWatch implements AutoCloseable {

  /**
   * A process that is ready.
   *
   * @param millis since the system started it, to 10 ms
   */
  record Ready(double millis, long residentBytes) {}

  private static final long LOOK_MILLIS = 10;

  private final Path dir;
  private final ProcessFiles files = new ProcessFiles();
  private final Set<Long> asked = ConcurrentHashMap.newKeySet();
  private final Map<String, Ready> ready = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private ReadyWatch(Path dir) {
    this.dir = dir;
  }

  static ReadyWatch start(Path dir) {
    ReadyWatch watch = new ReadyWatch(dir);
    Thread.ofVirtual().name("ready-watch").start(watch::look);
    return watch;
  }

  /** What was ready, after waiting for those that are not; by name. */
  Map<String, Ready> found(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (ready.size() < asked.size() && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
    return new TreeMap<>(ready);
  }

  private void look() {
    while (!closed) {
      if (Files.exists(dir.resolve("launcher.json"))) {
        try {
          Installation.read(dir).processes().stream()
              .filter(process -> process.pid() > 1 && asked.add(process.pid()))
              .forEach(process -> Thread.ofVirtual().start(() -> ask(process)));
        } catch (StartException e) {
          // Seen while it was being made: the next look finds it whole.
        }
      }
      pause();
    }
  }

  private void ask(RecordedProcess process) {
    while (!closed) {
      if (process.isReady()) {
        OptionalDouble age = files.ageSeconds(process.pid());
        age.ifPresent(seconds ->
            ready.put(
                process.name(),
                new Ready(seconds * 1000, files.residentBytes(process.pid()).orElse(0))));
        return;
      }
      pause();
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
