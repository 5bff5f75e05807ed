package social.starling.coordinator;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;

/** What this process measures. Thread-safe. */
final class CoordinatorMetrics {

  private final MeterRegistry meters;
  private final Map<String, List<Meter>> byCluster = new HashMap<>();

  CoordinatorMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  /** Measures what there is one of. */
  void bind(
      Sessions sessions, Synchronizers synchronizers, MapWatchers watchers, Registry registry) {
    Gauge.builder("starling_coordinator_sessions", sessions, Sessions::count)
        .description("Sessions of members that are open.")
        .register(meters);
    Gauge.builder("starling_coordinator_synchronizers", synchronizers, Synchronizers::count)
        .description("Sessions of synchronizers that are open.")
        .register(meters);
    Gauge.builder("starling_coordinator_slots_version", registry, r -> r.slots().version())
        .description("Version of the table of slots.")
        .register(meters);
    Gauge.builder("starling_coordinator_map_watchers", watchers, MapWatchers::count)
        .description("Streams of the map that are open.")
        .register(meters);
    Gauge.builder("starling_coordinator_store_failing", registry, r -> r.isStale() ? 1 : 0)
        .description("1 while the state cannot be written or read.")
        .register(meters);
  }

  /** Measures a cluster from now on. */
  synchronized void recorded(
      RecordedCluster cluster, Registry registry, Sessions sessions, Synchronizers synchronizers) {
    if (byCluster.containsKey(cluster.name())) {
      return;
    }
    List<Meter> own = new ArrayList<>();
    String name = cluster.name();
    own.add(
        Gauge.builder("starling_coordinator_epoch", () -> epoch(registry, name))
            .description("Epoch of the configuration.")
            .tag("cluster", name)
            .register(meters));
    own.add(
        Gauge.builder("starling_coordinator_in_sync", () -> inSync(registry, name))
            .description("Members whose volume is in sync.")
            .tag("cluster", name)
            .register(meters));
    own.add(
        Gauge.builder("starling_coordinator_slots", () -> registry.slots().count(cluster.number()))
            .description("Slots that the cluster owns.")
            .tag("cluster", name)
            .register(meters));
    own.add(
        Gauge.builder("starling_coordinator_down", () -> sessions.isDown(name) ? 1 : 0)
            .description("1 while no member is heard, or none that could be master.")
            .tag("cluster", name)
            .register(meters));
    own.add(
        Gauge.builder(
                "starling_coordinator_synchronizer_heard",
                () -> synchronizers.address(name).isEmpty() ? 0 : 1)
            .description("1 while the cluster's synchronizer is heard.")
            .tag("cluster", name)
            .register(meters));
    for (String member : cluster.members()) {
      MemberKey key = new MemberKey(name, member);
      own.add(
          Gauge.builder("starling_coordinator_heard", () -> heard(sessions, key))
              .description("1 while the member is heard.")
              .tag("cluster", name)
              .tag("member", member)
              .register(meters));
    }
    byCluster.put(name, own);
  }

  synchronized void forgotten(RecordedCluster cluster) {
    List<Meter> own = byCluster.remove(cluster.name());
    if (own != null) {
      own.forEach(meters::remove);
    }
  }

  /** Counts a reconfiguration by its kind and outcome. */
  ReconfigureResponse reconfigured(
      ReconfigureRequest request, Function<ReconfigureRequest, ReconfigureResponse> change) {
    String kind = request.getChangeCase().name().toLowerCase(Locale.ROOT);
    String outcome = "failed";
    try {
      ReconfigureResponse response = change.apply(request);
      outcome = response.getExecuted() ? "executed" : "refused";
      return response;
    } finally {
      Counter.builder("starling_coordinator_reconfigurations")
          .description("Requests to change a configuration.")
          .tag("kind", kind)
          .tag("outcome", outcome)
          .register(meters)
          .increment();
    }
  }

  /** Times the compare-and-set. */
  Store timed(Store store) {
    return new TimedStore(
        store,
        Timer.builder("starling_coordinator_compare_and_set")
            .description("One compare-and-set of the store, until it is durable.")
            .publishPercentileHistogram(false)
            .register(meters));
  }

  private static double epoch(Registry registry, String cluster) {
    return registry.cluster(cluster).map(RecordedCluster::epoch).orElse(0L);
  }

  private static double inSync(Registry registry, String cluster) {
    return registry.cluster(cluster).map(c -> c.configuration().getInSyncCount()).orElse(0);
  }

  private static double heard(Sessions sessions, MemberKey key) {
    return sessions.hearing(key) == Hearing.HEARD ? 1 : 0;
  }
}
