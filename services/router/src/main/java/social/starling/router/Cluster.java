package social.starling.router;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * What the router itself has found out about a cluster: who answered as master although the map
 * does not say so yet, and which attempts are under way. Thread-safe.
 */
final class Cluster {

  /** Holds as long as the map has this epoch. */
  private record Found(long epoch, String address) {}

  private final String name;
  private final Set<Attempt> underWay = ConcurrentHashMap.newKeySet();
  private final Semaphore room = new Semaphore(Room.MOST_OF_ONE);
  private volatile Found found;

  Cluster(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Places for its calls, see {@link Room}. */
  Semaphore room() {
    return room;
  }

  /** The member that served last although another is named; empty once the map has moved on. */
  Optional<String> found(ClusterRoute route) {
    Found known = found;
    return known != null && known.epoch() == route.epoch()
        ? Optional.of(known.address())
        : Optional.empty();
  }

  /** The member at this address served. */
  void served(ClusterRoute route, String address) {
    boolean named = route.masterRoute().filter(m -> m.address().equals(address)).isPresent();
    if (named) {
      if (found != null) {
        found = null;
      }
    } else if (!found(route).filter(address::equals).isPresent()) {
      found = new Found(route.epoch(), address);
    }
  }

  /** The member at this address did not serve. */
  void refused(String address) {
    Found known = found;
    if (known != null && known.address().equals(address)) {
      found = null;
    }
  }

  void begin(Attempt attempt) {
    underWay.add(attempt);
  }

  void end(Attempt attempt) {
    underWay.remove(attempt);
  }

  /** Gives up the attempts that were begun under an earlier epoch at another than the master. */
  void follow(ClusterRoute route) {
    for (Attempt attempt : underWay) {
      if (route == null || attempt.isOvertakenBy(route)) {
        attempt.abandon();
      }
    }
  }
}
