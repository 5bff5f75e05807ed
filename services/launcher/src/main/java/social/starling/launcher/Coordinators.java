package social.starling.launcher;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the launcher asks of the coordinators and tells them. Thread-safe. */
interface Coordinators {

  /** Records a cluster; waits for a coordinator that is not there yet. Idempotent. */
  void record(String cluster, List<String> members) throws InterruptedException;

  /**
   * Takes a cluster out of the record; waits for a coordinator that is not there.
   *
   * @return why it is not done, in a sentence; empty when it is done, or was before
   */
  Optional<String> forget(String cluster) throws InterruptedException;

  /**
   * Tells every coordinator that this very process is dead: at once where one is there, and
   * otherwise as soon as one is. Returns without waiting.
   */
  void reportDead(String cluster, String member, String instance);

  /** The epoch of a cluster's configuration as last heard; 0 when nothing was heard. */
  long epoch(String cluster);

  /** The master of a cluster as last heard; empty when nothing was heard. */
  String master(String cluster);

  /** Blocks until the cluster's epoch is above the one given, at most as long as given. */
  void awaitChange(String cluster, long epoch, Duration atMost) throws InterruptedException;
}
