package social.starling.common;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a process in order: on SIGTERM or SIGINT, or when told, the steps run one after the other,
 * all of them within 4.5 s, and the process exits with code 0 (or the code told). A signal that
 * comes while they run waits for them.
 *
 * <p>Use with try-with-resources around the life of the process:
 *
 * <pre>{@code
 * try (Shutdown shutdown = Shutdown.install()) {
 *   shutdown.step("public port", server::stop);
 *   return shutdown.await();
 * }
 * }</pre>
 *
 * <p>When the start fails half way, closing runs the steps added so far. Thread-safe.
 */
public final class Shutdown implements AutoCloseable {

  /** One thing to end. */
  @FunctionalInterface
  public interface Step {
    void run() throws Exception;
  }

  private static final Duration BOUND = Duration.ofMillis(4500);
  private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);

  private record Named(String name, Step step) {}

  private final List<Named> steps = new ArrayList<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Duration bound;
  private final Thread hook;
  private boolean begun;
  private int exitCode;

  Shutdown(Duration bound) {
    this.bound = bound;
    this.hook = new Thread(this::signalled, "shutdown");
  }

  /** Watches for signals from now on. */
  public static Shutdown install() {
    Shutdown shutdown = new Shutdown(BOUND);
    Runtime.getRuntime().addShutdownHook(shutdown.hook);
    return shutdown;
  }

  /** Adds a step; steps run in the order in which they were added. */
  public synchronized Shutdown step(String name, Step step) {
    steps.add(new Named(name, step));
    return this;
  }

  /** Asks for the end: {@link #await} runs the steps and returns the code. Returns at once. */
  public void stop(int code) {
    synchronized (this) {
      if (asked.getCount() > 0) {
        exitCode = code;
      }
    }
    asked.countDown();
  }

  /** Waits for {@link #stop}, runs the steps and returns the exit code. A signal never returns. */
  public int await() {
    try {
      asked.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    runSteps();
    synchronized (this) {
      return exitCode;
    }
  }

  /** Runs the steps if they have not run, and stops watching for signals. */
  @Override
  public void close() {
    runSteps();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      LOG.debug("a signal came while the process was ending");
    }
  }

  private void signalled() {
    LOG.info("stopping: a signal came");
    runSteps();
    int code;
    synchronized (this) {
      code = exitCode;
    }
    // Only halting can choose the code here: a hook that returns leaves 128 + the signal.
    Runtime.getRuntime().halt(code);
  }

  /** Runs the steps, or waits while another thread does: a signal must not cut an end short. */
  private void runSteps() {
    boolean elsewhere;
    List<Named> toRun;
    synchronized (this) {
      elsewhere = begun;
      begun = true;
      toRun = List.copyOf(steps);
    }
    if (elsewhere) {
      awaitSteps();
      return;
    }
    try {
      runAll(toRun);
    } finally {
      ended.countDown();
    }
  }

  private void awaitSteps() {
    try {
      // Each step may take what is left, so that all of them take no longer than this.
      if (!ended.await(bound.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.warn("no time left to wait for the end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void runAll(List<Named> toRun) {
    long deadline = System.nanoTime() + bound.toNanos();
    for (Named named : toRun) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        LOG.atWarn().addKeyValue("step", named.name()).log("no time left to stop this");
        continue;
      }
      run(named, Duration.ofNanos(left));
    }
  }

  private void run(Named named, Duration left) {
    Thread thread =
        Thread.ofVirtual()
            .name("stop " + named.name())
            .start(() -> {
              try {
                named.step().run();
              } catch (Exception e) {
                LOG.atWarn().addKeyValue("step", named.name()).setCause(e).log("stop failed");
              }
            });
    try {
      if (!thread.join(left)) {
        thread.interrupt();
        LOG.atWarn().addKeyValue("step", named.name()).log("stopping this took too long");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
