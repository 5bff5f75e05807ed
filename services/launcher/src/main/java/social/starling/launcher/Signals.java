package social.starling.launcher;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import social.starling.common.ExitCode;

/**
 * Turns Ctrl-C and SIGTERM into a wish for the end that the main thread fulfils in its own time:
 * the process exits, with code 0, when this is closed. Thread-safe.
 */
final class Signals implements AutoCloseable {

  private final CompletableFuture<Void> asked = new CompletableFuture<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::signalled, "signals");

  private Signals() {}

  static Signals install() {
    Signals signals = new Signals();
    Runtime.getRuntime().addShutdownHook(signals.hook);
    return signals;
  }

  /** Completes when a signal came. */
  CompletableFuture<Void> asked() {
    return asked;
  }

  private void signalled() {
    asked.complete(null);
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // A hook that returns would leave 128 + the signal as the exit code.
    Runtime.getRuntime().halt(ExitCode.DONE);
  }

  @Override
  public void close() {
    if (!asked.isDone()) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // A signal came this very moment: the hook waits for the line below.
        asked.complete(null);
      }
    }
    closed.countDown();
  }
}
