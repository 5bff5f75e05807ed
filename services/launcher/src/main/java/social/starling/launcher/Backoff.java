package social.starling.launcher;

import java.time.Duration;

/**
 * How long to wait before a process that died is started again: nothing after a life of some
 * length, more and more after each short one. Confined to one thread.
 */
final class Backoff {

  /** A process that lived shorter than this did not work. */
  static final Duration SHORT_LIFE = Duration.ofSeconds(3);

  static final Duration FIRST = Duration.ofMillis(300);
  static final Duration LONGEST = Duration.ofSeconds(10);

  private int shortLives;

  /**
   * @param life how long the process lived
   * @return how long to wait, from zero to {@link #LONGEST}
   */
  Duration afterDeath(Duration life) {
    if (life.compareTo(SHORT_LIFE) >= 0) {
      shortLives = 0;
      return Duration.ZERO;
    }
    shortLives++;
    if (shortLives == 1) {
      return Duration.ZERO;
    }
    Duration wait = FIRST.multipliedBy(1L << Math.min(shortLives - 2, 10));
    return wait.compareTo(LONGEST) > 0 ? LONGEST : wait;
  }
}
