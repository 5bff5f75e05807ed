package social.starling.bench.load;

/**
 * When the operations of an open loop are to begin: evenly spaced, whatever happens to those
 * before. Latency counts from here, so that a stall shows in every operation that it held up (Gil
 * Tene's wrk2). Times are of {@code System.nanoTime()}.
 */
final class Schedule {

  private final long start;
  private final double interval;
  private final long count;
  private long next;

  /**
   * @param rate operations per second, more than zero
   * @param nanos how long it goes on
   */
  Schedule(long start, double rate, long nanos) {
    if (!(rate > 0) || nanos <= 0) {
      throw new IllegalArgumentException("a rate and a time are more than zero");
    }
    this.start = start;
    this.interval = 1e9 / rate;
    this.count = (long) Math.floor(nanos / interval);
  }

  boolean isOver() {
    return next >= count;
  }

  /** When the next operation is to begin. */
  long due() {
    return start + (long) (next * interval);
  }

  /** Takes the next operation; returns when it was to begin. */
  long take() {
    long due = due();
    next++;
    return due;
  }
}
