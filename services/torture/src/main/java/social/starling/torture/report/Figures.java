package social.starling.torture.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.History;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Shown;
import social.starling.torture.history.StreamBegun;

/**
 * What can be counted and measured in a history.
 *
 * @param seed of the run
 * @param nanos how long it ran
 * @param operations by what was asked
 * @param faults by kind
 * @param seconds of the run, from the first to the last
 * @param shown posts that streams showed
 * @param streams streams that were opened
 * @param sessions that made calls
 * @param users who live somewhere
 */
public record Figures(
    long seed,
    long nanos,
    Map<String, Counts> operations,
    List<Kind> faults,
    List<Second> seconds,
    long shown,
    long streams,
    int sessions,
    int users) {

  /** Refusals that are right answers: the service was there. */
  private static final Set<String> ANSWERS =
      Set.of(
          "POST_UNKNOWN",
          "USER_UNKNOWN",
          "ALREADY_FOLLOWING",
          "NOT_FOLLOWING",
          "NOT_AUTHOR",
          "SELF",
          "INVALID_NAME",
          "INVALID_TEXT");

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST = TimeUnit.HOURS.toNanos(1);

  /**
   * How calls ended.
   *
   * @param acknowledged done
   * @param refused answered: not possible
   * @param failed not done, for want of the service
   * @param unknown not answered
   */
  public record Counts(long acknowledged, long refused, long failed, long unknown) {

    Counts plus(Counts other) {
      return new Counts(
          acknowledged + other.acknowledged,
          refused + other.refused,
          failed + other.failed,
          unknown + other.unknown);
    }

    static Counts of(Call call) {
      return switch (call.outcome()) {
        case OK -> new Counts(1, 0, 0, 0);
        case UNKNOWN -> new Counts(0, 0, 0, 1);
        case FAILED -> isAnswer(call.reason()) ? new Counts(0, 1, 0, 0) : new Counts(0, 0, 1, 0);
      };
    }
  }

  /**
   * Faults of one kind, and the times from the beginning of each to the end of the next
   * acknowledged write that began after it, in the last of the clusters in which writes may stop.
   * Nanoseconds; 0 without any.
   *
   * @param count how often it was done
   * @param recovered after how many of them a write was acknowledged in each of their clusters
   */
  public record Kind(String kind, int count, int recovered, long median, long p99, long max) {}

  /**
   * Calls that ended in one second, by the run's clock; latencies of those acknowledged,
   * nanoseconds, 0 without any.
   */
  public record Second(int second, Counts calls, long p50, long p99, long max) {}

  /** Computes them. Linear in the length of the history. */
  public static Figures of(History history) {
    Map<String, Counts> operations = new TreeMap<>();
    Map<Integer, Boolean> sessions = new HashMap<>();
    long shown = 0;
    long streams = 0;
    for (Event event : history.events()) {
      switch (event) {
        case Call call -> {
          operations.merge(name(call.operation()), Counts.of(call), Counts::plus);
          sessions.put(call.session(), true);
        }
        case Shown _ -> shown++;
        case StreamBegun _ -> streams++;
        default -> {}
      }
    }
    return new Figures(
        history.seed(),
        history.nanos(),
        operations,
        kinds(history),
        seconds(history),
        shown,
        streams,
        sessions.size(),
        history.homes().size());
  }

  /** Whether a refusal for this reason is a right answer: the service was there. */
  public static boolean isAnswer(String reason) {
    return ANSWERS.contains(reason);
  }

  /** All calls. */
  public Counts total() {
    return operations.values().stream().reduce(new Counts(0, 0, 0, 0), Counts::plus);
  }

  static String name(Operation operation) {
    return switch (operation) {
      case Operation.Register _ -> "register";
      case Operation.Post _ -> "post";
      case Operation.Delete _ -> "delete";
      case Operation.Follow _ -> "follow";
      case Operation.Unfollow _ -> "unfollow";
      case Operation.Posts _ -> "posts";
      case Operation.Timeline _ -> "timeline";
      case Operation.Following _ -> "following";
      case Operation.Followers _ -> "followers";
    };
  }

  private static List<Second> seconds(History history) {
    List<Second> seconds = new ArrayList<>();
    Histogram latencies = new Histogram(LONGEST, 3);
    Counts counts = new Counts(0, 0, 0, 0);
    for (Event event : history.events()) {
      if (event instanceof Call call) {
        while (call.ended() >= (seconds.size() + 1) * SECOND) {
          seconds.add(second(seconds.size(), counts, latencies));
          counts = new Counts(0, 0, 0, 0);
          latencies.reset();
        }
        counts = counts.plus(Counts.of(call));
        if (call.outcome() == Outcome.OK) {
          latencies.recordValue(Math.clamp(call.ended() - call.begun(), 0, LONGEST));
        }
      }
    }
    seconds.add(second(seconds.size(), counts, latencies));
    while (seconds.size() * SECOND < history.nanos()) {
      seconds.add(new Second(seconds.size(), new Counts(0, 0, 0, 0), 0, 0, 0));
    }
    return seconds;
  }

  private static Second second(int number, Counts counts, Histogram latencies) {
    return latencies.getTotalCount() == 0
        ? new Second(number, counts, 0, 0, 0)
        : new Second(
            number,
            counts,
            latencies.getValueAtPercentile(50),
            latencies.getValueAtPercentile(99),
            latencies.getMaxValue());
  }

  /** Acknowledged writes of one cluster, by beginning, with the first end from each on. */
  private static final class Writes {
    private final List<Call> calls = new ArrayList<>();
    private long[] begun;
    private long[] firstEnd;

    void finish() {
      calls.sort(Comparator.comparingLong(Call::begun));
      begun = calls.stream().mapToLong(Call::begun).toArray();
      firstEnd = new long[begun.length];
      long first = Long.MAX_VALUE;
      for (int i = begun.length - 1; i >= 0; i--) {
        first = Math.min(first, calls.get(i).ended());
        firstEnd[i] = first;
      }
    }

    /** When the first write that began at a time or later had ended; the highest if none did. */
    long firstEndFrom(long at) {
      int place = Arrays.binarySearch(begun, at);
      place = place >= 0 ? place : -place - 1;
      while (place > 0 && begun[place - 1] >= at) {
        place--;
      }
      return place == begun.length ? Long.MAX_VALUE : firstEnd[place];
    }
  }

  private static List<Kind> kinds(History history) {
    Map<String, Writes> writes = new HashMap<>();
    Map<String, List<Fault>> faults = new TreeMap<>();
    for (Event event : history.events()) {
      switch (event) {
        case Fault fault -> faults.computeIfAbsent(fault.kind(), _ -> new ArrayList<>()).add(fault);
        case Call call when call.outcome() == Outcome.OK && call.operation().isWrite() ->
            writes
                .computeIfAbsent(history.homes().getOrDefault(call.user(), ""), _ -> new Writes())
                .calls
                .add(call);
        default -> {}
      }
    }
    writes.values().forEach(Writes::finish);
    List<Kind> kinds = new ArrayList<>();
    faults.forEach((kind, some) -> kinds.add(kind(kind, some, writes)));
    return kinds;
  }

  private static Kind kind(String kind, List<Fault> faults, Map<String, Writes> writes) {
    long[] times =
        faults.stream()
            .filter(fault -> !fault.clusters().isEmpty())
            .mapToLong(fault -> recovery(fault, writes))
            .filter(time -> time < Long.MAX_VALUE)
            .sorted()
            .toArray();
    return times.length == 0
        ? new Kind(kind, faults.size(), 0, 0, 0, 0)
        : new Kind(
            kind,
            faults.size(),
            times.length,
            percentile(times, 50),
            percentile(times, 99),
            times[times.length - 1]);
  }

  private static long recovery(Fault fault, Map<String, Writes> writes) {
    long last = 0;
    for (String cluster : fault.clusters()) {
      Writes of = writes.get(cluster);
      long end = of == null ? Long.MAX_VALUE : of.firstEndFrom(fault.begun());
      if (end == Long.MAX_VALUE) {
        return end;
      }
      last = Math.max(last, end - fault.begun());
    }
    return last;
  }

  /** The smallest of the times that so many percent do not exceed. */
  private static long percentile(long[] sorted, int percent) {
    return sorted[Math.max(0, (sorted.length * percent + 99) / 100 - 1)];
  }
}
