package social.starling.torture.fault;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One direction between two parts: the bytes from one to the other, whoever dialled. Thread-safe:
 * what is changed is guarded by this object, and each change wakes all who wait for it.
 */
final class Link {

  private final AtomicLong bytes = new AtomicLong();
  private boolean cut;
  private long delayNanos;
  private long jitterNanos;

  /** Whether bytes pass at once. Read without the lock by every pump for every chunk. */
  private volatile boolean clear = true;

  boolean isClear() {
    return clear;
  }

  synchronized boolean isCut() {
    return cut;
  }

  synchronized void cut() {
    cut = true;
    changed();
  }

  synchronized void delay(Duration delay, Duration jitter) {
    delayNanos = delay.toNanos();
    jitterNanos = jitter.toNanos();
    changed();
  }

  synchronized void heal() {
    cut = false;
    delayNanos = 0;
    jitterNanos = 0;
    changed();
  }

  private void changed() {
    clear = !cut && delayNanos == 0 && jitterNanos == 0;
    notifyAll();
  }

  /** When what was sent now arrives, unless the link is cut then; as {@link System#nanoTime}. */
  synchronized long arrival() {
    long jitter = jitterNanos == 0 ? 0 : ThreadLocalRandom.current().nextLong(jitterNanos + 1);
    return System.nanoTime() + delayNanos + jitter;
  }

  /** Waits until a time has come and the link is not cut. */
  synchronized void awaitArrival(long nanoTime) throws InterruptedException {
    while (true) {
      long left = nanoTime - System.nanoTime();
      if (cut) {
        wait();
      } else if (left > 0) {
        wait(left / 1_000_000, (int) (left % 1_000_000));
      } else {
        return;
      }
    }
  }

  /** Waits until the link is not cut. */
  synchronized void awaitHealed() throws InterruptedException {
    while (cut) {
      wait();
    }
  }

  void count(int passed) {
    bytes.addAndGet(passed);
  }

  long bytes() {
    return bytes.get();
  }
}
