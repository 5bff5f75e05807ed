package social.starling.coordinator;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Timing;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerReport;
import social.starling.proto.coordinator.v1.SynchronizerStatus;

/**
 * The sessions of the synchronizers: which of them is heard, and where. Of a cluster's the newest
 * session counts; an older one is ended. What they are told is the map, which the {@link
 * MapWatchers} send. Nothing here outlives the process.
 *
 * <p>Thread-safe: guarded by this object's monitor, which is held over no I/O and over no call of
 * another part; what is looked up for the map takes no lock.
 */
final class Synchronizers {

  /** One open session. Its fields are guarded by the monitor of the synchronizers. */
  static final class Session {
    private final Outbox<ClusterMap> outbox;
    private final long since;
    private String cluster;

    private Session(Outbox<ClusterMap> outbox, long since) {
      this.outbox = outbox;
      this.since = since;
    }

    Outbox<ClusterMap> outbox() {
      return outbox;
    }
  }

  private record Last(SynchronizerHello hello, Optional<SynchronizerStatus> status) {}

  private static final Logger LOG = LoggerFactory.getLogger(Synchronizers.class);
  private static final int MAX_GREETING = 256;
  private static final long HELLO_NANOS = Duration.ofSeconds(5).toNanos();
  private static final String ROLE = "synchronizer";

  private final LongSupplier nanoTime;
  private final Runnable mapChanged;
  private final Hearings hearings;
  private final Map<String, Session> open = new HashMap<>();
  private final Set<Session> greeting = new HashSet<>();
  private final Map<String, Last> last = new HashMap<>();
  private final Map<String, String> addresses = new ConcurrentHashMap<>();

  /**
   * @param nanoTime the clock; this coordinator started now
   * @param mapChanged called, without the monitor, after an address came or went
   */
  Synchronizers(Timing timing, LongSupplier nanoTime, Runnable mapChanged) {
    this.nanoTime = nanoTime;
    this.mapChanged = mapChanged;
    hearings = new Hearings(timing.silence(), nanoTime.getAsLong());
  }

  /**
   * A stream was opened; its Hello is awaited.
   *
   * @throws Refusal when too many are
   */
  synchronized Session greet(Outbox<ClusterMap> outbox) {
    if (greeting.size() >= MAX_GREETING) {
      throw Refusal.of(
          Refusal.Kind.EXHAUSTED,
          "%d sessions of synchronizers are open that have not said who they are",
          MAX_GREETING);
    }
    Session session = new Session(outbox, nanoTime.getAsLong());
    greeting.add(session);
    return session;
  }

  /**
   * The session has said whose it is. It takes the place of an earlier one of that cluster.
   *
   * @param recorded tells, without a lock, whether a cluster is recorded
   * @throws Refusal when its cluster is not
   */
  void open(Session session, SynchronizerHello hello, Predicate<String> recorded) {
    Session before;
    synchronized (this) {
      if (!recorded.test(hello.getCluster())) {
        throw Refusal.of(
            Refusal.Kind.UNKNOWN, "cluster \"%s\" is not recorded", hello.getCluster());
      }
      if (!greeting.remove(session)) {
        return;
      }
      MemberKey key = key(hello.getCluster());
      session.cluster = hello.getCluster();
      before = open.put(session.cluster, session);
      last.put(session.cluster, new Last(hello, Optional.empty()));
      addresses.put(session.cluster, hello.getInternalAddress());
      hearings.expect(key, nanoTime.getAsLong());
      hearings.heard(key, nanoTime.getAsLong());
    }
    if (before != null) {
      before.outbox.close(replaced(hello));
    }
    LOG.atInfo()
        .addKeyValue("cluster", hello.getCluster())
        .addKeyValue("instance", hello.getInstance())
        .log("session of a synchronizer opened");
    mapChanged.run();
  }

  /** A status came. */
  void heard(Session session, SynchronizerStatus status) {
    boolean back;
    synchronized (this) {
      if (session.cluster == null || open.get(session.cluster) != session) {
        return;
      }
      SynchronizerHello hello = last.get(session.cluster).hello();
      last.put(session.cluster, new Last(hello, Optional.of(status)));
      hearings.heard(key(session.cluster), nanoTime.getAsLong());
      back = addresses.put(session.cluster, hello.getInternalAddress()) == null;
    }
    if (back) {
      mapChanged.run();
    }
  }

  /** The stream has ended, from whichever side. No effect when it was replaced. */
  void ended(Session session) {
    synchronized (this) {
      session.outbox.gone();
      greeting.remove(session);
      if (session.cluster == null || !open.remove(session.cluster, session)) {
        return;
      }
      addresses.remove(session.cluster);
      hearings.broken(key(session.cluster), nanoTime.getAsLong());
    }
    LOG.atInfo().addKeyValue("cluster", session.cluster).log("session of a synchronizer ended");
    mapChanged.run();
  }

  /** The session of a cluster is ended, and what was heard is forgotten. */
  synchronized void forgotten(String cluster) {
    Session session = open.remove(cluster);
    last.remove(cluster);
    addresses.remove(cluster);
    hearings.forget(key(cluster));
    if (session != null) {
      session.outbox.close(
          Status.NOT_FOUND.withDescription("the cluster was forgotten").asRuntimeException());
    }
  }

  /**
   * Finds who is silent, and cuts who does not say who it is. A silent one stays in the map until
   * it is lost: its peers find out by themselves, and a pause is no reason to tell all.
   */
  void tick() {
    boolean gone = false;
    synchronized (this) {
      long now = nanoTime.getAsLong();
      for (Hearings.Change change : hearings.tick(now)) {
        if (change.hearing() == Hearing.LOST) {
          gone |= addresses.remove(change.member().cluster()) != null;
        }
      }
      for (Session session : new ArrayList<>(greeting)) {
        if (now - session.since > HELLO_NANOS) {
          greeting.remove(session);
          session.outbox.close(
              Status.DEADLINE_EXCEEDED
                  .withDescription("a session begins with a Hello within 5 s")
                  .asRuntimeException());
        }
      }
    }
    if (gone) {
      mapChanged.run();
    }
  }

  /** Where the synchronizer of a cluster is; empty while none is heard. Takes no lock. */
  String address(String cluster) {
    return addresses.getOrDefault(cluster, "");
  }

  /** What is heard of the synchronizer of a cluster; empty when this process never heard it. */
  synchronized Optional<SynchronizerReport> report(String cluster) {
    Last known = last.get(cluster);
    if (known == null) {
      return Optional.empty();
    }
    MemberKey key = key(cluster);
    SynchronizerReport.Builder report =
        SynchronizerReport.newBuilder()
            .setHearing(hearings.of(key))
            .setHello(known.hello())
            .setHeardMillisAgo(hearings.nanosSinceHeard(key, nanoTime.getAsLong()) / 1_000_000);
    known.status().ifPresent(report::setStatus);
    return Optional.of(report.build());
  }

  synchronized int count() {
    return open.size();
  }

  /** Ends every session: this process stops. */
  synchronized void close() {
    List<Session> all = new ArrayList<>(open.values());
    all.addAll(greeting);
    all.forEach(session -> session.outbox.complete());
  }

  private static MemberKey key(String cluster) {
    return new MemberKey(cluster, ROLE);
  }

  private static StatusRuntimeException replaced(SynchronizerHello hello) {
    return Status.ABORTED
        .withDescription(
            "process %s opened another session as synchronizer of %s"
                .formatted(hello.getInstance(), hello.getCluster()))
        .asRuntimeException();
  }
}
