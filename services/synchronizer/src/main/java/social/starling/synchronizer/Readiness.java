package social.starling.synchronizer;

import io.grpc.ManagedChannel;
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
 * Whether this synchronizer can do what it is for: it has a map, and the own master answers that it
 * serves. Peers need not be there. Found out by a thread of its own, ten times a second until ready
 * and once a second from then on.
 */
final class Readiness implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration PAUSE_UNREADY = Duration.ofMillis(100);
  private static final long PROBE_MILLIS = 1000;

  private final String own;
  private final Maps maps;
  private final Line master;
  private final Consumer<Boolean> changed;
  private final Thread thread;
  private volatile Optional<String> trouble = Optional.of("starting");
  private volatile boolean leaving;

  private Readiness(String own, Maps maps, Line master, Consumer<Boolean> changed) {
    this.own = own;
    this.maps = maps;
    this.master = master;
    this.changed = changed;
    this.thread = Thread.ofVirtual().name("readiness").unstarted(this::watch);
  }

  /**
   * Starts to watch.
   *
   * @param changed told of each change, by the thread of this class
   */
  static Readiness start(String own, Maps maps, Line master, Consumer<Boolean> changed) {
    Readiness readiness = new Readiness(own, maps, master, changed);
    readiness.thread.start();
    return readiness;
  }

  /** Why the synchronizer is not ready, in a sentence; empty when it is. */
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
    return serves(channel.get())
        ? Optional.empty()
        : Optional.of("the master of " + own + " cannot be reached or does not serve");
  }

  private boolean serves(ManagedChannel channel) {
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(PROBE_MILLIS, TimeUnit.MILLISECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException e) {
      LOG.atDebug().addKeyValue("master", own).setCause(e).log("the probe failed");
      return false;
    }
  }
}
