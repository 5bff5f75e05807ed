package social.starling.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;

/** What the processes of a system have taken. Stateless. */
public final class Usages {

  /** Ticks per second in /proc/PID/stat. */
  private static final double TICKS = 100;

  private Usages() {}

  /**
   * Processor time of a process and of all that it started, also of those that have ended since.
   *
   * @return seconds; 0 when there is no such process
   */
  public static double cpuSeconds(long pid) {
    return ProcessHandle.of(pid)
        .map(root -> own(pid) + root.descendants().mapToDouble(child -> own(child.pid())).sum())
        .orElse(0.0);
  }

  /**
   * Memory of a process and of all that it started: a page that several share is divided among
   * them, so that the sum counts it once.
   *
   * @return bytes; 0 when there is no such process
   */
  public static long memoryBytes(long pid) {
    return ProcessHandle.of(pid)
        .map(root -> pss(pid) + root.descendants().mapToLong(child -> pss(child.pid())).sum())
        .orElse(0L);
  }

  /** What the files of folders take on the disk, in bytes. */
  public static long diskBytes(List<Path> folders) {
    Sum sum = new Sum();
    for (Path folder : folders) {
      try {
        Files.walkFileTree(folder, sum);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return sum.bytes;
  }

  private static final class Sum extends SimpleFileVisitor<Path> {
    private long bytes;

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      bytes += attributes.size();
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof NoSuchFileException) {
        // It was removed since its folder was read.
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }
  }

  // utime, stime, and the two of children that have ended and were waited for.
  private static double own(long pid) {
    try {
      String text = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = text.substring(text.lastIndexOf(')') + 2).strip().split(" ");
      double ticks = 0;
      for (int i = 11; i <= 14; i++) {
        ticks += Double.parseDouble(fields[i]);
      }
      return ticks / TICKS;
    } catch (IOException e) {
      return 0;
    }
  }

  private static long pss(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps_rollup"))) {
        if (line.startsWith("Pss:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
      return 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
