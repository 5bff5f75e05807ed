package social.starling.synchronizer;

import io.grpc.ManagedChannel;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.HttpEndpoint;
import social.starling.common.Metrics;
import social.starling.common.Readiness;
import social.starling.common.Sessions;
import social.starling.proto.coordinator.v1.SynchronizerHello;

/** A running synchronizer: its ports, its sessions, its peers. Thread-safe. */
final class SynchronizerProcess implements AutoCloseable {

  private static final Duration RELAYS = Duration.ofMillis(500);
  private static final Duration DRAIN = Duration.ofMillis(200);
  private static final Duration LEAVE = Duration.ofMillis(300);

  /**
   * What it needs.
   *
   * @param host address to listen on
   * @param advertise host name that others are told
   * @param internalPort 0 takes any free one
   * @param httpPort 0 takes any free one
   * @param cluster its own
   * @param instance names this very process
   * @param heartbeat how often it tells coordinators how it stands
   */
  record Settings(
      String host,
      String advertise,
      int internalPort,
      int httpPort,
      String cluster,
      String instance,
      List<Address> coordinators,
      Credential credential,
      Duration heartbeat,
      Patience patience) {}

  private final Maps maps = new Maps();
  private final AtomicLong held = new AtomicLong();
  private final Line master;
  private final Peers peers;
  private final SyncService service;
  private final GrpcServer server;
  private final Readiness readiness;
  private final HttpEndpoint http;
  private final Sessions<CoordinatorSession> sessions;
  private final AtomicBoolean measured = new AtomicBoolean();

  private SynchronizerProcess(Settings settings, MeterRegistry registry) {
    String own = settings.cluster();
    Patience patience = settings.patience();
    master = new Line(settings.credential());
    peers = new Peers(own, maps, master, settings.credential(), patience, registry, held);
    service = new SyncService(own, maps, master, patience, peers, held);
    server =
        GrpcServers.internalServer(
            settings.host(), settings.internalPort(), settings.credential(), service);
    readiness = Readiness.start(() -> trouble(own), ready -> turned(ready, registry));
    try {
      http = new HttpEndpoint(settings.host(), settings.httpPort(), registry, readiness::trouble);
    } catch (RuntimeException e) {
      readiness.close();
      server.close();
      throw e;
    }
    Gauge.builder("starling_sync_held_bytes", held, AtomicLong::get)
        .description("Changes that wait in this process to be passed on.")
        .register(registry);
    Gauge.builder("starling_sync_map_age_seconds", maps, m -> m.age().toMillis() / 1000.0)
        .description("Since a coordinator was heard last.")
        .register(registry);
    // Connections first: what is given up goes where they lead.
    maps.onChange(
        map -> master.follow(map.cluster(own).flatMap(ClusterView::masterAddress).orElse("")));
    maps.onChange(peers::follow);
    maps.onChange(service::follow);
    SynchronizerHello hello =
        SynchronizerHello.newBuilder()
            .setCluster(own)
            .setInstance(settings.instance())
            .setInternalAddress(new Address(settings.advertise(), server.port()).toString())
            .setHttpAddress(new Address(settings.advertise(), http.port()).toString())
            .setPid(ProcessHandle.current().pid())
            .build();
    sessions =
        new Sessions<>(
            settings.coordinators(),
            coordinator ->
                new CoordinatorSession(
                    coordinator,
                    settings.credential(),
                    hello,
                    peers::status,
                    maps,
                    settings.heartbeat(),
                    patience));
    sessions.start();
  }

  /**
   * Starts a synchronizer; it becomes ready when its master answers.
   *
   * @throws social.starling.common.StartException when a port cannot be used
   */
  static SynchronizerProcess start(Settings settings, MeterRegistry registry) {
    return new SynchronizerProcess(settings, registry);
  }

  /**
   * Why nothing can be passed on, in a sentence: there is no map with the own cluster, or its
   * master does not answer that it serves. Peers need not be there. Blocks on the master.
   */
  private Optional<String> trouble(String own) {
    PeerMap map = maps.current();
    if (!map.heard()) {
      return Optional.of("no coordinator has been heard");
    }
    if (map.cluster(own).isEmpty()) {
      return Optional.of("cluster " + own + " is not in the coordinators' map");
    }
    Optional<ManagedChannel> channel = master.channel();
    if (channel.isEmpty()) {
      return Optional.of("no coordinator names a master of " + own);
    }
    return Readiness.serves(channel.get(), own)
        ? Optional.empty()
        : Optional.of("the master of " + own + " cannot be reached or does not serve");
  }

  private void turned(boolean ready, MeterRegistry registry) {
    server.ready(ready);
    if (ready && measured.compareAndSet(false, true)) {
      Metrics.bindJvm(registry);
    }
  }

  int internalPort() {
    return server.port();
  }

  int httpPort() {
    return http.port();
  }

  Maps maps() {
    return maps;
  }

  Peers peers() {
    return peers;
  }

  Readiness readiness() {
    return readiness;
  }

  /** Says that it is not ready, ends the streams either way, and leaves the coordinators. */
  void stop() throws InterruptedException {
    readiness.close();
    server.leave();
    peers.close();
    service.stop(RELAYS);
    server.stop(DRAIN);
    for (CoordinatorSession session : sessions.all()) {
      session.leave(LEAVE);
    }
    close();
  }

  @Override
  public void close() {
    readiness.close();
    server.close();
    sessions.close();
    peers.close();
    master.close();
    http.close();
  }
}
