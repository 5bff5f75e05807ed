package social.starling.bench.failover;

import java.util.List;

/**
 * What faults did to a system, for a comparison. Times in milliseconds; a negative one means:
 * never.
 *
 * @param system by which way, when there are several
 * @param fault kill or stop
 * @param next to the next acknowledged write, of each run
 * @param failedCalls calls that were not acknowledged within the deadline
 * @param acknowledged posts of all runs
 * @param lost of them were not there at the end
 * @param wrong sentences for all else that was wrong at the end
 */
public record Outcome(
    String system,
    String fault,
    List<Double> next,
    double median,
    double max,
    int failedCalls,
    long acknowledged,
    long lost,
    List<String> wrong) {

  static Outcome of(
      String system,
      String fault,
      List<Double> next,
      int failedCalls,
      long acknowledged,
      long lost,
      List<String> wrong) {
    FailoverReport.Summary summary =
        FailoverReport.Summary.of(next.stream().mapToDouble(Double::doubleValue).toArray());
    return new Outcome(
        system,
        fault,
        List.copyOf(next),
        summary.median(),
        summary.max(),
        failedCalls,
        acknowledged,
        lost,
        List.copyOf(wrong));
  }

  /**
   * Both ways of a campaign with Starling; what was lost and failed is counted for both together.
   */
  static List<Outcome> of(FailoverReport report, String direct, String routed) {
    List<String> wrong =
        report.violations().stream().filter(sentence -> !sentence.endsWith("is lost")).toList();
    long lost = report.violations().size() - wrong.size();
    return List.of(
        of(
            direct,
            report.fault(),
            report.runs().stream().map(FailoverReport.Run::nextDirect).toList(),
            report.failedCalls(),
            report.acknowledged(),
            lost,
            wrong),
        of(
            routed,
            report.fault(),
            report.runs().stream().map(FailoverReport.Run::nextRouted).toList(),
            report.failedCalls(),
            report.acknowledged(),
            lost,
            wrong));
  }
}
