package social.starling.torture.fault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The loss of power: a process is killed, and what it has written and not synced is gone, or some
 * of it. That is what makes a forgotten sync visible, which the death of a process alone does not:
 * the system writes what was left to it.
 *
 * <ol>
 *   <li>New processes of the parts wait at their very beginning.
 *   <li>The old ones are killed, all before the next step.
 *   <li>In each file writes are undone, backwards, either all that no sync has covered, or those
 *       after a random one: a disk may have written some.
 *   <li>Memory that SQLite's connections shared ({@code *-shm}) is deleted.
 *   <li>New processes go on.
 * </ol>
 *
 * <p>What was renamed or deleted stays so. Confined to one thread.
 */
public final class PowerCut {

  private static final Duration LOOK = Duration.ofMillis(2);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Shim shim;

  /**
   * How much was undone.
   *
   * @param files in how many files
   * @param writes how many writes
   * @param bytes that were written over or cut off
   */
  public record Undone(int files, int writes, long bytes) {

    static final Undone NOTHING = new Undone(0, 0, 0);

    Undone plus(Undone other) {
      return new Undone(files + other.files, writes + other.writes, bytes + other.bytes);
    }
  }

  public PowerCut(Shim shim) {
    this.shim = shim;
  }

  /**
   * Cuts the power of some parts at once. Somebody else starts them again; they wait until this
   * returns.
   *
   * @param processes the process of each part
   * @param everything undo all that was not synced; otherwise a random part of it
   * @throws IOException when a file cannot be undone: then the volume is worthless
   * @throws TimeoutException when a process does not die within 30 s
   */
  public Undone strike(Map<String, Long> processes, RandomGenerator random, boolean everything)
      throws IOException, InterruptedException, TimeoutException {
    List<String> parts = processes.keySet().stream().sorted().toList();
    parts.forEach(part -> shim.controlFile(part).hold(true));
    try {
      for (long pid : processes.values()) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
      for (long pid : processes.values()) {
        awaitDeath(pid);
      }
      Undone undone = Undone.NOTHING;
      for (String part : parts) {
        undone = undone.plus(rollBack(part, random, everything));
      }
      return undone;
    } finally {
      parts.forEach(part -> shim.controlFile(part).hold(false));
    }
  }

  /**
   * Undoes what the processes of a part have written and not synced. None of them may run.
   *
   * @throws IOException when a file cannot be undone, or is not the one that was written
   */
  public Undone rollBack(String part, RandomGenerator random, boolean everything)
      throws IOException {
    long lost = shim.control(part).lost();
    if (lost > 0) {
      throw new IOException("%d writes of %s were not noted".formatted(lost, part));
    }
    Map<Path, UndoLog> logs = new HashMap<>();
    for (Path log : list(shim.undo(part))) {
      logs.put(log, UndoLog.read(log));
    }
    // By the names of the files, for those of the logs differ from run to run of the same seed.
    List<Path> ordered =
        logs.keySet().stream().sorted(Comparator.comparing(log -> logs.get(log).file())).toList();
    Undone undone = Undone.NOTHING;
    for (Path log : ordered) {
      undone = undone.plus(rollBack(log, logs.get(log), random, everything));
      Files.delete(log);
    }
    for (Path file : list(shim.volume(part))) {
      if (file.toString().endsWith("-shm")) {
        Files.delete(file);
      }
    }
    return undone;
  }

  /**
   * For a part whose volume was deleted, or put in place from elsewhere: nothing is to be undone.
   */
  public void forget(String part) throws IOException {
    for (Path log : list(shim.undo(part))) {
      Files.delete(log);
    }
  }

  private static Undone rollBack(Path file, UndoLog log, RandomGenerator random, boolean everything)
      throws IOException {
    int all = log.changes().size();
    int kept = everything ? 0 : random.nextInt(all + 1);
    if (all == kept) {
      return Undone.NOTHING;
    }
    if (!log.isOfItsFile()) {
      throw new IOException(
          "%s has changed hands: its unsynced writes cannot be undone".formatted(log.file()));
    }
    long before = Files.size(log.file());
    log.undo(file, kept);
    long after = Files.exists(log.file()) ? Files.size(log.file()) : 0;
    long overwritten =
        log.changes().subList(kept, all).stream().mapToLong(UndoLog.Change::bytes).sum();
    return new Undone(1, all - kept, overwritten + Math.max(0, before - after));
  }

  private static List<Path> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(directory)) {

      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** Until no thread of it can finish a system call any more. */
  private static void awaitDeath(long pid) throws InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!isDead(pid)) {
      if (System.nanoTime() - deadline > 0) {
        throw new TimeoutException(
            "process %d was killed and is not dead after %s".formatted(pid, PATIENCE));
      }
      Thread.sleep(LOOK);
    }
  }

  private static boolean isDead(long pid) {
    Path process = Path.of("/proc/" + pid);
    try {
      String stat = Files.readString(process.resolve("stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      if (state != 'Z' && state != 'X') {
        return false;
      }
      try (Stream<Path> threads = Files.list(process.resolve("task"))) {
        return threads.count() <= 1;
      }
    } catch (IOException e) {
      // It is gone altogether.
      return true;
    }
  }
}
