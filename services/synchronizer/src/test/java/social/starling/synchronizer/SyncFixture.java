package social.starling.synchronizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import social.starling.common.Channels;
import social.starling.common.Metrics;
import social.starling.proto.sync.v1.Position;
import social.starling.proto.sync.v1.SubscribeRequest;

/** Two clusters of fake members, alpha (number 0) and beta (number 1), with real synchronizers. */
final class SyncFixture {

  /** Silence is given up sooner than in life, so that tests take less time. */
  static final Patience QUICK =
      new Patience(
          Duration.ofMillis(900),
          Duration.ofMillis(300),
          Duration.ofMillis(1500),
          Duration.ofSeconds(30),
          Duration.ofMillis(10),
          Duration.ofMillis(100));

  /** Nothing is given up for being slow. */
  static final Patience PATIENT =
      new Patience(
          Duration.ofMinutes(1),
          Duration.ofMillis(300),
          Duration.ofMinutes(1),
          Duration.ofMinutes(1),
          Duration.ofMillis(10),
          Duration.ofMillis(100));

  static final int ALPHA = 0;
  static final int BETA = 1;

  final FakeCoordinator coordinator = new FakeCoordinator();
  final FakeCluster alpha = new FakeCluster();
  final FakeCluster beta = new FakeCluster();
  final FakeMember alpha1 = new FakeMember("alpha-1", alpha);
  final FakeMember alpha2 = new FakeMember("alpha-2", alpha);
  final FakeMember beta1 = new FakeMember("beta-1", beta);
  final FakeMember beta2 = new FakeMember("beta-2", beta);
  private final List<AutoCloseable> opened = new ArrayList<>();

  SyncFixture() {
    alphaMaster(1, alpha1);
    betaMaster(1, beta1);
  }

  void alphaMaster(long epoch, FakeMember master) {
    coordinator.record(
        FakeCoordinator.cluster("alpha", ALPHA, epoch, master, master == alpha1 ? alpha2 : alpha1));
  }

  void betaMaster(long epoch, FakeMember master) {
    coordinator.record(
        FakeCoordinator.cluster("beta", BETA, epoch, master, master == beta1 ? beta2 : beta1));
  }

  /** A synchronizer, with a registry of its own. */
  record Running(SynchronizerProcess process, PrometheusMeterRegistry registry)
      implements AutoCloseable {

    double metric(String name, String peer) {
      return registry.get(name).tag("peer", peer).meter().measure().iterator().next().getValue();
    }

    double held() {
      return registry.get("starling_sync_held_bytes").gauge().value();
    }

    @Override
    public void close() {
      process.close();
    }
  }

  Running start(String cluster) {
    return start(cluster, QUICK, coordinator);
  }

  Running start(String cluster, Patience patience, FakeCoordinator... coordinators) {
    PrometheusMeterRegistry registry = Metrics.registry("synchronizer", Map.of("cluster", cluster));
    SynchronizerProcess process =
        SynchronizerProcess.start(
            new SynchronizerProcess.Settings(
                "127.0.0.1",
                "127.0.0.1",
                0,
                0,
                cluster,
                cluster + "-synchronizer",
                List.of(coordinators).stream().map(FakeCoordinator::address).toList(),
                FakeMember.CREDENTIAL,
                Duration.ofMillis(50),
                patience),
            registry);
    Running running = new Running(process, registry);
    opened.add(running);
    return running;
  }

  <T extends AutoCloseable> T with(T resource) {
    opened.add(resource);
    return resource;
  }

  /** A channel to a synchronizer, with the right credential. */
  ManagedChannel channel(Running running) {
    ManagedChannel channel =
        Channels.open(
            "127.0.0.1:" + running.process().internalPort(),
            FakeMember.CREDENTIAL.clientInterceptor());
    opened.add(channel::shutdownNow);
    return channel;
  }

  /** What beta asks alpha. */
  static SubscribeRequest.Builder betaAsks() {
    return SubscribeRequest.newBuilder()
        .setReceiver(BETA)
        .setReceiverCluster("beta")
        .setSenderCluster("alpha")
        .setAfter(Position.getDefaultInstance());
  }

  void awaitReceived(FakeCluster cluster, List<String> names) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(cluster.received()).isEqualTo(names));
  }

  static void until(Supplier<Boolean> condition) {
    await().atMost(Duration.ofSeconds(20)).until(condition::get);
  }

  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    coordinator.close();
    List.of(alpha1, alpha2, beta1, beta2).forEach(FakeMember::close);
  }
}
