package social.starling.coordinator;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Waiting for a lock, but not for ever. */
final class Turn {

  private Turn() {}

  /**
   * Takes a lock; the caller gives it back.
   *
   * @param time to wait at most
   * @param tooLong sentence for when that was in vain, with {@code %d} for the time in seconds
   * @throws Refusal UNAVAILABLE when it was, or when the thread is interrupted
   */
  static void take(ReentrantLock lock, Duration time, String tooLong) {
    try {
      if (!lock.tryLock(time.toNanos(), TimeUnit.NANOSECONDS)) {
        throw Refusal.of(Refusal.Kind.UNAVAILABLE, tooLong, time.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(Refusal.Kind.UNAVAILABLE, "the coordinator is stopping");
    }
  }
}
