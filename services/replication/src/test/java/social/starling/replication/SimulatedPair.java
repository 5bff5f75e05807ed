package social.starling.replication;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import social.starling.replication.Counts.Seen;
import social.starling.replication.SimulatedProcess.Attempt;

/**
 * A cluster of two and its coordinator, with all their faults, for simulations of more than one
 * cluster: they share a {@link VirtualTime}. The invariants of one cluster are checked all the
 * while; one that does not hold is thrown. One thread.
 */
public final class SimulatedPair {

  private final VirtualTime time;
  private final Simulation simulation;

  /**
   * @param number of the cluster
   * @param stored what a new volume holds
   * @param trace is told what happens, or null
   */
  public SimulatedPair(
      VirtualTime time, int number, Supplier<Stored> stored, long seed, Consumer<String> trace) {
    this.time = time;
    simulation = new Simulation(time, number, stored, seed, Profile.PAIR, Plant.NONE, trace);
  }

  /** The processes start; faults begin. */
  public void begin() {
    simulation.begin();
    simulation.harm();
  }

  /** Faults end, and what is down starts. */
  public void repair() {
    simulation.repair();
    simulation.coordinatorBack();
  }

  /**
   * Both members are away.
   *
   * @param nanos for so long
   */
  public void outage(long nanos) {
    simulation.outage(time.now() + nanos);
  }

  /**
   * A request is on its way to a member.
   *
   * @param member 0 or 1
   * @param requester is told what came of it, unless the answer is lost
   */
  public void submit(int member, RequestId id, byte[] request, Requester requester) {
    simulation.submit(member, new Attempt(requester, id, request));
  }

  /** What a member answers with if it believes to be the open master; else null. */
  public Application serving(int member) {
    SimulatedProcess process = simulation.member(member).process();
    boolean serves = process != null && !process.paused() && process.replica().role() == Role.OPEN;
    return serves ? process.application() : null;
  }

  /** Whether a member may answer a read of this moment. */
  public boolean mayRead(int member) {
    SimulatedMember at = simulation.member(member);
    return serving(member) != null
        && at.process().replica().permit().check(at.clock()) == ReadPermit.Answer.YES;
  }

  /** What a member's process holds, or null when there is none. */
  public Application application(int member) {
    SimulatedProcess process = simulation.member(member).process();
    return process == null ? null : process.application();
  }

  /** Number of committed entries. */
  public long committed() {
    return simulation.history().size();
  }

  /** Whether both members are in sync and have applied all that is committed. */
  public boolean whole() {
    if (simulation.coordinator().current().inSync().size() < 2) {
      return false;
    }
    for (int i = 0; i < 2; i++) {
      SimulatedProcess process = simulation.member(i).process();
      if (process == null || process.applied() < committed()) {
        return false;
      }
    }
    return true;
  }

  /** Whether a recorded volume is left: the last can go when a late request takes out the other. */
  public boolean survives() {
    return simulation.survives();
  }

  /** How often each thing was seen, by its name. */
  public Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    for (Seen seen : Seen.values()) {
      counts.put(seen.name(), simulation.counts().get(seen));
    }
    return counts;
  }

  @Override
  public String toString() {
    return simulation.describe();
  }
}
