package social.starling.bench.growth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What the figures were taken on, in sentences. */
final class Machine {

  private static final double GIB = 1024 * 1024 * 1024;

  private Machine() {}

  static List<String> describe() throws IOException {
    Runtime runtime = Runtime.getRuntime();
    return List.of(
        "%d processors, %s".formatted(runtime.availableProcessors(), processor()),
        String.format(Locale.ROOT, "%.0f GiB of memory", memory() / GIB),
        "%s %s, Java %s"
            .formatted(
                System.getProperty("os.name"), System.getProperty("os.version"), Runtime.version()),
        "load average when it began: " + load());
  }

  private static String processor() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("of unknown make");
    }
  }

  private static double memory() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .filter(line -> line.startsWith("MemTotal:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    }
  }

  private static String load() throws IOException {
    return String.join(
        " ", List.of(Files.readString(Path.of("/proc/loadavg")).split(" ")).subList(0, 3));
  }
}
