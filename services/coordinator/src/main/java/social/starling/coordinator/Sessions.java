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
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Timing;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinatorHeartbeat;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Dead;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Members;
import social.starling.proto.coordinator.v1.Suspicion;

/**
 * The sessions of the members: who is heard, where, and what they are told.
 *
 * <p>A session gets, when it opens, the configuration of its cluster, the members, what is heard of
 * the other member, and the processes of the cluster that are known to be dead; then each change at
 * once, and a heartbeat. Nothing here outlives the process.
 *
 * <p>Thread-safe. All state is guarded by one lock, which is held over no I/O: what is sent is
 * handed to an {@link Outbox}. The registry calls with its own lock held, so nothing here calls the
 * registry's changes.
 */
final class Sessions {

  /** One open session. Its fields are guarded by the lock of the sessions. */
  static final class Session {
    private final Outbox<CoordinatorMessage> outbox;
    private final long since;
    private MemberKey key;
    private String instance;
    private long epochSent = -1;

    private Session(Outbox<CoordinatorMessage> outbox, long since) {
      this.outbox = outbox;
      this.since = since;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
  private static final int MAX_GREETING = 1024;
  private static final long HELLO_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long SLOW_NANOS = Duration.ofSeconds(10).toNanos();
  private static final CoordinatorMessage HEARTBEAT =
      CoordinatorMessage.newBuilder()
          .setHeartbeat(CoordinatorHeartbeat.getDefaultInstance())
          .build();

  private final long heartbeatNanos;
  private final LongSupplier nanoTime;
  private final Runnable mapChanged;
  private final ReentrantLock lock = new ReentrantLock();
  private final Hearings hearings;
  private final Map<MemberKey, Session> open = new HashMap<>();
  private final Set<Session> greeting = new HashSet<>();
  private final Deaths deaths = new Deaths();
  private final Map<String, RecordedCluster> clusters = new HashMap<>();
  private final Map<MemberKey, Presence> presences = new ConcurrentHashMap<>();
  private final Set<String> down = ConcurrentHashMap.newKeySet();
  private SlotTable slots = SlotTable.empty();
  private long lastBeat;
  private boolean mapStale;

  /**
   * @param nanoTime the clock; this coordinator started now
   * @param mapChanged called, without the lock, after a member's addresses changed, or a cluster is
   *     down or no longer
   */
  Sessions(Timing timing, LongSupplier nanoTime, Runnable mapChanged) {
    this.heartbeatNanos = timing.heartbeat().toNanos();
    this.nanoTime = nanoTime;
    this.mapChanged = mapChanged;
    this.hearings = new Hearings(timing.silence(), nanoTime.getAsLong());
    this.lastBeat = nanoTime.getAsLong();
  }

  /**
   * A stream was opened; its Hello is awaited.
   *
   * @throws Refusal when too many are
   */
  Session greet(Outbox<CoordinatorMessage> outbox) {
    return locked(() -> {
      if (greeting.size() >= MAX_GREETING) {
        throw Refusal.of(
            Refusal.Kind.EXHAUSTED,
            "%d sessions are open that have not said who they are",
            MAX_GREETING);
      }
      Session session = new Session(outbox, nanoTime.getAsLong());
      greeting.add(session);
      return session;
    });
  }

  /**
   * The session has said who it is, and was admitted. It takes the place of an earlier one of the
   * same member.
   *
   * @param current looks up what is recorded of the cluster now, without a lock
   * @throws Refusal when the process is known to be dead, or its cluster was forgotten
   */
  void open(Session session, Hello hello, Function<String, Optional<RecordedCluster>> current) {
    MemberKey key = new MemberKey(hello.getCluster(), hello.getMember());
    locked(() -> {
      checkNotDead(key, hello.getInstance());
      RecordedCluster cluster =
          current
              .apply(key.cluster())
              .orElseThrow(() ->
                  Refusal.of(Refusal.Kind.UNKNOWN, "cluster %s was forgotten", key.cluster()));
      if (!cluster.hasMember(key.member())) {
        throw Refusal.of(
            Refusal.Kind.UNKNOWN, "%s is no member of %s any more", key.member(), key.cluster());
      }
      if (!greeting.remove(session)) {
        return null;
      }
      session.key = key;
      session.instance = hello.getInstance();
      Session before = open.put(key, session);
      if (before != null) {
        before.outbox.close(replaced(key, hello.getInstance()));
      }
      Presence known = presences.get(key);
      presences.put(key, new Presence(hello, Optional.empty()));
      sendConfiguration(session, cluster);
      session.outbox.send(members(cluster));
      List<Hearings.Change> changes = hearings.heard(key, nanoTime.getAsLong());
      tellWhatIsHeard(session, cluster);
      deaths.of(key.cluster()).forEach(each -> session.outbox.send(message(each)));
      toOthers(key, members(cluster));
      if (known != null && !known.instance().equals(hello.getInstance())) {
        toOthers(key, suspicion(key, hearings.of(key)));
      } else {
        tell(changes);
      }
      judge(key.cluster());
      return null;
    });
    LOG.atInfo()
        .addKeyValue("member", hello.getMember())
        .addKeyValue("instance", hello.getInstance())
        .addKeyValue("volume", hello.getVolume())
        .addKeyValue("promised", hello.getPromised())
        .log("session opened");
    mapChanged.run();
  }

  /** A heartbeat came. */
  void heard(Session session, MemberStatus status) {
    locked(() -> {
      if (session.key != null && open.get(session.key) == session) {
        presences.computeIfPresent(session.key, (key, presence) -> presence.with(status));
        tell(hearings.heard(session.key, nanoTime.getAsLong()));
      }
      return null;
    });
  }

  /** The stream has ended, from whichever side. No effect when it was replaced. */
  void ended(Session session) {
    locked(() -> {
      session.outbox.gone();
      greeting.remove(session);
      if (session.key != null && open.remove(session.key, session)) {
        tell(hearings.broken(session.key, nanoTime.getAsLong()));
        LOG.atInfo()
            .addKeyValue("member", session.key.member())
            .addKeyValue("instance", session.instance)
            .log("session ended");
      }
      return null;
    });
  }

  /** This very process was seen dead. Its cluster's sessions are told at once. */
  void reportDead(MemberKey key, String instance) {
    Dead report = Deaths.report(key, instance);
    locked(() -> {
      if (!deaths.add(key.cluster(), report)) {
        return null;
      }
      Session session = open.get(key);
      boolean its = session != null && session.instance.equals(instance);
      if (its) {
        open.remove(key);
        session.outbox.close(deadAlready(key, instance));
      }
      toCluster(key.cluster(), message(report));
      if (its) {
        tell(hearings.broken(key, nanoTime.getAsLong()));
      }
      judge(key.cluster());
      return null;
    });
    LOG.atInfo()
        .addKeyValue("member", key.member())
        .addKeyValue("instance", instance)
        .log("process reported dead");
  }

  /** A cluster was recorded, or its configuration is new, or a member. */
  void changed(RecordedCluster cluster) {
    locked(() -> {
      long now = nanoTime.getAsLong();
      RecordedCluster before = clusters.put(cluster.name(), cluster);
      for (String member : cluster.members()) {
        MemberKey key = new MemberKey(cluster.name(), member);
        hearings.expect(key, now);
        Session session = open.get(key);
        if (session != null) {
          sendConfiguration(session, cluster);
        }
      }
      if (before != null && before.membersVersion() < cluster.membersVersion()) {
        before.members().stream()
            .filter(member -> !cluster.hasMember(member))
            .forEach(member -> replacedBy(cluster, member));
        toCluster(cluster.name(), members(cluster));
        mapStale = true;
      }
      judge(cluster.name());
      return null;
    });
  }

  /** Another member has taken the place of this one. */
  private void replacedBy(RecordedCluster cluster, String member) {
    MemberKey key = new MemberKey(cluster.name(), member);
    Session session = open.remove(key);
    if (session != null) {
      session.outbox.close(
          Status.NOT_FOUND
              .withDescription(
                  "%s is no member of %s any more; its members are %s"
                      .formatted(member, cluster.name(), String.join(" and ", cluster.members())))
              .asRuntimeException());
    }
    hearings.forget(key);
    presences.remove(key);
  }

  /** The sessions of a cluster are ended, and what was heard is forgotten. */
  void forgotten(RecordedCluster cluster) {
    locked(() -> {
      clusters.remove(cluster.name());
      down.remove(cluster.name());
      deaths.forget(cluster.name());
      close(cluster, Status.NOT_FOUND.withDescription("the cluster was forgotten"));
      for (String member : cluster.members()) {
        MemberKey key = new MemberKey(cluster.name(), member);
        hearings.forget(key);
        presences.remove(key);
      }
      return null;
    });
  }

  /** The sessions of a cluster are ended with the sentence. */
  void distrusted(RecordedCluster cluster, String sentence) {
    locked(() -> {
      close(cluster, Status.FAILED_PRECONDITION.withDescription(sentence));
      return null;
    });
  }

  void slotsChanged(SlotTable next) {
    locked(() -> {
      slots = next;
      open.values().forEach(s -> s.outbox.send(members(clusters.get(s.key.cluster()))));
      return null;
    });
  }

  /**
   * Finds who is silent, sends heartbeats that are due, and cuts who does not read.
   *
   * @return nanoseconds until this should be called again
   */
  long tick() {
    return locked(() -> {
      long now = nanoTime.getAsLong();
      tell(hearings.tick(now));
      if (now - lastBeat >= heartbeatNanos) {
        lastBeat = now - lastBeat < 2 * heartbeatNanos ? lastBeat + heartbeatNanos : now;
        open.values().forEach(session -> session.outbox.sendIfIdle(HEARTBEAT));
        cut(now);
      }
      long untilBeat = Math.max(0, lastBeat + heartbeatNanos - now);
      return Math.min(untilBeat, hearings.nanosToNextChange(now));
    });
  }

  /** What a member last said; empty when this process never heard it. Takes no lock. */
  Optional<Presence> presence(MemberKey key) {
    return Optional.ofNullable(presences.get(key));
  }

  /** The members of a cluster with the addresses that are known. Takes no lock. */
  List<Member> membersOf(RecordedCluster cluster) {
    return cluster.members().stream()
        .map(name ->
            presence(new MemberKey(cluster.name(), name))
                .map(Presence::member)
                .orElseGet(() -> Member.newBuilder().setName(name).build()))
        .toList();
  }

  Hearing hearing(MemberKey key) {
    return locked(() -> hearings.of(key));
  }

  /** Milliseconds since the member was heard; −1 when this process never heard it. */
  long millisSinceHeard(MemberKey key) {
    return locked(() -> {
      long nanos = hearings.nanosSinceHeard(key, nanoTime.getAsLong());
      return nanos < 0 ? -1 : nanos / 1_000_000;
    });
  }

  /**
   * Whether the users of a cluster need not wait: no member is heard, or none that could be master.
   * Takes no lock.
   */
  boolean isDown(String cluster) {
    return down.contains(cluster);
  }

  int count() {
    return locked(open::size);
  }

  /** Ends every session: this process stops. */
  void close() {
    locked(() -> {
      for (Session session : new ArrayList<>(open.values())) {
        session.outbox.complete();
      }
      greeting.forEach(session -> session.outbox.complete());
      return null;
    });
  }

  private void cut(long now) {
    open.values().forEach(session -> session.outbox.cutIfSlow(now, SLOW_NANOS));
    greeting.stream()
        .filter(session -> now - session.since > HELLO_NANOS)
        .forEach(session ->
            session.outbox.close(
                Status.DEADLINE_EXCEEDED
                    .withDescription("a session begins with a Hello within 5 s")
                    .asRuntimeException()));
    greeting.removeIf(session -> now - session.since > HELLO_NANOS);
  }

  private void checkNotDead(MemberKey key, String instance) {
    if (deaths.contains(key, instance)) {
      throw Refusal.of(
          Refusal.Kind.FORBIDDEN,
          "the process %s of %s was reported dead; start another",
          instance,
          key.member());
    }
  }

  private void close(RecordedCluster cluster, Status status) {
    for (String member : cluster.members()) {
      MemberKey key = new MemberKey(cluster.name(), member);
      Session session = open.remove(key);
      if (session != null) {
        session.outbox.close(status.asRuntimeException());
        tell(hearings.broken(key, nanoTime.getAsLong()));
      }
    }
  }

  /** Finds out whether a cluster is down; the map is sent anew if that has changed. */
  private void judge(String name) {
    RecordedCluster cluster = clusters.get(name);
    if (cluster == null) {
      return;
    }
    boolean nobody = cluster.members().stream().allMatch(member -> isOut(name, member));
    // One that is only dead may be started again in a moment, and is waited for.
    boolean nobodyInSync =
        !cluster.inSyncMembers().isEmpty()
            && cluster.inSyncMembers().stream()
                .allMatch(member -> hearings.of(new MemberKey(name, member)) == Hearing.LOST);
    if (nobody || nobodyInSync ? down.add(name) : down.remove(name)) {
      mapStale = true;
    }
  }

  /** Not heard for long, or seen dead and not heard since. */
  private boolean isOut(String cluster, String member) {
    MemberKey key = new MemberKey(cluster, member);
    return switch (hearings.of(key)) {
      case LOST -> true;
      case HEARD -> false;
      default -> presence(key).filter(last -> deaths.contains(key, last.instance())).isPresent();
    };
  }

  private void tell(List<Hearings.Change> changes) {
    for (Hearings.Change change : changes) {
      judge(change.member().cluster());
      toOthers(change.member(), suspicion(change.member(), change.hearing()));
      if (change.hearing() != Hearing.HEARD) {
        LOG.atWarn()
            .addKeyValue("member", change.member().member())
            .addKeyValue("hearing", change.hearing())
            .log("member is not heard");
      }
    }
  }

  private void tellWhatIsHeard(Session session, RecordedCluster cluster) {
    for (String other : cluster.members()) {
      MemberKey key = new MemberKey(cluster.name(), other);
      Hearing hearing = hearings.of(key);
      if (!key.equals(session.key) && hearing != Hearing.HEARING_UNSPECIFIED) {
        session.outbox.send(suspicion(key, hearing));
      }
    }
  }

  private static void sendConfiguration(Session session, RecordedCluster cluster) {
    if (cluster.epoch() > session.epochSent) {
      session.epochSent = cluster.epoch();
      Configuration configuration = cluster.configuration();
      session.outbox.send(CoordinatorMessage.newBuilder().setConfiguration(configuration).build());
    }
  }

  private void toCluster(String cluster, CoordinatorMessage message) {
    open.forEach((key, session) -> {
      if (key.cluster().equals(cluster)) {
        session.outbox.send(message);
      }
    });
  }

  private void toOthers(MemberKey member, CoordinatorMessage message) {
    open.forEach((key, session) -> {
      if (key.cluster().equals(member.cluster()) && !key.equals(member)) {
        session.outbox.send(message);
      }
    });
  }

  private CoordinatorMessage members(RecordedCluster cluster) {
    return CoordinatorMessage.newBuilder()
        .setMembers(
            Members.newBuilder()
                .setCluster(cluster.name())
                .setNumber(cluster.number())
                .addAllMembers(membersOf(cluster))
                .addAllSlots(slots.ranges(cluster.number()))
                .setSlotsVersion(slots.version())
                .setMembersVersion(cluster.membersVersion()))
        .build();
  }

  private CoordinatorMessage suspicion(MemberKey key, Hearing hearing) {
    return CoordinatorMessage.newBuilder()
        .setSuspicion(
            Suspicion.newBuilder()
                .setMember(key.member())
                .setInstance(presence(key).map(Presence::instance).orElse(""))
                .setHearing(hearing))
        .build();
  }

  private static CoordinatorMessage message(Dead dead) {
    return CoordinatorMessage.newBuilder().setDead(dead).build();
  }

  private static StatusRuntimeException replaced(MemberKey key, String instance) {
    return Status.ABORTED
        .withDescription(
            "process %s opened another session as %s".formatted(instance, key.member()))
        .asRuntimeException();
  }

  private static StatusRuntimeException deadAlready(MemberKey key, String instance) {
    return Status.FAILED_PRECONDITION
        .withDescription("the process %s of %s was reported dead".formatted(instance, key.member()))
        .asRuntimeException();
  }

  private <T> T locked(Supplier<T> action) {
    T result;
    boolean sendMap;
    lock.lock();
    try {
      result = action.get();
      sendMap = mapStale;
      mapStale = false;
    } finally {
      lock.unlock();
    }
    if (sendMap) {
      mapChanged.run();
    }
    return result;
  }
}
