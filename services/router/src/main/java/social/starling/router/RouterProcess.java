package social.starling.router;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.HttpEndpoint;
import social.starling.common.Metrics;
import social.starling.common.Readiness;
import social.starling.common.Sessions;

/** A running router: its ports, its watches and its streams. Thread-safe. */
final class RouterProcess implements AutoCloseable {

  private static final Duration DRAIN = Duration.ofSeconds(3);

  /**
   * What it needs.
   *
   * @param host address to listen on
   * @param publicPort 0 takes any free one
   * @param httpPort 0 takes any free one
   */
  record Settings(
      String host,
      int publicPort,
      int httpPort,
      List<Address> coordinators,
      Credential credential,
      Patience patience) {}

  private final Router router;
  private final OpenStreams streams;
  private final GrpcServer server;
  private final Readiness readiness;
  private final HttpEndpoint http;
  private final Sessions<MapWatch> watches;
  private final AtomicBoolean measured = new AtomicBoolean();

  private RouterProcess(Settings settings, MeterRegistry registry) {
    router = new Router(settings.patience(), registry);
    streams = new OpenStreams(registry);
    server =
        GrpcServers.publicServer(
            settings.host(),
            settings.publicPort(),
            method -> true,
            List.of(Metrics.calls(registry)),
            new SnsForward(router, streams),
            new LocateService(router.routes(), router.upstreams()));
    readiness = Readiness.start(router::trouble, ready -> turned(ready, registry));
    try {
      http = new HttpEndpoint(settings.host(), settings.httpPort(), registry, readiness::trouble);
    } catch (RuntimeException e) {
      readiness.close();
      server.close();
      throw e;
    }
    watches =
        new Sessions<>(
            settings.coordinators(),
            coordinator -> new MapWatch(coordinator, settings.credential(), router.routes()));
    watches.start();
  }

  /**
   * Starts a router; it becomes ready when it has heard of a master.
   *
   * @throws social.starling.common.StartException when a port cannot be used
   */
  static RouterProcess start(Settings settings, MeterRegistry registry) {
    return new RouterProcess(settings, registry);
  }

  private void turned(boolean ready, MeterRegistry registry) {
    server.ready(ready);
    if (ready && measured.compareAndSet(false, true)) {
      Metrics.bindJvm(registry);
    }
  }

  int publicPort() {
    return server.port();
  }

  int httpPort() {
    return http.port();
  }

  Readiness readiness() {
    return readiness;
  }

  Router router() {
    return router;
  }

  /** Says that it is not ready, ends the streams, and lets calls in flight end. */
  void stop() throws InterruptedException {
    readiness.close();
    server.leave();
    streams.endAll();
    server.stop(DRAIN);
    close();
  }

  @Override
  public void close() {
    readiness.close();
    server.close();
    watches.close();
    router.close();
    http.close();
  }
}
