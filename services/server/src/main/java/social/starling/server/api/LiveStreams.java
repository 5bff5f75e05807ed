package social.starling.server.api;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many live streams are open, and a bound for them: each holds a virtual thread and a call.
 * Thread-safe.
 */
public final class LiveStreams {

  private static final int MAX = 20_000;

  private final AtomicInteger count = new AtomicInteger();

  /** Whether there was room for one more. */
  boolean begin() {
    if (count.incrementAndGet() > MAX) {
      count.decrementAndGet();
      return false;
    }
    return true;
  }

  void end() {
    count.decrementAndGet();
  }

  /** Live streams now. */
  public int size() {
    return count.get();
  }
}
