package social.starling.server.member;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/** What a member counts and times. Cheap enough for each write; thread-safe. */
final class MemberMetrics {

  /** From a write's arrival to its answer. */
  final Timer commit;

  /** One batch: the transaction and its fsync. */
  final Timer batch;

  final DistributionSummary batchEntries;
  final Counter committed;
  final Counter leaseWaits;
  final Counter roleChanges;
  final Counter fullCopies;
  final Counter overloaded;

  private final MeterRegistry registry;

  MemberMetrics(MeterRegistry registry) {
    this.registry = registry;
    commit =
        Timer.builder("starling.commit.seconds")
            .description("From a write's arrival at the master to its commit.")
            .publishPercentiles(0.5, 0.99)
            .register(registry);
    batch =
        Timer.builder("starling.store.batch.seconds")
            .description("One batch on the volume: transaction and fsync.")
            .publishPercentiles(0.5, 0.99)
            .register(registry);
    batchEntries =
        DistributionSummary.builder("starling.store.batch.entries")
            .description("Journal entries that share one fsync.")
            .publishPercentiles(0.5, 0.99)
            .register(registry);
    committed = counter("starling.entries.committed", "Journal entries committed and applied.");
    leaseWaits =
        counter("starling.lease.waits", "Reads that waited for the slave to confirm the lease.");
    roleChanges = counter("starling.role.changes", "Changes of this member's role.");
    fullCopies = counter("starling.full.copies", "Full copies taken from the master.");
    overloaded = counter("starling.writes.overloaded", "Writes refused because a queue was full.");
  }

  void gauge(String name, String description, DoubleSupplier value) {
    Supplier<Number> number = value::getAsDouble;
    Gauge.builder(name, number).description(description).register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
