package social.starling.synchronizer;

import java.util.Map;
import java.util.Optional;

/**
 * All clusters, as the coordinators have told it so far. Immutable.
 *
 * @param version 0 until a coordinator has been heard; grows with each change
 * @param clusters by name
 */
record PeerMap(long version, Map<String, ClusterView> clusters) {

  static final PeerMap NONE = new PeerMap(0, Map.of());

  boolean heard() {
    return version > 0;
  }

  Optional<ClusterView> cluster(String name) {
    return Optional.ofNullable(clusters.get(name));
  }
}
