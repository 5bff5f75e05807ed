package social.starling.router;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;

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
    for (Failure failure : Failure.values()) {
      retries.put(
          failure,
          Counter.builder("starling_router_retries")
              .description("Attempts that failed and were repeated, by reason.")
              .tag("reason", failure.name())
              .register(registry));
    }
    registry.gauge("starling_router_map_age_seconds", routes, r -> r.age().toMillis() / 1000.0);
    registry.gauge("starling_router_map_version", routes, r -> r.current().version());
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

  @Override
  public void close() {
    upstreams.close();
  }
}
