package social.starling.launcher;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Ends processes in an order in which none misses another: routers, synchronizers and slaves, then
 * masters, then the coordinators. Each is asked first and has five seconds; then it is killed.
 */
final class Ending {

  static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration LOOK = Duration.ofMillis(10);

  /** A process to end. */
  record Candidate(Service service, Running running) {}

  private final Terminal terminal;
  private final Duration patience;

  Ending(Terminal terminal) {
    this(terminal, PATIENCE);
  }

  Ending(Terminal terminal, Duration patience) {
    this.terminal = terminal;
    this.patience = patience;
  }

  /**
   * Ends them all and returns when they are gone.
   *
   * @param isMaster whether a server is master of its cluster, as far as known
   */
  void end(List<Candidate> candidates, Predicate<Service> isMaster) throws InterruptedException {
    List<Candidate> first = new ArrayList<>();
    List<Candidate> masters = new ArrayList<>();
    List<Candidate> coordinators = new ArrayList<>();
    for (Candidate candidate : candidates) {
      Service service = candidate.service();
      switch (service.kind()) {
        case ROUTER, SYNCHRONIZER -> first.add(candidate);
        case SERVER -> (isMaster.test(service) ? masters : first).add(candidate);
        case COORDINATOR -> coordinators.add(candidate);
      }
    }
    for (List<Candidate> stage : List.of(first, masters, coordinators)) {
      endTogether(stage);
    }
  }

  private void endTogether(List<Candidate> stage) throws InterruptedException {
    stage.forEach(candidate -> candidate.running().terminate());
    if (awaitGone(stage, patience)) {
      return;
    }
    for (Candidate candidate : stage) {
      if (candidate.running().isAlive()) {
        terminal.say(
            "%-18s did not end within %d s; killed (pid %d)"
                .formatted(
                    candidate.service().name(), patience.toSeconds(), candidate.running().pid()));
        candidate.running().kill();
      }
    }
    awaitGone(stage, patience);
  }

  private boolean awaitGone(List<Candidate> stage, Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (stage.stream().anyMatch(candidate -> candidate.running().isAlive())) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(LOOK);
    }
    return true;
  }
}
