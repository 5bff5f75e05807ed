package social.starling.client;

import java.time.Duration;

/**
 * The cluster where the users of one slot live: the way there, and when it served last.
 * Thread-safe.
 */
final class Home {

  /** A cluster that served this recently and is down now is most likely being started again. */
  private static final Duration RECENTLY = Duration.ofSeconds(10);

  private static final long NEVER = Long.MIN_VALUE;

  private final Route route;
  private volatile long servedAt = NEVER;

  Home(Route route) {
    this.route = route;
  }

  Route route() {
    return route;
  }

  void served() {
    servedAt = System.nanoTime();
  }

  boolean servedRecently() {
    long at = servedAt;
    return at != NEVER && System.nanoTime() - at < RECENTLY.toNanos();
  }
}
