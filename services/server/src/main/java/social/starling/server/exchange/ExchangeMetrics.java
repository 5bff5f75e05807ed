package social.starling.server.exchange;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import social.starling.proto.sync.v1.Batch;

/** What goes to and comes from other clusters, by the peer's number. Thread-safe. */
final class ExchangeMetrics {

  /** One direction, one peer. */
  record Flow(Counter batches, Counter items, Counter bytes) {
    void count(Batch batch) {
      batches.increment();
      items.increment(batch.getItemsCount());
      bytes.increment(batch.getSerializedSize());
    }
  }

  private record Key(String direction, int peer) {}

  private final MeterRegistry registry;
  private final Map<Key, Flow> flows = new ConcurrentHashMap<>();

  /** Batches that did not begin at the cursor. */
  final Counter aborted;

  /** Batches that were refused for what they are. */
  final Counter refused;

  ExchangeMetrics(MeterRegistry registry) {
    this.registry = registry;
    aborted =
        Counter.builder("starling.exchange.aborted")
            .description("Batches that did not begin at the cursor.")
            .register(registry);
    refused =
        Counter.builder("starling.exchange.refused")
            .description("Batches refused because they are malformed, too large or foreign.")
            .register(registry);
  }

  /** Handed to the cluster's synchronizer for a peer. */
  Flow sent(int peer) {
    return flow("sent", "Handed out for a peer", peer);
  }

  /** From a peer, committed here. */
  Flow received(int peer) {
    return flow("received", "Of a peer, committed here", peer);
  }

  void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  private Flow flow(String direction, String what, int peer) {
    return flows.computeIfAbsent(
        new Key(direction, peer),
        _ -> {
          List<Counter> counters =
              List.of("batches", "items", "bytes").stream()
                  .map(unit ->
                      Counter.builder("starling.exchange." + direction + "." + unit)
                          .description(what + ": " + unit + ".")
                          .tag("peer", Integer.toString(peer))
                          .register(registry))
                  .toList();
          return new Flow(counters.get(0), counters.get(1), counters.get(2));
        });
  }
}
