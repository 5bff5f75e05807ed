package social.starling.bench.failover;

import com.google.gson.GsonBuilder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import social.starling.bench.Median;

/**
 * What a campaign showed. Times in milliseconds; a negative one means: never.
 *
 * @param violations sentences of the checker
 * @param failures calls that failed, by why
 * @param othersPercent share of the machine's processors that other programs took meanwhile
 */
record FailoverReport(
    String fault,
    List<Run> runs,
    Summary next,
    Summary nextDirect,
    Summary nextRouted,
    Summary slowest,
    int failedCalls,
    Map<String, Long> failures,
    long acknowledged,
    long retries,
    List<String> violations,
    double othersPercent) {

  /**
   * One fault.
   *
   * @param next to the next acknowledged write, by whichever way
   * @param gap the longest time without an acknowledgement until both members were in sync again
   * @param recovered until both members were in sync again
   */
  record Run(
      String master,
      double next,
      double nextDirect,
      double nextRouted,
      double gap,
      double slowest,
      int failedCalls,
      double recovered) {}

  /** Of one figure over all runs. */
  record Summary(double median, double max) {

    static Summary of(double[] values) {
      List<Double> all = Arrays.stream(values).boxed().toList();
      return new Summary(Median.of(all), Collections.max(all));
    }

    private String text() {
      return String.format(Locale.ROOT, "median %.0f, max %.0f", median, max);
    }
  }

  static FailoverReport of(
      String fault,
      List<Run> runs,
      Map<String, Long> failures,
      long acknowledged,
      long retries,
      List<String> violations,
      double othersPercent) {
    return new FailoverReport(
        fault,
        List.copyOf(runs),
        Summary.of(runs.stream().mapToDouble(Run::next).toArray()),
        Summary.of(runs.stream().mapToDouble(Run::nextDirect).toArray()),
        Summary.of(runs.stream().mapToDouble(Run::nextRouted).toArray()),
        Summary.of(runs.stream().mapToDouble(Run::slowest).toArray()),
        (int) failures.values().stream().mapToLong(Long::longValue).sum(),
        failures,
        acknowledged,
        retries,
        List.copyOf(violations),
        Math.round(othersPercent * 10) / 10.0);
  }

  /** Nothing lost, nothing twice, nothing failed, and each run saw a next write. */
  boolean isClean() {
    return violations.isEmpty()
        && failedCalls == 0
        && runs.stream().allMatch(run -> run.nextDirect() >= 0 && run.nextRouted() >= 0);
  }

  String json() {
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(this);
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append("%s of the master, %d runs, milliseconds\n".formatted(fault, runs.size()));
    text.append("next acknowledged write: %s\n".formatted(next.text()));
    text.append("  direct:                %s\n".formatted(nextDirect.text()));
    text.append("  through the router:    %s\n".formatted(nextRouted.text()));
    text.append("slowest call of a run:   %s\n".formatted(slowest.text()));
    text.append(
        "calls failed: %d; posts acknowledged: %d; retries: %d\n"
            .formatted(failedCalls, acknowledged, retries));
    failures.forEach((why, count) -> text.append("  failed: %d x %s\n".formatted(count, why)));
    text.append(
        String.format(
            Locale.ROOT, "other programs took %.1f %% of the processors\n", othersPercent));
    text.append(
        "read back: %d acknowledged posts, %s\n"
            .formatted(
                acknowledged, violations.isEmpty() ? "each there once and in order" : "WRONG:"));
    violations.forEach(violation -> text.append("  ").append(violation).append('\n'));
    return text.toString();
  }
}
