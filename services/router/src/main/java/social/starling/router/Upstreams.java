package social.starling.router;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The connections to all members in the map, and to nothing else. Thread-safe. */
final class Upstreams implements AutoCloseable {

  private final Map<String, Upstream> open = new ConcurrentHashMap<>();

  /** Opens what is new in the map and closes what is gone from it. */
  void follow(RouteMap map) {
    var wanted = map.addresses();
    for (String address : wanted) {
      open.computeIfAbsent(address, Upstream::open);
    }
    open.entrySet()
        .removeIf(entry -> {
          boolean gone = !wanted.contains(entry.getKey());
          if (gone) {
            entry.getValue().close();
          }
          return gone;
        });
  }

  /** The connection to an address of the map; empty when the map has just lost it. */
  Optional<Upstream> to(String address) {
    return Optional.ofNullable(open.get(address));
  }

  /** Whether none of the cluster's members could be connected to for this long. */
  boolean unreachableFor(ClusterRoute cluster, Duration time) {
    return cluster.members().stream()
        .filter(MemberRoute::known)
        .allMatch(m -> to(m.address()).map(u -> u.unreachableFor(time)).orElse(true));
  }

  /** Whether there is a connection to one of the cluster's members. */
  boolean connected(ClusterRoute cluster) {
    return cluster.members().stream()
        .filter(MemberRoute::known)
        .anyMatch(m -> to(m.address()).filter(Upstream::connected).isPresent());
  }

  @Override
  public void close() {
    open.values().forEach(Upstream::closeNow);
  }
}
