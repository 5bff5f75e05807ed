package social.starling.router;

import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this router can do what it is for: it has a map with dealt slots, and the master of a
 * cluster at least answers that it serves. Found out by a thread of its own, four times a second
 * until ready and once a second from then on.
 */
final class Readiness implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration PAUSE_UNREADY = Duration.ofMillis(100);
  private static final long PROBE_MILLIS = 1000;

  private final Router router;
  private final Consumer<Boolean> changed;
  private final Thread thread;
  private volatile Optional<String> trouble = Optional.of("starting");
  private volatile boolean leaving;

  private Readiness(Router router, Consumer<Boolean> changed) {
    this.router = router;
    this.changed = changed;
    this.thread = Thread.ofVirtual().name("readiness").unstarted(this::watch);
  }

  /**
   * Starts to watch.
   *
   * @param changed told of each change, by the thread of this class
   */
  static Readiness start(Router router, Consumer<Boolean> changed) {
    Readiness readiness = new Readiness(router, changed);
    readiness.thread.start();
    return readiness;
  }

  /** Why the router is not ready, in a sentence; empty when it is. */
  Optional<String> trouble() {
    return leaving ? Optional.of("stopping") : trouble;
  }

  /** Not ready from now on. */
  @Override
  public void close() {
    leaving = true;
    thread.interrupt();
  }

  private void watch() {
    try {
      while (!leaving) {
        Optional<String> found = probe();
        boolean turned = found.isPresent() != trouble.isPresent();
        trouble = found;
        if (turned) {
          changed.accept(found.isEmpty());
          LOG.atInfo().addKeyValue("trouble", found.orElse("none")).log("readiness changed");
        }
        Thread.sleep(found.isEmpty() ? PAUSE : PAUSE_UNREADY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<String> probe() {
    RouteMap map = router.routes().current();
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
    Optional<Upstream> upstream = router.upstreams().to(master.address());
    if (upstream.isEmpty()) {
      return false;
    }
    try {
      return HealthGrpc.newBlockingStub(upstream.get().channel())
              .withDeadlineAfter(PROBE_MILLIS, TimeUnit.MILLISECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException e) {
      LOG.atDebug().addKeyValue("master", master.name()).setCause(e).log("the probe failed");
      return false;
    }
  }
}
