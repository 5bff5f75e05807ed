package social.starling.synchronizer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import social.starling.proto.sync.v1.Batch;

/** What is counted about one peer, for as long as it is in the map. Thread-safe. */
final class PeerMeters implements AutoCloseable {

  private final MeterRegistry registry;
  private final Counter receivedBatches;
  private final Counter receivedItems;
  private final Counter sentBatches;
  private final Counter sentItems;
  private final Counter sentBytes;
  private final Counter reconnects;
  private final Timer delivery;
  private final List<Meter> all;

  PeerMeters(MeterRegistry registry, String peer, Progress progress) {
    this.registry = registry;
    receivedBatches =
        counter(peer, "received_batches", "Batches from the peer that took effect here.");
    receivedItems = counter(peer, "received_items", "Changes from the peer that took effect here.");
    sentBatches = counter(peer, "sent_batches", "Batches passed on to the peer.");
    sentItems = counter(peer, "sent_items", "Changes passed on to the peer.");
    sentBytes =
        counter(
            peer,
            "sent_bytes",
            "Bytes passed on to the peer, notices that there is nothing included.");
    reconnects = counter(peer, "reconnects", "Times that receiving from the peer broke.");
    delivery =
        Timer.builder("starling_sync_delivery")
            .description("From a batch's arrival at the own master to its effect.")
            .tag("peer", peer)
            .register(registry);
    Gauge lag =
        Gauge.builder("starling_sync_lag_entries", progress, Progress::lag)
            .description("Entries that the peer has announced and this cluster has not.")
            .tag("peer", peer)
            .register(registry);
    Gauge index =
        Gauge.builder("starling_sync_received_index", progress, Progress::received)
            .description("Up to this entry of the peer's journal all that is for here is here.")
            .tag("peer", peer)
            .register(registry);
    Gauge connected =
        Gauge.builder("starling_sync_connected", progress, p -> p.connected() ? 1 : 0)
            .description("1 while the peer's changes arrive.")
            .tag("peer", peer)
            .register(registry);
    all =
        List.of(
            receivedBatches,
            receivedItems,
            sentBatches,
            sentItems,
            sentBytes,
            reconnects,
            delivery,
            lag,
            index,
            connected);
  }

  /** A batch from the peer took effect. */
  void took(int items, long nanos) {
    receivedBatches.increment();
    receivedItems.increment(items);
    delivery.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A batch was passed on to the peer, or a notice that there is nothing for it. */
  void sent(Batch batch) {
    sentBytes.increment(batch.getSerializedSize());
    if (batch.hasUpTo()) {
      sentBatches.increment();
      sentItems.increment(batch.getItemsCount());
    }
  }

  /** Receiving from the peer broke. */
  void broke() {
    reconnects.increment();
  }

  @Override
  public void close() {
    all.forEach(registry::remove);
  }

  private Counter counter(String peer, String name, String description) {
    return Counter.builder("starling_sync_" + name)
        .description(description)
        .tag("peer", peer)
        .register(registry);
  }
}
