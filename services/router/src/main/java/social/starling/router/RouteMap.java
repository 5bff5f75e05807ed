package social.starling.router;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import social.starling.common.Slots;

/**
 * All clusters and who owns which slot, as the coordinators have told it so far. Immutable.
 *
 * @param version 0 until a coordinator has been heard; grows with each change
 * @param expectedClusters how many clusters there must be before slots are dealt out
 * @param owners the owning cluster of each slot; empty until the slots are dealt out
 */
record RouteMap(
    long version, int expectedClusters, Map<String, ClusterRoute> clusters, List<String> owners) {

  static final RouteMap NONE = new RouteMap(0, 0, Map.of(), List.of());

  boolean heard() {
    return version > 0;
  }

  boolean dealt() {
    return !owners.isEmpty();
  }

  /** Name of the cluster that owns the user; empty until slots are dealt out. */
  Optional<String> ownerOf(String user) {
    return owners.isEmpty()
        ? Optional.empty()
        : Optional.of(owners.get(Slots.of(user))).filter(name -> !name.isEmpty());
  }

  /** Every address in the map. */
  Set<String> addresses() {
    return clusters.values().stream()
        .flatMap(cluster -> cluster.members().stream())
        .filter(MemberRoute::known)
        .map(MemberRoute::address)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Why no user can be found yet. */
  String waiting() {
    return "waiting for clusters: " + clusters.size() + " of " + expectedClusters;
  }
}
