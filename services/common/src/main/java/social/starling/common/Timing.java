package social.starling.common;

import java.time.Duration;

/**
 * The times that decide how fast a fault is noticed, the same in every process of an installation.
 *
 * @param heartbeat how often a process says that it is there; 1 ms or more
 * @param silence how long nothing may be heard before a process is suspected; at least three
 *     heartbeats, so that one late message suspects nobody
 * @param lease how long a master may serve reads after its slave's last word; at least two
 *     heartbeats, or reads would stall between them, and shorter than the silence, or every
 *     promotion would wait for it
 */
public record Timing(Duration heartbeat, Duration silence, Duration lease) {

  public static final Timing DEFAULT =
      new Timing(Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofMillis(300));

  /**
   * @throws IllegalArgumentException with a sentence when the times do not fit each other
   */
  public Timing {
    check(heartbeat.toMillis() >= 1, "the heartbeat must be 1ms or more", heartbeat, null);
    check(
        silence.compareTo(heartbeat.multipliedBy(3)) >= 0,
        "the silence must be at least three heartbeats",
        silence,
        heartbeat);
    check(
        lease.compareTo(heartbeat.multipliedBy(2)) >= 0,
        "the lease must be at least two heartbeats",
        lease,
        heartbeat);
    check(
        lease.compareTo(silence) < 0, "the lease must be shorter than the silence", lease, silence);
  }

  private static void check(boolean holds, String rule, Duration value, Duration other) {
    if (!holds) {
      throw new IllegalArgumentException(
          rule
              + ", but it is "
              + Durations.format(value)
              + (other == null ? "" : " against " + Durations.format(other)));
    }
  }
}
