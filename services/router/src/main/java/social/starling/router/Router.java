package social.starling.router;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import social.starling.common.Readiness;

/**
 * What all calls share: the map, the connections, and what was found out about the clusters.
 * Thread-safe.
 */
final class Router implements AutoCloseable {

  private final Routes routes = new Routes();
  private final Upstreams upstreams = new Upstreams();
  private final Clusters clusters = new Clusters();
  private final Patience patience;
  private final Map<Failure, Counter> retries = new EnumMap<>(Failure.class);

  Router(Patience patience, MeterRegistry registry) {
    this.patience = patience;
    for (Failure failure : EnumSet.complementOf(EnumSet.of(Failure.FINAL))) {
      retries.put(
          failure,
          Counter.builder("starling_router_retries")
              .description("Attempts that failed and were repeated, by reason.")
              .tag("reason", failure.name())
              .register(registry));
    }
    Gauge.builder("starling_router_map_age_seconds", routes, r -> r.age().toMillis() / 1000.0)
        .description("Since a coordinator was heard last.")
        .register(registry);
    Gauge.builder("starling_router_map_changes", routes, r -> r.current().version())
        .description("How often the map has changed.")
        .register(registry);
    // Connections first: attempts that are given up go where they lead.
    routes.onChange(upstreams::follow);
    routes.onChange(clusters::follow);
  }

  Routes routes() {
    return routes;
  }

  Upstreams upstreams() {
    return upstreams;
  }

  Clusters clusters() {
    return clusters;
  }

  Patience patience() {
    return patience;
  }

  void retried(Failure failure) {
    retries.get(failure).increment();
  }

  /**
   * Why calls cannot be forwarded, in a sentence: there is no map with dealt slots, or no master
   * that can be reached and answers that it serves. Empty when they can. Blocks on masters.
   */
  Optional<String> trouble() {
    RouteMap map = routes.current();
    if (!map.heard()) {
      return Optional.of("no coordinator has been heard");
    }
    if (!map.dealt()) {
      return Optional.of(map.waiting());
    }
    for (ClusterRoute cluster : map.clusters().values()) {
      if (cluster.masterRoute().filter(this::serves).isPresent()) {
        return Optional.empty();
      }
    }
    return Optional.of("no cluster has a master that can be reached and serves");
  }

  private boolean serves(MemberRoute master) {
    return upstreams
        .to(master.address())
        .filter(upstream -> Readiness.serves(upstream.channel(), master.name()))
        .isPresent();
  }

  @Override
  public void close() {
    upstreams.close();
  }
}
