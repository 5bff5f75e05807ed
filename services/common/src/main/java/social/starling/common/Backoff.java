package social.starling.common;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Waiting times that double up to a bound, with jitter, so that many who failed together do not try
 * again together. Used by one thread at a time.
 */
public final class Backoff {

  private final Duration first;
  private final Duration max;
  private final RandomGenerator random;
  private Duration current;

  /**
   * @param first the first wait, more than zero
   * @param max no wait is longer; at least {@code first}
   * @param random where the jitter comes from
   */
  public Backoff(Duration first, Duration max, RandomGenerator random) {
    if (!first.isPositive() || max.compareTo(first) < 0) {
      throw new IllegalArgumentException("no backoff: from " + first + " to " + max);
    }
    this.first = first;
    this.max = max;
    this.random = random;
    this.current = first;
  }

  /** The next wait: between half of the doubled time and all of it. */
  public Duration next() {
    long nanos = current.toNanos();
    Duration wait = Duration.ofNanos(nanos - (long) (random.nextDouble() * (nanos / 2)));
    Duration doubled = current.multipliedBy(2);
    current = doubled.compareTo(max) > 0 ? max : doubled;
    return wait;
  }

  /** After a success: begins again with the first wait. */
  public void reset() {
    current = first;
  }
}
