package social.starling.bench.peer;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Waiting for peers. */
public final class Awaited {

  /** How long is waited at most. */
  public static final Duration LIMIT = Duration.ofSeconds(60);

  private static final Duration LOOK = Duration.ofMillis(50);

  private Awaited() {}

  /**
   * Waits until a condition holds.
   *
   * @param what is waited for, in words
   * @param notYet what the condition throws while it cannot be told
   * @throws StartException when the time is over
   */
  public static void until(
      String what, Class<? extends Exception> notYet, Callable<Boolean> condition)
      throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    String last = "";
    while (true) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (Exception e) {
        if (!notYet.isInstance(e)) {
          throw e instanceof RuntimeException fault ? fault : new IllegalStateException(e);
        }
        last = " (" + e.getMessage() + ")";
      }
      if (System.nanoTime() > end) {
        throw new StartException(
            ExitCode.FAILED,
            "waited %d s in vain for %s%s".formatted(LIMIT.toSeconds(), what, last));
      }
      TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
    }
  }
}
