package social.starling.router;

import io.grpc.Status.Code;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/**
 * The calls that may wait in the router at once: so many in all, and for one cluster half of them
 * at most, so that a cluster that does not answer takes no room from the others. Thread-safe.
 */
final class Room {

  static final int MOST = 10_000;
  static final int MOST_OF_ONE = MOST / 2;

  private final Clusters clusters;
  private final Semaphore all = new Semaphore(MOST);

  Room(Clusters clusters) {
    this.clusters = clusters;
  }

  /**
   * Takes a place.
   *
   * @param map the clusters that there are; with one only, it may have all places
   * @param user a user of the cluster whose call it is
   * @return gives the place back
   * @throws io.grpc.StatusRuntimeException RESOURCE_EXHAUSTED when there is none
   */
  Runnable take(RouteMap map, String user) {
    if (!all.tryAcquire()) {
      throw full("the router has " + MOST + " calls in flight already; try again");
    }
    Optional<String> owner = map.ownerOf(user).filter(map.clusters()::containsKey);
    if (map.clusters().size() < 2 || owner.isEmpty()) {
      return all::release;
    }
    Cluster cluster = clusters.named(owner.get());
    if (!cluster.room().tryAcquire()) {
      all.release();
      throw full(
          "cluster "
              + cluster.name()
              + " keeps "
              + MOST_OF_ONE
              + " calls waiting already; try again");
    }
    return () -> {
      cluster.room().release();
      all.release();
    };
  }

  private static RuntimeException full(String sentence) {
    return Errors.of(Code.RESOURCE_EXHAUSTED, Reason.OVERLOADED, sentence);
  }
}
