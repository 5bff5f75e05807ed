package social.starling.router;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Address;
import social.starling.common.Backoff;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Sessions;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/** Listens to one coordinator, on a thread of its own, for as long as the router lives. */
final class MapWatch implements Sessions.Session {

  private static final Logger LOG = LoggerFactory.getLogger(MapWatch.class);
  private static final Duration FIRST_WAIT = Duration.ofMillis(50);
  private static final Duration MAX_WAIT = Duration.ofMillis(500);

  private final String coordinator;
  private final Routes routes;
  private final ManagedChannel channel;
  private final Thread thread;

  private volatile boolean connected;

  MapWatch(Address coordinator, Credential credential, Routes routes) {
    this.coordinator = coordinator.toString();
    this.routes = routes;
    this.channel = Channels.open(coordinator, credential.clientInterceptor());
    this.thread = Thread.ofVirtual().name("map of " + coordinator).unstarted(this::live);
  }

  @Override
  public void start() {
    thread.start();
  }

  @Override
  public boolean connected() {
    return connected;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    thread.interrupt();
  }

  private void live() {
    try {
      watch();
    } finally {
      routes.gone(coordinator);
    }
  }

  private void watch() {
    Backoff backoff = new Backoff(FIRST_WAIT, MAX_WAIT, ThreadLocalRandom.current());
    boolean away = false;
    while (!channel.isShutdown()) {
      String trouble = "it ended the stream";
      try {
        Iterator<ClusterMap> maps =
            CoordinationGrpc.newBlockingStub(channel)
                .watchMap(WatchMapRequest.getDefaultInstance());
        while (maps.hasNext()) {
          routes.accept(coordinator, maps.next());
          connected = true;
          backoff.reset();
          if (away) {
            LOG.atInfo().addKeyValue("coordinator", coordinator).log("the coordinator is back");
          }
          away = false;
        }
      } catch (StatusRuntimeException e) {
        trouble = e.getStatus().getCode() + ": " + e.getStatus().getDescription();
      }
      connected = false;
      if (!away && !channel.isShutdown()) {
        away = true;
        routes.away(coordinator);
        LOG.atWarn()
            .addKeyValue("coordinator", coordinator)
            .addKeyValue("error", trouble)
            .log("the coordinator is away; going by the last map");
      }
      try {
        Thread.sleep(backoff.next());
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
