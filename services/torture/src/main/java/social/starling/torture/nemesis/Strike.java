package social.starling.torture.nemesis;

import java.time.Duration;
import java.util.List;

/**
 * One fault that is going to happen.
 *
 * @param targets names of processes or links
 * @param detail for a person; may be empty
 * @param clusters in which writes may stop by it
 * @param after how long after the beginning of its episode
 * @param lasts how long until it is taken back; zero for what happens at once
 * @param prepare makes it worse, before it counts as begun
 * @param begin does it; false when it turned out not to be possible, and nothing was done
 * @param end takes it back
 */
record Strike(
    Kind kind,
    List<String> targets,
    String detail,
    List<String> clusters,
    Duration after,
    Duration lasts,
    Step prepare,
    Begin begin,
    Step end) {

  static final Step NOTHING = () -> {};

  @FunctionalInterface
  interface Begin {
    boolean run() throws InterruptedException;
  }

  @FunctionalInterface
  interface Step {
    void run() throws InterruptedException;
  }

  Strike delayed(Duration later) {
    return new Strike(kind, targets, detail, clusters, later, lasts, prepare, begin, end);
  }

  /** The same, with something done before. */
  Strike prepared(Step before) {
    return new Strike(kind, targets, detail, clusters, after, lasts, before, begin, end);
  }

  String shown() {
    return "%s %s%s%s"
        .formatted(
            kind.word(),
            String.join(" ", targets),
            detail.isEmpty() ? "" : " (" + detail + ")",
            lasts.isZero() ? "" : " for %.1f s".formatted(lasts.toMillis() / 1000.0));
  }
}
