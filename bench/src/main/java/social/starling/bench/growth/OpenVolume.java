package social.starling.bench.growth;

import com.google.gson.Gson;
import com.sun.management.OperatingSystemMXBean;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/**
 * Opens a volume in a JVM of its own, with the options of a server, as a server that starts does
 * before anything else.
 */
final class OpenVolume {

  private static final long LIMIT_SECONDS = 120;

  private static final List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:+UseCompactObjectHeaders",
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+ExitOnOutOfMemoryError",
          "-Xmn32m",
          "-XX:CompileThresholdScaling=2");

  private OpenVolume() {}

  /**
   * What it took.
   *
   * @param seconds to open it, apart from the start of the JVM
   * @param cpuSeconds processor time of the JVM, its start included
   * @param peakMib heap that was in use at most, garbage included
   * @param liveMib heap in use afterwards, after a collection
   */
  record Opened(double seconds, double cpuSeconds, double peakMib, double liveMib) {}

  /**
   * Runs it.
   *
   * @param heapMib that the JVM may use
   * @return empty when that was not enough
   */
  static Optional<Opened> run(Path volume, int heapMib) throws IOException, InterruptedException {
    Path out = Files.createTempFile("starling-open-", ".json");
    try {
      List<String> command = new java.util.ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(OPTIONS);
      command.addAll(
          List.of(
              "-Xmx" + heapMib + "m",
              "-cp",
              System.getProperty("java.class.path"),
              OpenVolume.class.getName(),
              volume.toString()));
      Process process =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectOutput(out.toFile())
              .start();
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      return process.exitValue() == 0
          ? Optional.of(new Gson().fromJson(Files.readString(out), Opened.class))
          : Optional.empty();
    } finally {
      Files.delete(out);
    }
  }

  public static void main(String[] args) throws IOException {
    Path directory = new File(args[0]).toPath();
    long began = System.nanoTime();
    try (Volume volume = Volume.open(directory, Disk.local())) {
      double seconds = (System.nanoTime() - began) / 1e9;
      double cpu =
          ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime()
              / 1e9;
      double peak = mebibytes(peak());
      double live = mebibytes(OwnTime.liveBytes());
      if (volume.failure().isPresent()) {
        throw new IOException(volume.failure().get());
      }
      System.out.println(new Gson().toJson(new Opened(seconds, cpu, peak, live)));
    }
  }

  private static long peak() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .map(MemoryPoolMXBean::getPeakUsage)
        .mapToLong(usage -> usage.getUsed())
        .sum();
  }

  private static double mebibytes(long bytes) {
    return bytes / 1024.0 / 1024.0;
  }
}
