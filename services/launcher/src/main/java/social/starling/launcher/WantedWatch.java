package social.starling.launcher;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import social.starling.common.StartException;

/**
 * Makes the clusters of a data directory those that are wanted, on a thread of its own: looks at
 * what is wanted five times a second and, when that has changed, adds and takes away what differs.
 * What was refused is tried again when something else is wanted, or by the next launcher.
 */
final class WantedWatch {

  /** Who adds clusters and takes them away, one at a time. */
  interface Clusters {

    List<String> present();

    /**
     * @throws StartException when the coordinator refuses
     */
    void add(String cluster) throws InterruptedException;

    /**
     * @throws StartException when the coordinator refuses
     */
    void remove(String cluster) throws InterruptedException;
  }

  private static final Duration LOOK = Duration.ofMillis(200);

  private final Supplier<Optional<List<String>>> wanted;
  private final Clusters clusters;
  private final Terminal terminal;
  private Optional<List<String>> seen = Optional.empty();
  private String said = "";
  private Thread thread;

  WantedWatch(Supplier<Optional<List<String>>> wanted, Clusters clusters, Terminal terminal) {
    this.wanted = wanted;
    this.clusters = clusters;
    this.terminal = terminal;
  }

  void begin() {
    thread = Thread.ofVirtual().name("wanted-clusters").start(this::watch);
  }

  /** Ends the watching and waits until nothing is added or taken away any more. */
  void end() throws InterruptedException {
    if (thread != null) {
      thread.interrupt();
      thread.join();
    }
  }

  private void watch() {
    try {
      while (true) {
        look();
        Thread.sleep(LOOK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws InterruptedException {
    try {
      Optional<List<String>> now = wanted.get();
      said = "";
      if (now.isPresent() && !now.equals(seen)) {
        seen = now;
        follow(now.get());
      }
    } catch (StartException e) {
      // Once, though it is looked at again and again.
      if (!said.equals(e.getMessage())) {
        said = e.getMessage();
        terminal.say(said);
      }
    }
  }

  private void follow(List<String> names) throws InterruptedException {
    for (String name : without(names, clusters.present())) {
      tried(() -> clusters.add(name));
    }
    for (String name : without(clusters.present(), names)) {
      tried(() -> clusters.remove(name));
    }
  }

  @FunctionalInterface
  private interface Change {
    void make() throws InterruptedException;
  }

  private void tried(Change change) throws InterruptedException {
    try {
      change.make();
    } catch (StartException e) {
      terminal.say(e.getMessage());
    }
  }

  private static List<String> without(List<String> names, List<String> others) {
    List<String> left = new ArrayList<>(names);
    left.removeAll(others);
    return left;
  }
}
