package social.starling.bench.load;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What a run showed. Latencies in milliseconds.
 *
 * @param seconds measured
 * @param loop closed or open, and how much
 * @param cpuSeconds processor time of the generator, and of each process that was watched
 */
public record Report(
    String loop,
    String route,
    double seconds,
    List<Line> kinds,
    Map<String, Double> cpuSeconds,
    Map<String, String> epochs) {

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  /**
   * One kind of operation.
   *
   * @param perSecond answers that arrived in the measured time, per second
   * @param itemsPerAnswer posts in a timeline, on average: an empty one proves little
   */
  public record Line(
      String kind,
      long answered,
      double perSecond,
      double p50,
      double p90,
      double p99,
      double p999,
      double max,
      double itemsPerAnswer,
      long retries,
      Map<String, Long> failures) {}

  public static List<Line> lines(Recorder recorder, double seconds) {
    List<Line> lines = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      Recorder.Tally tally = recorder.tally(kind);
      Histogram latency = tally.latency;
      long answered = latency.getTotalCount();
      if (answered == 0 && tally.failures.isEmpty()) {
        continue;
      }
      lines.add(
          new Line(
              kind.word(),
              answered,
              rounded(tally.answeredInWindow / seconds, 10),
              millis(latency, 50),
              millis(latency, 90),
              millis(latency, 99),
              millis(latency, 99.9),
              millis(latency, 100),
              answered == 0 ? 0 : rounded(tally.items / (double) answered, 100),
              tally.retries,
              tally.failures));
    }
    return lines;
  }

  String json() {
    return GSON.toJson(this);
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append("%s, %s, %.0f s\n".formatted(loop, route, seconds));
    text.append(
        "%-9s %9s %10s %8s %8s %8s %8s %8s  %s\n"
            .formatted(
                "", "answered", "per s", "p50", "p90", "p99", "p99.9", "max", "(milliseconds)"));
    for (Line line : kinds) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-9s %9d %10.1f %8.3f %8.3f %8.3f %8.3f %8.3f  %s posts each, %d retries\n",
              line.kind(),
              line.answered(),
              line.perSecond(),
              line.p50(),
              line.p90(),
              line.p99(),
              line.p999(),
              line.max(),
              line.itemsPerAnswer(),
              line.retries()));
    }
    for (Line line : kinds) {
      line.failures()
          .forEach((reason, count) ->
              text.append("failed: %d x %s: %s\n".formatted(count, line.kind(), reason)));
    }
    if (kinds.stream().allMatch(line -> line.failures().isEmpty())) {
      text.append("failed: none\n");
    }
    text.append("processor seconds:");
    cpuSeconds.forEach(
        (name, value) -> text.append(String.format(Locale.ROOT, " %s %.2f", name, value)));
    text.append('\n');
    epochs.forEach((cluster, epoch) -> text.append("epoch of %s: %s\n".formatted(cluster, epoch)));
    return text.toString();
  }

  private static double millis(Histogram latency, double percentile) {
    return rounded(latency.getValueAtPercentile(percentile) / 1e6, 1000);
  }

  private static double rounded(double value, double scale) {
    return Math.round(value * scale) / scale;
  }
}
