package social.starling.server.member;

import java.util.concurrent.TimeUnit;

/**
 * Tells since when the wall clock has run evenly, by the monotonic one. A clock that was set wrong
 * for a moment must not say what is old: what is dropped by it does not come back when it is set
 * right. Replica thread only.
 */
final class ClockWatch {

  /** Less is a correction; more is a jump. */
  private static final long JUMP_NANOS = TimeUnit.MINUTES.toNanos(1);

  private boolean begun;
  private long offset;
  private long since;

  /**
   * Looks at both clocks.
   *
   * @param wallMillis milliseconds since 1970-01-01Z
   * @param now {@link System#nanoTime}
   * @return nanoseconds since the last jump, or since the first call
   */
  long steadyNanos(long wallMillis, long now) {
    long seen = TimeUnit.MILLISECONDS.toNanos(wallMillis) - now;
    if (!begun || Math.abs(seen - offset) > JUMP_NANOS) {
      begun = true;
      since = now;
      offset = seen;
    }
    return now - since;
  }
}
