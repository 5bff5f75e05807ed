package social.starling.router;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import social.starling.common.Published;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.SlotOwner;

/**
 * The map that the router goes by: what all coordinators have told, merged.
 *
 * <ol>
 *   <li>Of each cluster the entry with the highest epoch counts. At the same epoch the entry counts
 *       that its coordinator changed last, so that one that lags behind does not undo it.
 *   <li>A member's address is kept when a coordinator that has just started does not know it yet.
 *   <li>Slots once dealt out stay so until a coordinator tells of others.
 *   <li>A cluster disappears when no coordinator's last map has it.
 *   <li>A cluster is down when every coordinator that is there says so; one that is away has no
 *       say, for it may have left before the cluster came back.
 *   <li>Nothing is dropped because coordinators are away. What one told that is gone for good (its
 *       address is nobody's any more) is dropped once another is heard.
 * </ol>
 *
 * <p>Thread-safe: one lock guards the merge; readers see immutable maps.
 */
final class Routes {

  private final Published<RouteMap> published = new Published<>(RouteMap.NONE, RouteMap::version);
  private final Map<String, ClusterMap> told = new HashMap<>();
  private final Set<String> away = new HashSet<>();
  private final Set<String> gone = new HashSet<>();

  /** The map as it is now. */
  RouteMap current() {
    return published.current();
  }

  /** Since a coordinator was heard last (since the start when none has been). */
  Duration age() {
    return published.age();
  }

  /** Calls the listener at each change, under the lock and in order; it must not block. */
  void onChange(Consumer<RouteMap> listener) {
    published.onChange(listener);
  }

  /**
   * Waits until there is a map other than the one with this version.
   *
   * @return false when the time passed without one
   */
  boolean awaitOtherThan(long version, Duration time) throws InterruptedException {
    return published.awaitOtherThan(version, time);
  }

  /** A coordinator was heard. */
  void accept(String coordinator, ClusterMap map) {
    published.hear(current -> {
      ClusterMap before = told.getOrDefault(coordinator, ClusterMap.getDefaultInstance());
      told.put(coordinator, map);
      away.remove(coordinator);
      gone.remove(coordinator);
      dropGone();
      return become(current, merge(current, before, map));
    });
  }

  /** A coordinator is heard no longer. */
  void away(String coordinator) {
    published.change(current -> {
      if (!away.add(coordinator) || !current.heard()) {
        return current;
      }
      return become(
          current,
          new RouteMap(
              current.version(),
              current.expectedClusters(),
              withDown(current.clusters()),
              current.owners()));
    });
  }

  /** A coordinator will not be heard again. */
  void gone(String coordinator) {
    away(coordinator);
    published.change(current -> {
      gone.add(coordinator);
      if (!away.containsAll(told.keySet())) {
        dropGone();
      }
      return current;
    });
  }

  private void dropGone() {
    told.keySet().removeAll(gone);
    away.removeAll(gone);
    gone.clear();
  }

  private static RouteMap become(RouteMap current, RouteMap merged) {
    return merged.equals(current)
        ? current
        : new RouteMap(
            current.version() + 1, merged.expectedClusters(), merged.clusters(), merged.owners());
  }

  // With the current version unless this is the first map, so that equality means no change.
  private RouteMap merge(RouteMap current, ClusterMap before, ClusterMap map) {
    Map<String, ClusterRoute> clusters = new HashMap<>();
    for (Map.Entry<String, ClusterRoute> known : current.clusters().entrySet()) {
      if (toldByAny(known.getKey())) {
        clusters.put(known.getKey(), known.getValue());
      }
    }
    for (ClusterEntry entry : map.getClustersList()) {
      ClusterRoute route = ClusterRoute.of(entry);
      ClusterRoute known = clusters.get(route.name());
      if (known == null) {
        clusters.put(route.name(), route);
      } else if (route.epoch() > known.epoch()
          || route.epoch() == known.epoch() && !before.getClustersList().contains(entry)) {
        clusters.put(route.name(), route.withAddressesOf(known));
      }
    }
    boolean slotsTold =
        map.getSlotsCount() > 0
            && (current.owners().isEmpty() || !map.getSlotsList().equals(before.getSlotsList()));
    return new RouteMap(
        Math.max(1, current.version()),
        map.getExpectedClusters(),
        withDown(clusters),
        slotsTold ? owners(map.getSlotsList()) : current.owners());
  }

  private Map<String, ClusterRoute> withDown(Map<String, ClusterRoute> clusters) {
    Map<String, ClusterRoute> judged = new HashMap<>();
    clusters.forEach((name, route) -> judged.put(name, route.withDown(isDown(name))));
    return Map.copyOf(judged);
  }

  private boolean isDown(String cluster) {
    List<Boolean> said =
        told.entrySet().stream()
            .filter(each -> !away.contains(each.getKey()))
            .flatMap(each -> each.getValue().getClustersList().stream())
            .filter(entry -> entry.getName().equals(cluster))
            .map(ClusterEntry::getDown)
            .toList();
    return !said.isEmpty() && !said.contains(false);
  }

  private boolean toldByAny(String cluster) {
    return told.values().stream()
        .flatMap(map -> map.getClustersList().stream())
        .anyMatch(entry -> entry.getName().equals(cluster));
  }

  private static List<String> owners(List<SlotOwner> ranges) {
    String[] owners = new String[Slots.COUNT];
    Arrays.fill(owners, "");
    for (SlotOwner range : ranges) {
      for (int slot = range.getFrom(); slot < Math.min(range.getTo(), Slots.COUNT); slot++) {
        owners[slot] = range.getCluster();
      }
    }
    return List.of(owners);
  }
}
