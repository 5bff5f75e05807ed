package social.starling.server;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import social.starling.common.ExitCode;
import social.starling.common.Logging;
import social.starling.server.storage.Introduction;
import social.starling.server.storage.VolumeReport;

/**
 * {@code DescribeVolume DIR}: prints what is on a volume as one line of JSON, without touching it,
 * also while a server is at work on it. For {@code starling admin rebuild-coordinator}.
 */
public final class DescribeVolume {

  private DescribeVolume() {}

  /** Exits with 0 also when the volume cannot be used: the line says so. */
  public static void main(String[] args) {
    // Whatever a library has to say must not come between the lines.
    Logging.configure(Logging.Format.TEXT, Logging.Level.WARN, "describe-volume");
    System.exit(run(args, System.out));
  }

  static int run(String[] args, PrintStream out) {
    if (args.length != 1) {
      System.err.println("name one directory of a volume");
      return ExitCode.USAGE;
    }
    out.println(json(VolumeReport.of(Path.of(args[0]).toAbsolutePath().normalize())));
    return ExitCode.DONE;
  }

  static String json(VolumeReport report) {
    StringBuilder json = new StringBuilder("{");
    put(json, "directory", quoted(report.directory().toString()));
    put(json, "trouble", report.trouble().map(DescribeVolume::quoted).orElse("null"));
    put(
        json,
        "cluster",
        report
            .introduction()
            .map(Introduction::cluster)
            .map(DescribeVolume::quoted)
            .orElse("null"));
    put(
        json,
        "number",
        report.introduction().map(Introduction::number).map(String::valueOf).orElse("null"));
    put(
        json,
        "member",
        report.introduction().map(Introduction::member).map(DescribeVolume::quoted).orElse("null"));
    put(json, "volume", quoted(report.volume()));
    put(json, "used", String.valueOf(report.used()));
    put(json, "promised", String.valueOf(report.promised()));
    put(json, "lastIndex", String.valueOf(report.lastIndex()));
    put(json, "lastEpoch", String.valueOf(report.lastEpoch()));
    put(json, "appliedIndex", String.valueOf(report.appliedIndex()));
    put(json, "users", String.valueOf(report.users()));
    put(json, "slotsVersion", String.valueOf(report.slotsVersion()));
    put(json, "slots", array(bits(report.slots())));
    put(json, "usedSlots", array(bits(report.usedSlots())));
    put(json, "clusters", array(report.clusters()));
    return json.append('}').toString();
  }

  private static Collection<Integer> bits(BitSet set) {
    return set.stream().boxed().toList();
  }

  private static String array(Collection<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
  }

  private static void put(StringBuilder json, String key, String value) {
    json.append(json.length() > 1 ? "," : "").append('"').append(key).append("\":").append(value);
  }

  private static String quoted(String text) {
    return IntStream.range(0, text.length())
        .mapToObj(i -> escaped(text.charAt(i)))
        .collect(Collectors.joining("", "\"", "\""));
  }

  private static String escaped(char c) {
    return c == '"' || c == '\\'
        ? "\\" + c
        : c < ' ' || c == 0x7f ? "\\u%04x".formatted((int) c) : String.valueOf(c);
  }
}
