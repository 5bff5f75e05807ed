package social.starling.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import social.starling.bench.failover.Outcome;
import social.starling.bench.load.Report;

/** Which goals hold in a run. Pure. */
final class Goals {

  /**
   * One goal.
   *
   * @param measured in words, with what it is compared to
   */
  record Goal(String words, String measured, boolean holds) {}

  private static final String KILL = "kill";
  private static final String STOP = "stop";

  private final Comparison comparison;
  private final List<Goal> goals = new ArrayList<>();

  private Goals(Comparison comparison) {
    this.comparison = comparison;
  }

  /** All goals of which both sides were measured. */
  static List<Goal> of(Comparison comparison) {
    Goals goals = new Goals(comparison);
    goals.throughput();
    goals.latencies();
    goals.failover();
    return goals.goals;
  }

  private void throughput() {
    OptionalDouble posts = rate(Systems.STARLING, Workload.POSTS);
    OptionalDouble timelines = rate(Systems.STARLING, Workload.TIMELINES);
    OptionalDouble mix = rate(Systems.STARLING, Workload.MIX);
    atLeast("posts/s above PostgreSQL's", posts, rate(Systems.POSTGRES, Workload.POSTS), 1);
    atMost(
        "servers' CPU per post below PostgreSQL's (ms)",
        cpu(Systems.STARLING),
        cpu(Systems.POSTGRES));
    atLeast(
        "timelines/s at least 3 x PostgreSQL's",
        timelines,
        rate(Systems.POSTGRES, Workload.TIMELINES),
        3);
    atLeast(
        "timelines/s at least half of Redis's",
        timelines,
        rate(Systems.REDIS_ALWAYS, Workload.TIMELINES),
        0.5);
    for (String peer : List.of(Systems.POSTGRES, Systems.REDIS_ALWAYS, Systems.REDIS_EVERYSEC)) {
      atLeast("90/10 mix above that of " + peer, mix, rate(peer, Workload.MIX), 1);
    }
    for (Workload workload : Workload.values()) {
      atLeast(
          "through the router at least 60 % of direct, " + workload.words(),
          rate(Systems.STARLING_ROUTED, workload),
          rate(Systems.STARLING, workload),
          0.6);
    }
    atLeast("90/10 mix, direct, at least 12,000/s", mix, OptionalDouble.of(12_000), 1);
  }

  private void latencies() {
    within("post at 1,000/s", Workload.POSTS, 2, 9);
    within("timeline at 1,000/s", Workload.TIMELINES, 0.5, 5);
  }

  private void failover() {
    OptionalDouble kill = median(Systems.STARLING, KILL);
    OptionalDouble sentinel = median(Systems.REDIS_ALWAYS, KILL);
    atMost(
        "kill to next acknowledged write, no slower than PostgreSQL's ideal case (ms)",
        kill,
        median(Systems.POSTGRES, KILL));
    if (kill.isPresent() && sentinel.isPresent()) {
      atMost(
          "kill to next acknowledged write, a tenth of Sentinel's (ms)",
          kill,
          OptionalDouble.of(sentinel.getAsDouble() / 10));
    }
    atMost(
        "stop to next acknowledged write, below Sentinel's at the same time-out (ms)",
        median(Systems.STARLING, STOP),
        median(Systems.REDIS_ALWAYS, STOP));
    atMost("kill to next acknowledged write, median (ms)", kill, OptionalDouble.of(150));
    atMost(
        "kill to next acknowledged write, max (ms)",
        comparison
            .outcome(Systems.STARLING, KILL)
            .map(outcome -> OptionalDouble.of(outcome.max()))
            .orElse(OptionalDouble.empty()),
        OptionalDouble.of(300));
  }

  private void within(String words, Workload workload, double p50, double p99) {
    comparison
        .cell(Systems.STARLING, workload, false)
        .flatMap(cell -> cell.kinds().stream().findFirst())
        .ifPresent((Report.Line line) -> {
          atMost(words + ", p50 (ms)", OptionalDouble.of(line.p50()), OptionalDouble.of(p50));
          atMost(words + ", p99 (ms)", OptionalDouble.of(line.p99()), OptionalDouble.of(p99));
        });
  }

  private void atLeast(String words, OptionalDouble ours, OptionalDouble other, double factor) {
    if (ours.isPresent() && other.isPresent()) {
      double ratio = ours.getAsDouble() / other.getAsDouble();
      goals.add(
          new Goal(
              words,
              String.format(
                  Locale.ROOT,
                  "%,.0f to %,.0f: %.2f",
                  ours.getAsDouble(),
                  other.getAsDouble(),
                  ratio),
              ratio >= factor));
    }
  }

  private void atMost(String words, OptionalDouble ours, OptionalDouble limit) {
    if (ours.isPresent() && limit.isPresent()) {
      goals.add(
          new Goal(
              words,
              shown(ours.getAsDouble()) + " to " + shown(limit.getAsDouble()),
              ours.getAsDouble() <= limit.getAsDouble()));
    }
  }

  /** Three digits, and no exponent. */
  private static String shown(double value) {
    return String.format(Locale.ROOT, value < 999.5 ? "%.3g" : "%,.0f", value);
  }

  private OptionalDouble rate(String system, Workload workload) {
    return comparison
        .cell(system, workload, true)
        .map(cell -> OptionalDouble.of(cell.perSecond()))
        .orElse(OptionalDouble.empty());
  }

  private OptionalDouble cpu(String system) {
    return comparison
        .cell(system, Workload.POSTS, true)
        .map(cell -> OptionalDouble.of(cell.serverCpu()))
        .orElse(OptionalDouble.empty());
  }

  private OptionalDouble median(String system, String fault) {
    return comparison
        .outcome(system, fault)
        .map(Outcome::median)
        .map(OptionalDouble::of)
        .orElse(OptionalDouble.empty());
  }
}
