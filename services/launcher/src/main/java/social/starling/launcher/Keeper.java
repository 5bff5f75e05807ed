package social.starling.launcher;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Keeps one service running:
 *
 * <ol>
 *   <li>adopts the process that is recorded, or starts one;
 *   <li>tells when it is ready;
 *   <li>blocks until it dies, and reports that at once;
 *   <li>waits for the change of configuration that the death causes, at most 300 ms, and a moment
 *       for the other member to take over; longer when the service dies again and again;
 *   <li>starts it again.
 * </ol>
 *
 * <p>A thread of its own does all that and owns what changes, except {@code running} and {@code
 * ending}, which are guarded by this object: whoever ends everything must find the process that
 * runs, and none may be started after that.
 */
final class Keeper {

  /** What a keeper needs of its surroundings. */
  interface Surroundings {

    /** The process recorded for this service if it still runs. */
    Optional<Running> adopt(Service service);

    /** Starts a process for the service and records it; chooses ports anew where they are taken. */
    Running start(Service service, String instance) throws IOException;

    /** The instance recorded for the service. */
    String instance(Service service);

    boolean isReady(Service service);

    /** Where the service listens, for people. */
    String address(Service service);

    /** Why the process may have ended, from its log. */
    Optional<String> lastWords(Service service);

    Coordinators coordinators();

    Terminal terminal();

    Time time();
  }

  /** Time, so that tests need not wait. */
  interface Time {
    Instant now();

    void sleep(Duration duration) throws InterruptedException;
  }

  static final Duration PROMOTION = Duration.ofMillis(300);

  /**
   * After a change the other member opens, and clients come to it: a Java machine that starts
   * beside that would take the processors of a small computer for longer than all of it takes.
   */
  static final Duration TAKEOVER = Duration.ofMillis(150);

  /** A shell adds the number of the signal to this. */
  private static final int SIGNALLED = 128;

  private static final Duration PROBE = Duration.ofMillis(50);

  private final Service service;
  private final Surroundings surroundings;
  private final Terminal terminal;
  private final Backoff backoff = new Backoff();
  private final CompletableFuture<Void> firstReady = new CompletableFuture<>();
  private final CountDownLatch done = new CountDownLatch(1);
  private Running running;
  private boolean ending;
  private Thread thread;

  Keeper(Service service, Surroundings surroundings) {
    this.service = service;
    this.surroundings = surroundings;
    this.terminal = surroundings.terminal();
  }

  Service service() {
    return service;
  }

  /** Begins to keep the service. */
  synchronized void begin() {
    thread = Thread.ofVirtual().name("keeper-" + service.name()).start(this::keep);
  }

  /**
   * Completes when the service was ready for the first time; exceptionally with a {@link
   * StartException} when its process refused before that, which no repetition will mend.
   */
  CompletableFuture<Void> firstReady() {
    return firstReady;
  }

  /** Ends the keeping, not the process. From now on no process is started for this service. */
  synchronized Optional<Running> release() {
    ending = true;
    if (thread != null) {
      thread.interrupt();
    }
    return Optional.ofNullable(running);
  }

  /** Waits until the keeper's thread does nothing any more. */
  void awaitReleased() throws InterruptedException {
    if (thread != null) {
      done.await(10, TimeUnit.SECONDS);
    }
  }

  private void keep() {
    try {
      Optional<Running> adopted = surroundings.adopt(service);
      boolean adopting = adopted.isPresent();
      Optional<Running> current = adopted.isPresent() ? hold(adopted.get()) : start();
      while (current.isPresent()) {
        Running process = current.get();
        Thread probe = watchReadiness(process, adopting);
        OptionalInt code = process.awaitDeath();
        bury(process, code, probe);
        current = start();
        adopting = false;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      done.countDown();
    }
  }

  private synchronized Optional<Running> hold(Running process) {
    running = process;
    return ending ? Optional.empty() : Optional.of(process);
  }

  private Optional<Running> start() throws InterruptedException {
    while (true) {
      try {
        synchronized (this) {
          if (ending) {
            return Optional.empty();
          }
          running = surroundings.start(service, UUID.randomUUID().toString());
          return Optional.of(running);
        }
      } catch (IOException e) {
        terminal.say("%-18s cannot be started: %s".formatted(service.name(), e.getMessage()));
        surroundings.time().sleep(backoff.afterDeath(Duration.ZERO));
      }
    }
  }

  private void bury(Running process, OptionalInt code, Thread probe) throws InterruptedException {
    Coordinators coordinators = surroundings.coordinators();
    long epoch = 0;
    synchronized (this) {
      if (ending) {
        throw new InterruptedException("the service is being ended");
      }
    }
    boolean member = service.kind() == Kind.SERVER;
    if (member) {
      String cluster = service.cluster().orElseThrow();
      epoch = coordinators.epoch(cluster);
      coordinators.reportDead(cluster, service.name(), surroundings.instance(service));
    }
    probe.interrupt();
    if (isRefusal(code) && !firstReady.isDone()) {
      firstReady.completeExceptionally(
          new StartException(
              code.getAsInt(),
              surroundings.lastWords(service).orElse(service.name() + " " + ended(code))));
      if (service.cluster().isEmpty()) {
        // Nothing works without it, so everything is about to be ended.
        throw new InterruptedException("the service refuses to start");
      }
    }
    Duration life = Duration.between(process.started(), surroundings.time().now());
    Duration wait = backoff.afterDeath(life);
    terminal.say(
        "%-18s %s%s%s; starting it %s"
            .formatted(
                service.name(),
                ended(code),
                wait.isZero() ? "" : " again",
                isKilled(code)
                    ? ""
                    : surroundings.lastWords(service).map(words -> " (" + words + ")").orElse(""),
                wait.isZero() ? "again" : "in " + Terminal.seconds(wait)));
    if (member) {
      String cluster = service.cluster().orElseThrow();
      coordinators.awaitChange(cluster, epoch, PROMOTION);
      if (coordinators.epoch(cluster) > epoch && wait.compareTo(TAKEOVER) < 0) {
        wait = TAKEOVER;
      }
    }
    surroundings.time().sleep(wait);
  }

  private static boolean isRefusal(OptionalInt code) {
    return code.isPresent() && List.of(ExitCode.USAGE, ExitCode.REFUSED).contains(code.getAsInt());
  }

  private static String ended(OptionalInt code) {
    if (code.isEmpty()) {
      return "died";
    }
    return isKilled(code)
        ? "was killed by signal " + (code.getAsInt() - SIGNALLED)
        : "ended with exit code " + code.getAsInt();
  }

  private static boolean isKilled(OptionalInt code) {
    return code.isEmpty() || (code.getAsInt() > SIGNALLED && code.getAsInt() < SIGNALLED + 64);
  }

  private Thread watchReadiness(Running process, boolean adopted) {
    Instant from = surroundings.time().now();
    return Thread.ofVirtual()
        .name("readiness-" + service.name())
        .start(() -> {
          try {
            while (!surroundings.isReady(service)) {
              if (!process.isAlive()) {
                return;
              }
              surroundings.time().sleep(PROBE);
            }
          } catch (InterruptedException e) {
            return;
          }
          terminal.say(
              "%-18s %-8s %8s   %s"
                  .formatted(
                      service.name(),
                      adopted ? "adopted" : "ready",
                      adopted
                          ? "pid " + process.pid()
                          : Terminal.seconds(Duration.between(from, surroundings.time().now())),
                      surroundings.address(service)));
          firstReady.complete(null);
        });
  }
}
