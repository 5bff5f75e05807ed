package social.starling.server.world;

import java.util.ArrayList;
import java.util.List;
import social.starling.replication.SimulatedPair;
import social.starling.server.state.State;

/** A cluster of the world: its pair, its synchronizers, its users. */
final class Cluster {

  private final int number;
  private final Chronicle chronicle;
  private final SimulatedPair pair;
  private final List<Synchronizer> synchronizers = new ArrayList<>();
  private final List<SimulatedUser> users = new ArrayList<>();

  Cluster(World world, int number, long seed) {
    this.number = number;
    chronicle = new Chronicle(world, number);
    pair =
        new SimulatedPair(
            world.time(),
            number,
            () ->
                new MemoryTables(
                    state -> new MemberState(world, this, state), world.plant()::keeps),
            seed,
            world.tracing() ? what -> world.note(() -> "cluster " + number + ": " + what) : null);
  }

  int number() {
    return number;
  }

  Chronicle chronicle() {
    return chronicle;
  }

  SimulatedPair pair() {
    return pair;
  }

  List<Synchronizer> synchronizers() {
    return synchronizers;
  }

  List<SimulatedUser> users() {
    return users;
  }

  /** What a member answers with if it believes to be the open master; else null. */
  MemberState serving(int member) {
    return (MemberState) pair.serving(member);
  }

  /** The state of a member that may answer a read now, or null. */
  State readable(int member) {
    return pair.mayRead(member) ? serving(member).state() : null;
  }

  State state(int member) {
    return ((MemberState) pair.application(member)).state();
  }

  @Override
  public String toString() {
    return "cluster " + number;
  }
}
