package social.starling.launcher;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Ends a program that takes too long, unless it is closed before. */
final class Watchdog implements AutoCloseable {

  private final Thread thread;

  private Watchdog(Thread thread) {
    this.thread = thread;
  }

  static Watchdog over(Process process, Duration patience) {
    return new Watchdog(Thread.ofVirtual().start(() -> endLate(process, patience)));
  }

  private static void endLate(Process process, Duration patience) {
    try {
      if (!process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
