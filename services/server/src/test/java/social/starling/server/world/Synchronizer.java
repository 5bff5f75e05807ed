package social.starling.server.world;

import java.util.ArrayList;
import java.util.List;

/** A process that carries its cluster's changes to peers, and theirs to its cluster. No state. */
final class Synchronizer {

  private final World world;
  private final Cluster cluster;
  private final List<Relay> relays = new ArrayList<>();
  private boolean up;

  Synchronizer(World world, Cluster cluster) {
    this.world = world;
    this.cluster = cluster;
  }

  boolean up() {
    return up;
  }

  void start() {
    up = true;
    for (Cluster peer : world.clusters()) {
      if (peer != cluster) {
        Relay relay = new Relay(world, this, cluster, peer);
        relays.add(relay);
        relay.begin();
      }
    }
  }

  /** kill -9. Messages of its relays are still on their way. */
  void crash() {
    up = false;
    relays.clear();
  }
}
