package social.starling.operator.coordination;

import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Address;
import social.starling.common.Backoff;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Sessions;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.AdminGrpc.AdminBlockingStub;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/**
 * One coordinator: calls go to it, and its map tells when a cluster has changed.
 *
 * <p>Thread-safe. One virtual thread of its own reads the map.
 */
final class CoordinatorLink implements Sessions.Session {

  private final Logger log = LoggerFactory.getLogger(CoordinatorLink.class);
  private final Address address;
  private final Consumer<String> changed;
  private final ManagedChannel channel;
  private final Thread thread;
  private final Context.CancellableContext watching = Context.current().withCancellation();
  private final Backoff backoff =
      new Backoff(Duration.ofMillis(50), Duration.ofSeconds(1), RandomGenerator.getDefault());
  private volatile boolean connected;
  private volatile boolean closed;

  /**
   * @param changed is told the name of each cluster of which the map says something new; must not
   *     block
   */
  CoordinatorLink(Address address, Credential credential, Consumer<String> changed) {
    this.address = address;
    this.changed = changed;
    this.channel = Channels.open(address, credential.clientInterceptor());
    this.thread = Thread.ofVirtual().name("map-" + address).unstarted(this::watchAgainAndAgain);
  }

  Address address() {
    return address;
  }

  AdminBlockingStub admin(Duration limit) {
    return AdminGrpc.newBlockingStub(channel)
        .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS);
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
    closed = true;
    watching.cancel(null);
    channel.shutdownNow();
    LockSupport.unpark(thread);
  }

  private void watchAgainAndAgain() {
    Map<String, ClusterEntry> known = new HashMap<>();
    while (!closed) {
      try {
        watching.run(() -> watch(known));
      } catch (StatusRuntimeException e) {
        log.atDebug()
            .addKeyValue("coordinator", address)
            .addKeyValue("status", e.getStatus().getCode())
            .log("the map is not heard");
      } catch (RuntimeException e) {
        // Without this thread nothing would be heard of this coordinator ever again.
        log.atError().setCause(e).log("a fault in the program");
      }
      boolean was = connected;
      connected = false;
      if (was) {
        known.keySet().forEach(changed);
      }
      if (!closed) {
        LockSupport.parkNanos(this, backoff.next().toNanos());
      }
    }
  }

  private void watch(Map<String, ClusterEntry> known) {
    Iterator<ClusterMap> maps =
        CoordinationGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .watchMap(WatchMapRequest.getDefaultInstance());
    while (maps.hasNext()) {
      ClusterMap map = maps.next();
      connected = true;
      backoff.reset();
      Map<String, ClusterEntry> now = new HashMap<>();
      map.getClustersList().forEach(entry -> now.put(entry.getName(), entry));
      now.forEach((name, entry) -> {
        if (!entry.equals(known.get(name))) {
          changed.accept(name);
        }
      });
      known.keySet().stream().filter(name -> !now.containsKey(name)).forEach(changed);
      known.clear();
      known.putAll(now);
    }
  }
}
