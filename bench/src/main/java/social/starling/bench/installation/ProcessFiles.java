package social.starling.bench.installation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What Linux tells of processes under {@code /proc}. Stateless. */
public final class ProcessFiles {

  /** Ticks per second in /proc/PID/stat: fixed at 100 for programs on every architecture. */
  private static final double TICKS = 100;

  private static final int UTIME = 14;
  private static final int START = 22;

  private final Path root;

  public ProcessFiles() {
    this(Path.of("/proc"));
  }

  ProcessFiles(Path root) {
    this.root = root;
  }

  /** Whether a pid is the very process that was recorded: its command line is the same. */
  public boolean isRunning(RecordedProcess process) {
    if (process.pid() <= 1) {
      return false;
    }
    try {
      String line = Files.readString(file(process.pid(), "cmdline"), StandardCharsets.UTF_8);
      return List.of(line.split("\0")).equals(process.command())
          && process.command().stream().anyMatch(word -> word.contains(process.instance()));
    } catch (IOException e) {
      return false;
    }
  }

  /** Resident memory in bytes; empty when there is no such process. */
  public OptionalLong residentBytes(long pid) {
    return statusBytes(pid, "VmRSS:");
  }

  /** What of it is pages of files: libraries, and the cache of compiled classes. */
  public OptionalLong residentFileBytes(long pid) {
    return statusBytes(pid, "RssFile:");
  }

  /** The most that was ever resident, in bytes; empty when there is no such process. */
  public OptionalLong peakResidentBytes(long pid) {
    return statusBytes(pid, "VmHWM:");
  }

  /** Processor time so far, in seconds; empty when there is no such process. */
  public OptionalDouble cpuSeconds(long pid) {
    try {
      List<String> fields = statFields(pid);
      double ticks =
          Double.parseDouble(fields.get(UTIME - 3)) + Double.parseDouble(fields.get(UTIME - 2));
      return OptionalDouble.of(ticks / TICKS);
    } catch (IOException e) {
      return OptionalDouble.empty();
    }
  }

  /** Processor time that everything on this machine has taken since it began, in seconds. */
  public OptionalDouble machineCpuSeconds() {
    try (Stream<String> lines = Files.lines(root.resolve("stat"))) {
      // cpu user nice system idle iowait irq softirq steal …: all but idle and iowait is work.
      String[] fields = lines.findFirst().orElseThrow().strip().split(" +");
      double ticks = 0;
      for (int i : new int[] {1, 2, 3, 6, 7}) {
        ticks += Double.parseDouble(fields[i]);
      }
      return OptionalDouble.of(ticks / TICKS);
    } catch (IOException e) {
      return OptionalDouble.empty();
    }
  }

  /** How long ago a process began, in seconds, to a hundredth; empty when there is none. */
  public OptionalDouble ageSeconds(long pid) {
    try {
      double began = Double.parseDouble(statFields(pid).get(START - 3)) / TICKS;
      String uptime = Files.readString(root.resolve("uptime"));
      return OptionalDouble.of(Double.parseDouble(uptime.split(" ")[0]) - began);
    } catch (IOException e) {
      return OptionalDouble.empty();
    }
  }

  private OptionalLong statusBytes(long pid, String key) {
    try {
      for (String line : Files.readAllLines(file(pid, "status"))) {
        if (line.startsWith(key)) {
          return OptionalLong.of(Long.parseLong(line.replaceAll("\\D", "")) * 1024);
        }
      }
      return OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  // The second field is the program's name and may hold spaces: everything up to ')' is skipped.
  private List<String> statFields(long pid) throws IOException {
    String text = Files.readString(file(pid, "stat"));
    return List.of(text.substring(text.lastIndexOf(')') + 2).strip().split(" "));
  }

  private Path file(long pid, String name) {
    return root.resolve(Long.toString(pid)).resolve(name);
  }
}
