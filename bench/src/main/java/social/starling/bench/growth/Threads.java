package social.starling.bench.growth;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Processor time of the threads of a process, in seconds, by their names as Linux has them (15
 * characters, without the number at the end). Stateless.
 */
final class Threads {

  private static final double TICKS = 100;
  private static final int UTIME = 14;

  private Threads() {}

  static Map<String, Double> seconds(long pid) throws IOException {
    Map<String, Double> found = new TreeMap<>();
    try (DirectoryStream<Path> tasks =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path task : tasks) {
        String text;
        try {
          text = Files.readString(task.resolve("stat"));
        } catch (IOException e) {
          continue; // It ended meanwhile.
        }
        int end = text.lastIndexOf(')');
        String name = text.substring(text.indexOf('(') + 1, end).replaceAll("[-#0-9 ]+$", "");
        List<String> fields = List.of(text.substring(end + 2).strip().split(" "));
        double ticks =
            Double.parseDouble(fields.get(UTIME - 3)) + Double.parseDouble(fields.get(UTIME - 2));
        found.merge(name, ticks / TICKS, Double::sum);
      }
    }
    return found;
  }
}
