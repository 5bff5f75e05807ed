package social.starling.bench.load;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * Counts what began within a window of time, and when it was done. Times are of {@code
 * System.nanoTime()}. Thread-safe; what it has counted is read when everything has ended.
 *
 * <p>Latencies are of operations whose beginning (the intended one in an open loop) lies in the
 * window; throughput is of answers that arrived in the window, whenever they were asked for.
 */
public final class Recorder {

  private static final long HIGHEST = 120_000_000_000L;

  /** What is known of one kind. */
  public static final class Tally {
    final Histogram latency = new Histogram(1_000, HIGHEST, 3);
    final Map<String, Long> failures = new TreeMap<>();
    long answeredInWindow;
    long answeredEver;
    long retries;
    long items;
  }

  private final long from;
  private final long to;
  private final Map<Kind, Tally> tallies = new EnumMap<>(Kind.class);

  Recorder(long from, long to) {
    this.from = from;
    this.to = to;
    for (Kind kind : Kind.values()) {
      tallies.put(kind, new Tally());
    }
  }

  /**
   * An operation was answered.
   *
   * @param begun when it began or, in an open loop, was to begin
   * @param items posts that came with the answer
   */
  synchronized void answered(Kind kind, long begun, long ended, int retries, int items) {
    Tally tally = tallies.get(kind);
    tally.answeredEver++;
    if (ended >= from && ended < to) {
      tally.answeredInWindow++;
    }
    if (isInWindow(begun)) {
      tally.latency.recordValue(Math.clamp(ended - begun, 0, HIGHEST));
      tally.retries += retries;
      tally.items += items;
    }
  }

  /** An operation failed, for a reason in one word. */
  synchronized void failed(Kind kind, long begun, int retries, String reason) {
    if (isInWindow(begun)) {
      Tally tally = tallies.get(kind);
      tally.failures.merge(reason, 1L, Long::sum);
      tally.retries += retries;
    }
  }

  Tally tally(Kind kind) {
    return tallies.get(kind);
  }

  /** Answers that arrived in the window. */
  public long answeredInWindow(Kind kind) {
    return tallies.get(kind).answeredInWindow;
  }

  /** Answers that arrived at all, also while warming up. */
  public long answeredEver(Kind kind) {
    return tallies.get(kind).answeredEver;
  }

  /** Latency at a percentile in milliseconds; 0 when nothing was answered. */
  public double millisAt(Kind kind, double percentile) {
    return tallies.get(kind).latency.getValueAtPercentile(percentile) / 1e6;
  }

  private boolean isInWindow(long begun) {
    return begun >= from && begun < to;
  }
}
