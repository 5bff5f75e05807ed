package social.starling.bench.compare;

import java.time.Duration;

/** How long and how often it is measured. */
enum Extent {
  FULL(
      10_000,
      Duration.ofSeconds(30),
      Duration.ofSeconds(5),
      Duration.ofSeconds(12),
      Duration.ofSeconds(3),
      Duration.ofSeconds(12),
      10,
      5),
  SHORT(
      2_000,
      Duration.ofSeconds(3),
      Duration.ofSeconds(3),
      Duration.ofSeconds(5),
      Duration.ofSeconds(2),
      Duration.ofSeconds(4),
      2,
      1);

  private final int users;
  private final Duration firstWarmUp;
  private final Duration closedWarmUp;
  private final Duration closed;
  private final Duration openWarmUp;
  private final Duration open;
  private final int kills;
  private final int stops;

  Extent(
      int users,
      Duration firstWarmUp,
      Duration closedWarmUp,
      Duration closed,
      Duration openWarmUp,
      Duration open,
      int kills,
      int stops) {
    this.users = users;
    this.firstWarmUp = firstWarmUp;
    this.closedWarmUp = closedWarmUp;
    this.closed = closed;
    this.openWarmUp = openWarmUp;
    this.open = open;
    this.kills = kills;
    this.stops = stops;
  }

  int users() {
    return users;
  }

  /** Before the first measurement of a system, which has been filled and no more until then. */
  Duration firstWarmUp() {
    return firstWarmUp;
  }

  Duration warmUp(boolean isClosed) {
    return isClosed ? closedWarmUp : openWarmUp;
  }

  Duration measured(boolean isClosed) {
    return isClosed ? closed : open;
  }

  int kills() {
    return kills;
  }

  int stops() {
    return stops;
  }
}
