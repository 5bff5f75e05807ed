package social.starling.bench.failover;

import java.util.List;
import social.starling.bench.installation.Signal;

/** A system with two copies that is measured beside Starling, and whose faults can be caused. */
public interface Fallible {

  /** A post as it was read back. */
  record Stored(long id, String text) {}

  /** A writer of its own, with connections of its own. */
  Poster poster(int writer);

  /**
   * Kills or stops what is primary now; whoever is in charge of that brings the other copy up.
   *
   * @param fault {@link Fault#KILL} or {@link Fault#STOP}
   */
  Signal.Sent cause(Fault fault);

  /** Waits until there are two copies again, after what the fault has left has been replaced. */
  void heal() throws InterruptedException;

  /** What a writer's author has, oldest first. */
  List<Stored> stored(int writer);
}
