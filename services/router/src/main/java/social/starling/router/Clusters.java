package social.starling.router;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the router itself has found out about each cluster of the map. Thread-safe. */
final class Clusters {

  private final Map<String, Cluster> byName = new ConcurrentHashMap<>();

  Cluster named(String name) {
    return byName.computeIfAbsent(name, Cluster::new);
  }

  /** Attempts at members that are no longer master are given up; clusters that are gone, too. */
  void follow(RouteMap map) {
    byName.values().forEach(cluster -> cluster.follow(map.clusters().get(cluster.name())));
    byName.keySet().retainAll(map.clusters().keySet());
  }
}
