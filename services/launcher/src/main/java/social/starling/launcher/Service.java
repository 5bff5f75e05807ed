package social.starling.launcher;

import java.util.Objects;
import java.util.Optional;

/**
 * A process that ought to run, whoever runs it at the moment.
 *
 * @param kind what it is
 * @param name unique in a data directory: {@code coordinator}, {@code router}, {@code alpha-1},
 *     {@code alpha-synchronizer}
 * @param cluster the cluster that a server or a synchronizer belongs to; empty for the others
 */
record Service(Kind kind, String name, Optional<String> cluster) {

  Service {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(name, "name");
  }

  static Service coordinator() {
    return new Service(Kind.COORDINATOR, "coordinator", Optional.empty());
  }

  static Service router() {
    return new Service(Kind.ROUTER, "router", Optional.empty());
  }

  static Service server(String cluster, String member) {
    return new Service(Kind.SERVER, member, Optional.of(cluster));
  }

  static Service synchronizer(String cluster) {
    return new Service(Kind.SYNCHRONIZER, cluster + "-synchronizer", Optional.of(cluster));
  }

  boolean isOf(String name) {
    return cluster.filter(name::equals).isPresent();
  }
}
