package social.starling.server.member;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Address;
import social.starling.common.Errors;
import social.starling.common.ExitCode;
import social.starling.common.Sessions;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Members;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.ExpireAnswers;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Reason;
import social.starling.replication.Configuration;
import social.starling.replication.Effect;
import social.starling.replication.Entry;
import social.starling.replication.Event;
import social.starling.replication.JournalState;
import social.starling.replication.Message;
import social.starling.replication.Options;
import social.starling.replication.ReadPermit;
import social.starling.replication.Replica;
import social.starling.replication.RequestId;
import social.starling.replication.Role;
import social.starling.replication.Submission;
import social.starling.server.state.Applied;
import social.starling.server.state.Change;
import social.starling.server.state.State;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Installation;
import social.starling.server.storage.StorageException;
import social.starling.server.storage.Volume;

/**
 * One member at work: the replication rules, driven.
 *
 * <p>One platform thread, the replica thread, owns the {@link Replica}, the clients that wait, and
 * the application of committed entries to the {@link State}. Everything else talks to it through
 * its {@link Inbox}. The store thread owns the volume's writes. Public methods are thread-safe.
 *
 * <p>What a failed volume means: this process says so to the other member, serves nothing any more,
 * and ends; whoever started it starts it again. What a damaged one means: {@link DamagedVolume}.
 */
public final class Member {

  private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);
  private static final Duration STORE_LIMIT = Duration.ofSeconds(1);
  private static final String TOO_LATE = "no answer within the deadline";
  private static final long TICK_NANOS = 20_000_000;

  /** Longer than a turn takes on a busy machine, and short beside what a slow disk takes. */
  private static final long GATHER_NANOS = 1_000_000;

  private static final long HOUSEKEEPING_NANOS = 250_000_000;

  /** After a failure: long enough for the other member to be told, short enough to restart soon. */
  private static final long LAST_WORDS_NANOS = 300_000_000;

  /** A trim holds up the writes behind it, so it is done in small parts. */
  private static final long TRIM_ENTRIES = 1_000;

  /** Entries this old are dropped whatever the journal's size. */
  private static final Duration MAX_JOURNAL_AGE = Duration.ofDays(7);

  private static final long AGE_CHECK_NANOS = 60_000_000_000L;

  /** So long the wall clock must have run evenly before it says what is old. */
  private static final Duration STEADY = Duration.ofHours(1);

  private static final long MIN_READ_PAUSE_NANOS = 200_000;
  private static final long MAX_READ_PAUSE_NANOS = 5_000_000;
  private static final long YIELD_AGAIN_NANOS = 10_000_000_000L;

  /** Both members may be on one disk: so long it takes to hear that the other has no space. */
  private static final long YIELD_AFTER_NANOS = 1_000_000_000L;

  private static final long CARE_NANOS = 100_000_000;
  private static final long INSTALL_AGAIN_NANOS = 200_000_000;
  private static final long INSTALL_AGAIN_MAX_NANOS = 10_000_000_000L;

  private final Logger log = LoggerFactory.getLogger(Member.class);
  private final MemberSettings settings;
  private final Volume volume;
  private final JournalState found;
  private final boolean usedBefore;
  private final Inbox<Submit> inbox = new Inbox<>();
  private final Sessions<CoordinatorSession> sessions;
  private final PeerLink link;
  private final StoreThread store;
  private final Thread thread;
  private final CountDownLatch introduced = new CountDownLatch(1);
  private final CompletableFuture<Ending> ended = new CompletableFuture<>();
  private final AtomicBoolean failing = new AtomicBoolean();
  private final MemberMetrics metrics;
  private final DamagedVolume damaged;
  private final List<Runnable> servingListeners = new CopyOnWriteArrayList<>();
  private final List<Runnable> appliedListeners = new CopyOnWriteArrayList<>();

  // Written by the sessions, read by all.
  private volatile Members members = Members.getDefaultInstance();
  // Written by the replica thread, read by all.
  private volatile Serving serving = new Serving(Role.FOLLOWER, 0, "", true);
  private volatile social.starling.replication.Status status;
  private volatile ReadPermit permit;
  private volatile long promised;
  private volatile String volumeId;
  private volatile String failure = "";
  private volatile State stored;
  private volatile Listening listening;
  private volatile boolean closing;
  private volatile boolean stopping;
  private volatile boolean diskLow;
  private volatile long diskLowSince;
  private volatile boolean peerDiskLow;
  private volatile long promisedAt = System.nanoTime();
  private volatile long journalBytes;
  private volatile boolean anyDamage;
  private volatile int installFailures;
  private final AtomicBoolean measuring = new AtomicBoolean();
  private final AtomicBoolean trimming = new AtomicBoolean();
  private final AtomicBoolean installing = new AtomicBoolean();
  private final Object servingChanged = new Object();

  // The replica thread's own.
  private Replica replica;
  private final Map<Long, Pending> pending = new HashMap<>();
  private final SlotTaking slots = new SlotTaking();
  private long housekeptAt;
  private long agedAt;
  private final ClockWatch clock = new ClockWatch();
  private long expiredAt;
  private boolean everExpired;
  private boolean everYielded;
  private long yieldedAt;
  private long caredAt;
  private social.starling.replication.Request lastAsked;
  private boolean halted;

  /** How this member ended by itself: the process must end with the code, saying why. */
  public record Ending(int exitCode, String why) {}

  private record Submit(RequestId id, Request request, byte[] bytes, Waiter waiter) {}

  /**
   * A client's request that is journaled and not committed.
   *
   * @param bytes those that are journaled
   * @param request what they say
   */
  private record Pending(byte[] bytes, Request request, List<Waiter> waiters) {}

  /** A client that waits for its answer. */
  private record Waiter(CompletableFuture<Answer> answer, long since, long deadline) {

    static Waiter until(long deadline) {
      return new Waiter(new CompletableFuture<>(), System.nanoTime(), deadline);
    }
  }

  /**
   * @param volume open; this member closes it
   */
  public Member(MemberSettings settings, Volume volume, MeterRegistry registry) {
    this.settings = settings;
    this.sessions = new Sessions<>(settings.coordinators(), this::session);
    this.volume = volume;
    this.volumeId = volume.id();
    this.found = volume.journalState();
    this.usedBefore = volume.used();
    this.stored = volume.state();
    this.promised = found.promised();
    this.metrics = new MemberMetrics(registry);
    this.damaged = new DamagedVolume(settings.member(), settings.timing().silence().toMillis());
    this.link =
        new PeerLink(
            settings.cluster(),
            settings.member(),
            settings.instance(),
            Wire.FORMAT,
            settings.credential());
    this.store =
        new StoreThread(
            volume,
            settings.member(),
            ticket -> inbox.event(new Event.Persisted(ticket)),
            this::storageFailed,
            this::storageFull,
            (entries, nanos) -> {
              if (entries > 0) { // Others are not synced.
                metrics.batch.record(nanos, TimeUnit.NANOSECONDS);
                metrics.batchEntries.record(entries);
              }
            },
            StoreThread.HOLD);
    this.thread =
        Thread.ofPlatform().name("replica-" + settings.member()).daemon(true).unstarted(this::run);
    volume.onDamage(sentence -> {
      log.atError().addKeyValue("damage", sentence).log("the volume is damaged");
      anyDamage = true;
    });
    anyDamage = !volume.damage().isEmpty();
    gauges();
  }

  private void gauges() {
    metrics.gauge("starling.epoch", "Newest epoch known.", () -> serving.epoch());
    metrics.gauge("starling.open", "1 on the member that serves.", () -> is(Role.OPEN));
    metrics.gauge(
        "starling.alone", "1 while there is one copy only.", () -> serving.alone() ? 1 : 0);
    metrics.gauge(
        "starling.in.sync.members",
        "Members in sync.",
        () -> seen(s -> s.configuration().inSync().size()));
    metrics.gauge(
        "starling.commit.index", "Committed up to here.", () -> seen(s -> s.commitIndex()));
    metrics.gauge(
        "starling.durable.index", "Fsynced up to here.", () -> seen(s -> s.durableIndex()));
    metrics.gauge(
        "starling.lag.entries", "Entries that the master has and this member has not.", this::lag);
    metrics.gauge("starling.users", "Users who live here.", () -> state().localUserCount());
    metrics.gauge(
        "starling.users.known", "Users of all clusters, as known here.", () -> state().userCount());
    metrics.gauge("starling.journal.bytes", "Weight of the journal's entries.", () -> journalBytes);
    metrics.gauge("starling.writes.waiting", "Writes not journaled yet.", inbox::waitingWrites);
    metrics.gauge(
        "starling.events.waiting", "Events that wait for the replica.", inbox::waitingEvents);
    metrics.gauge(
        "starling.store.waiting", "Work that waits for the store.", () -> store.waiting());
    metrics.gauge(
        "starling.volume.damaged",
        "1 when part of it cannot be read.",
        () -> damage().isEmpty() ? 0 : 1);
    metrics.gauge("starling.volume.full", "1 when it is almost full.", () -> diskLow ? 1 : 0);
  }

  private double is(Role role) {
    return serving.role() == role ? 1 : 0;
  }

  private double seen(ToDoubleFunction<social.starling.replication.Status> value) {
    social.starling.replication.Status known = status;
    return known == null ? 0 : value.applyAsDouble(known);
  }

  /** Begins; returns at once. Called once. */
  public void start(Listening at) {
    listening = at;
    store.start();
    thread.start();
    sessions.start();
    link.start();
  }

  private CoordinatorSession session(Address coordinator) {
    return new CoordinatorSession(
        coordinator,
        settings.credential(),
        this::hello,
        this::memberStatus,
        settings.timing(),
        new Coordinators());
  }

  /** Completes when this member cannot go on. */
  public CompletableFuture<Ending> ended() {
    return ended;
  }

  /**
   * Calls back whenever what this member can do for clients changes; never blocks and never throws,
   * for the replica thread calls.
   */
  public void onServingChanged(Runnable listener) {
    servingListeners.add(listener);
  }

  /**
   * Calls back whenever entries have been applied; never blocks and never throws, for the replica
   * thread calls.
   *
   * @return end it with {@link AppliedWatch#close}
   */
  public AppliedWatch onApplied(Runnable listener) {
    appliedListeners.add(listener);
    return () -> appliedListeners.remove(listener);
  }

  /** Is told of applied entries until it is closed. */
  @FunctionalInterface
  public interface AppliedWatch extends AutoCloseable {
    @Override
    void close();
  }

  /** Takes no more calls: what comes is told to try again, elsewhere if there is an elsewhere. */
  public void stop() {
    stopping = true;
    inbox.event(new Event.Tick());
  }

  // ---------------------------------------------------------------- for those who serve users

  /** What the committed entries yield. Another object after a full copy. */
  public State state() {
    return stored;
  }

  /** What this member can do now. */
  public Serving serving() {
    return serving;
  }

  /** The cluster's members and slots, as the coordinators say; empty before they do. */
  public Members members() {
    return members;
  }

  /**
   * Writes, and waits until it is committed and applied.
   *
   * @return the recorded answer, the first one if this is a repeat; it may be a failure
   * @throws StatusRuntimeException when this member cannot take it, or the outcome is unknown
   */
  public Answer write(RequestId id, Request request) throws InterruptedException {
    byte[] bytes = request.toByteArray();
    long deadline = deadline();
    while (true) {
      Serving seen = awaitNotWaiting(deadline);
      if (seen.role() != Role.OPEN) {
        throw notServing(seen);
      }
      Waiter waiter = Waiter.until(deadline);
      if (!inbox.write(new Submit(id, request, bytes, waiter))) {
        throw closing ? notServing(serving) : overloaded();
      }
      try {
        return waiter.answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        waiter.answer.cancel(false);
        throw unknownOutcome(TOO_LATE);
      } catch (ExecutionException e) {
        if (!isWorthWaiting(e.getCause())) {
          throw e.getCause() instanceof StatusRuntimeException known
              ? known
              : Errors.of(Code.INTERNAL, Reason.REASON_UNSPECIFIED, "the write failed; try again");
        }
      }
    }
  }

  /**
   * As {@link #write}, but never blocks.
   *
   * @return the answer once it is committed and applied, or a {@link StatusRuntimeException}. What
   *     is chained to it may run on the replica thread: it must neither block nor throw. Empty:
   *     this member may serve soon, which somebody has to wait for
   */
  public Optional<CompletableFuture<Answer>> writeNow(RequestId id, Request request) {
    Serving seen = serving;
    if (seen.role() == Role.WAITING) {
      return Optional.empty();
    }
    if (seen.role() != Role.OPEN) {
      return Optional.of(CompletableFuture.failedFuture(notServing(seen)));
    }
    return Optional.of(submit(id, request, deadline()));
  }

  /** Whether a write that failed with this was not taken, and may be by this member in a moment. */
  public boolean isWorthWaiting(Throwable failure) {
    return serving.role() == Role.WAITING
        && Errors.reason(failure).equals(Optional.of(Reason.NOT_READY));
  }

  /**
   * Journals a request of the system's own, without waiting. What one thread submits is journaled
   * in that order, as far as it is taken.
   *
   * @return the answer once it is applied, or a {@link StatusRuntimeException}: this member cannot
   *     take it, or the outcome is unknown. What is chained to it runs on the replica thread: it
   *     must neither block nor throw.
   */
  public CompletableFuture<Answer> submit(Request request) {
    return submit(RequestId.NONE, request, System.nanoTime() + Long.MAX_VALUE / 2);
  }

  /** Hands a request to the replica thread. The answer may be that it was not taken. */
  private CompletableFuture<Answer> submit(RequestId id, Request request, long deadline) {
    Waiter waiter = Waiter.until(deadline);
    if (!inbox.write(new Submit(id, request, request.toByteArray(), waiter))) {
      waiter.answer.completeExceptionally(closing ? notServing(serving) : overloaded());
    }
    return waiter.answer;
  }

  /**
   * Reads so that the answer holds every write acknowledged before (rule 6). A reader's failure is
   * an answer too.
   *
   * @throws StatusRuntimeException when this member does not serve
   */
  public <T> T read(Supplier<T> reader) throws InterruptedException {
    long deadline = deadline();
    long pause = MIN_READ_PAUSE_NANOS;
    while (true) {
      Serving seen = awaitNotWaiting(deadline);
      if (seen.role() != Role.OPEN) {
        throw notServing(seen);
      }
      // The time from before the read, the check after it: see ReadPermit.
      long readAt = System.nanoTime();
      T result = null;
      RuntimeException failed = null;
      try {
        result = reader.get();
      } catch (RuntimeException e) {
        if (serving.role() != Role.OPEN) {
          throw notServing(serving); // It may have given up its volume meanwhile.
        }
        failed = e;
      }
      switch (permit.check(readAt)) {
        case YES -> {
          if (failed != null) {
            throw failed;
          }
          return result;
        }
        case NO -> {
          if (serving.role() == Role.OPEN) {
            LockSupport.parkNanos(
                MIN_READ_PAUSE_NANOS); // The view is behind the permit by a moment.
          }
        }
        case WAIT -> {
          metrics.leaseWaits.increment();
          LockSupport.parkNanos(pause);
          pause = Math.min(2 * pause, MAX_READ_PAUSE_NANOS);
        }
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (System.nanoTime() - deadline > 0) {
        throw Errors.of(
            Code.UNAVAILABLE,
            Reason.NOT_READY,
            "the slave has not confirmed in time that this is still the master; try again");
      }
    }
  }

  /**
   * As {@link #read}, but never blocks, if the reader does not.
   *
   * @param reader empty when it would have to block
   * @return empty: ask {@link #read}, which knows why
   */
  public <T> Optional<T> readNow(Supplier<Optional<T>> reader) {
    ReadPermit seen = permit;
    if (seen == null || serving.role() != Role.OPEN) {
      return Optional.empty();
    }
    long readAt = System.nanoTime();
    Optional<T> result;
    try {
      result = reader.get();
    } catch (RuntimeException e) {
      return Optional.empty();
    }
    return seen.check(readAt) == ReadPermit.Answer.YES ? result : Optional.empty();
  }

  /** Whether a read could be answered now, for streams that only tell what is committed. */
  public boolean mayRead() {
    ReadPermit seen = permit;
    return seen != null && seen.check(System.nanoTime()) == ReadPermit.Answer.YES;
  }

  /** The error for a call that belongs to another member, or that comes too early. */
  public StatusRuntimeException notServing(Serving seen) {
    String master = seen.master().equals(settings.member()) ? "" : addressOf(seen.master());
    Map<String, String> metadata =
        Map.of(
            "cluster", settings.cluster(), "epoch", Long.toString(seen.epoch()), "master", master);
    if (seen.role() == Role.WAITING || seen.role() == Role.CLOSED) {
      return Errors.of(
          Code.UNAVAILABLE,
          Reason.NOT_READY,
          settings.member()
              + (stopping
                  ? " is stopping"
                  : seen.role() == Role.WAITING ? " is about to serve" : " is handing over")
              + "; try again",
          metadata);
    }
    return Errors.of(
        Code.FAILED_PRECONDITION,
        Reason.NOT_MASTER,
        settings.member()
            + " is not the master of "
            + settings.cluster()
            + (master.isEmpty() ? "" : "; ask " + seen.master() + " at " + master),
        metadata);
  }

  private Serving awaitNotWaiting(long deadline) throws InterruptedException {
    Serving seen = serving;
    while (seen.role() == Role.WAITING) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return seen;
      }
      synchronized (servingChanged) {
        if (serving == seen) {
          TimeUnit.NANOSECONDS.timedWait(servingChanged, left);
        }
      }
      seen = serving;
    }
    return seen;
  }

  private static long deadline() {
    Deadline given = Context.current().getDeadline();
    long left =
        given == null ? Long.MAX_VALUE : Math.max(0, given.timeRemaining(TimeUnit.NANOSECONDS));
    return System.nanoTime() + Math.min(left, DEFAULT_DEADLINE.toNanos());
  }

  private String addressOf(String member) {
    return members.getMembersList().stream()
        .filter(each -> each.getName().equals(member))
        .map(social.starling.proto.coordinator.v1.Member::getPublicAddress)
        .findFirst()
        .orElse("");
  }

  private StatusRuntimeException overloaded() {
    metrics.overloaded.increment();
    return Errors.of(
        Code.RESOURCE_EXHAUSTED,
        Reason.OVERLOADED,
        "too many writes are waiting; try again in a moment");
  }

  private static StatusRuntimeException unknownOutcome(String why) {
    return Errors.of(
        Code.UNAVAILABLE,
        Reason.UNKNOWN_OUTCOME,
        why + ": it may or may not have happened; repeat it with the same write id");
  }

  // ---------------------------------------------------------------- for the links and for people

  /** A message of another member. Dropped when too many wait, as messages may be. */
  void received(String from, Message message) {
    inbox.message(new Event.Received(from, message));
  }

  /** The other member says whether its volume is almost full. */
  void peerDisk(boolean low) {
    peerDiskLow = low;
  }

  /** For how long the highest promise has been the highest, in nanoseconds. */
  long promiseAge() {
    return System.nanoTime() - promisedAt;
  }

  void linkBroken() {
    inbox.event(new Event.LinkBroken());
  }

  /** The highest epoch that this member promised. */
  public long promised() {
    return promised;
  }

  /** Where this member stands, or null before it was introduced to its cluster. */
  public social.starling.replication.Status status() {
    return status;
  }

  /** Why this member is not in order, in a sentence, or empty. */
  public Optional<String> notReady() {
    social.starling.replication.Status seen = status;
    if (!failure.isEmpty()) {
      return Optional.of(failure);
    }
    if (stopping) {
      return Optional.of("stopping");
    }
    if (seen == null) {
      return Optional.of("no coordinator has told this member about its cluster yet");
    }
    if (diskLow) {
      return Optional.of("the volume is almost full");
    }
    Duration writing = store.writing();
    if (writing.compareTo(settings.timing().silence()) > 0) {
      // The other member does not wait for this: it hears no acknowledgement for as long.
      return Optional.of(
          "the volume does not answer: a write has taken %d ms so far"
              .formatted(writing.toMillis()));
    }
    return switch (seen.role()) {
      case OPEN ->
          mayRead()
              ? Optional.empty()
              : Optional.of("the slave has not confirmed lately that this is the master");
      case FOLLOWER ->
          seen.knownEpoch() > 0
                  && seen.behindMillis() < settings.timing().silence().toMillis()
                  && lag() < 10_000
              ? Optional.empty()
              : Optional.of("the master is not heard, or far ahead");
      case WAITING -> Optional.of("about to serve");
      case CLOSED -> Optional.of("handing over");
      case INSTALLING -> Optional.of("receiving a full copy");
      case FAILED -> Optional.of("the storage failed");
    };
  }

  /**
   * Hands over to the other member and waits until it is master.
   *
   * @return empty when done; otherwise why not, in a sentence
   */
  public Optional<String> handover(Duration limit) throws InterruptedException {
    Serving before = serving;
    if (before.role() != Role.OPEN) {
      return Optional.of(settings.member() + " is not the open master");
    }
    if (before.alone()) {
      return Optional.of("the other member is not in sync, so nobody can take over");
    }
    long deadline = System.nanoTime() + limit.toNanos();
    long givesUpAt = System.nanoTime() + settings.timing().silence().toNanos();
    inbox.event(new Event.HandoverWanted());
    while (System.nanoTime() - deadline < 0) {
      Serving now = serving;
      if (now.epoch() > before.epoch() && !now.master().equals(settings.member())) {
        return Optional.empty();
      }
      if (now.role() == Role.OPEN && System.nanoTime() - givesUpAt > 0) {
        return Optional.of("the other member did not catch up in time; this one goes on");
      }
      synchronized (servingChanged) {
        if (serving == now) {
          TimeUnit.MILLISECONDS.timedWait(servingChanged, 20);
        }
      }
    }
    return Optional.of("the handover did not happen within " + limit.toMillis() + " ms");
  }

  /**
   * As master of a process that will end: hands over, and tries again until the limit, for the
   * other member may be slow for a moment only. From now on this member does not take the other one
   * out of the in-sync set, since nobody else will be there to follow it.
   *
   * @return empty when done, or when there is nothing to hand over; otherwise why not
   */
  public Optional<String> handOverAtTheEnd(Duration limit) throws InterruptedException {
    inbox.event(new Event.LeaveWanted());
    long until = System.nanoTime() + limit.toNanos();
    long left = limit.toNanos();
    Optional<String> problem = Optional.empty();
    while (left > 0 && serving.role() == Role.OPEN && !serving.alone()) {
      problem = handover(Duration.ofNanos(left));
      left = problem.isPresent() ? until - System.nanoTime() : 0;
    }
    return problem;
  }

  /** As slave: asks the master not to count on this member, and waits until it does not. */
  public void leave(Duration limit) throws InterruptedException {
    inbox.event(new Event.LeaveWanted());
    long deadline = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() - deadline < 0) {
      social.starling.replication.Status seen = status;
      boolean counted =
          seen != null
              && seen.role() == Role.FOLLOWER
              && !seen.configuration().master().equals(settings.member())
              && seen.configuration().hasInSync(settings.member(), volumeId);
      boolean masterIsThere =
          seen != null && seen.behindMillis() < settings.timing().silence().toMillis();
      if (!counted || !masterIsThere) {
        return;
      }
      synchronized (servingChanged) {
        TimeUnit.MILLISECONDS.timedWait(servingChanged, 10);
      }
    }
  }

  /**
   * Ends; within two seconds, unless the volume can still be written and closing it takes longer.
   */
  public void close() throws InterruptedException {
    stop();
    closing = true;
    introduced.countDown();
    inbox.event(new Event.Tick());
    thread.join(500);
    refuse(inbox.close());
    sessions.close();
    link.close();
    if (store.stop(STORE_LIMIT)) {
      volume.close();
    } else {
      log.warn("the disk hangs: the volume is left as after a crash");
    }
  }

  // ---------------------------------------------------------------- the replica thread

  private void run() {
    try {
      introduced.await();
      if (closing || !introduceVolume()) {
        return;
      }
      long now = System.nanoTime();
      replica = new Replica(options(peerOf(members)), found, volume, settings.startedAt(), now);
      permit = replica.permit();
      loop();
    } catch (InterruptedException e) {
      fail(ExitCode.FAILED, "the replica thread was interrupted");
    } catch (StorageException e) {
      fail(ExitCode.STORAGE, "the storage failed: " + e.getMessage());
    } catch (RuntimeException | Error e) {
      log.error("the replica thread failed", e);
      fail(ExitCode.FAILED, "an internal error stopped this member: " + e.getMessage());
    } finally {
      noMore();
    }
  }

  /** Says on the volume whose it is; false when it is another's. */
  private boolean introduceVolume() throws InterruptedException {
    Members told = members;
    CompletableFuture<Void> done = new CompletableFuture<>();
    store.run(writable -> {
      try {
        writable.introduce(settings.cluster(), told.getNumber(), settings.member());
        done.complete(null);
      } catch (StartException e) {
        done.completeExceptionally(e);
      } catch (StorageException e) {
        done.completeExceptionally(e);
        throw e;
      }
    });
    try {
      done.get();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StartException refused) {
        endSoon(refused.exitCode(), refused.getMessage());
      }
      return false;
    }
  }

  /** The replica itself cannot go on: says so to the other member in its place. */
  private void fail(int exitCode, String why) {
    Serving last = serving;
    if (last.role() == Role.OPEN || last.role() == Role.WAITING) {
      send(new Message.Resign(last.epoch()));
    } else if (last.epoch() > 0) {
      send(new Message.Leaving(last.epoch(), volumeId, settings.instance()));
    }
    endSoon(exitCode, why);
  }

  /** Nobody waits for a thread that is gone. */
  private void noMore() {
    Serving last = serving;
    change(new Serving(Role.FAILED, last.epoch(), "", last.alone()));
    refuse(inbox.close());
    failWaiters(settings.member() + " stopped");
  }

  private void refuse(List<Submit> writes) {
    writes.forEach(each -> each.waiter.answer.completeExceptionally(notServing(serving)));
  }

  private Options options(String peer) {
    Options defaults =
        Options.defaults(settings.member(), peer, settings.instance(), members.getNumber());
    return new Options(
        defaults.self(),
        defaults.peer(),
        defaults.instance(),
        defaults.clusterNumber(),
        settings.timing().heartbeat().toNanos(),
        settings.timing().silence().toNanos(),
        settings.timing().lease().toNanos(),
        settings.minInSync(),
        defaults.maxUncommittedBytes(),
        defaults.maxAppendBytes(),
        defaults.maxInFlightBytes(),
        defaults.maxTailBytes());
  }

  private void loop() throws InterruptedException {
    List<Event> events = new ArrayList<>();
    List<Submit> writes = new ArrayList<>();
    while (!closing && !halted) {
      inbox.take(events, writes, TICK_NANOS, patience(status));
      long now = System.nanoTime();
      for (Event event : events) {
        replica.step(event, now);
      }
      takeSlots(now); // Before the writes, which may be of users in them.
      if (!writes.isEmpty()) {
        // Writes change nothing of what this says.
        social.starling.replication.Status seen = replica.status();
        for (Submit write : writes) {
          submit(write, seen, now);
        }
      }
      events.clear();
      writes.clear();
      replica.step(new Event.Tick(), now);
      boolean opened = execute(replica.drain(now));
      if (opened) {
        // Reads open when the replica hears that everything before is applied.
        now = System.nanoTime();
        takeSlots(now);
        replica.step(new Event.Tick(), now);
        execute(replica.drain(now));
      }
      publish();
      if (volume.failure().isPresent()) {
        storageFailed(volume.failure().get());
      }
      if (now - housekeptAt > HOUSEKEEPING_NANOS) {
        housekeptAt = now;
        keepHouse(now);
      }
      if (anyDamage) {
        careForDamage(now);
      }
    }
  }

  /**
   * How long writes that come wait for others, to share messages and fsyncs with them: not at all
   * for who writes alone, but a moment while others' writes are not committed yet.
   *
   * <p>What a turn costs (a message and its acknowledgement, two fsyncs, some ten threads that wake
   * up) is the same for one write and for fifty. Without this, the faster a turn is, the fewer
   * writes share it, and busy processors do little else. Compare Nagle's algorithm (RFC 896), which
   * waits while something is not acknowledged, and PostgreSQL's commit_delay, which waits only
   * while others are at it.
   *
   * @param seen as published last; null before the first time
   * @return nanoseconds
   */
  static long patience(social.starling.replication.Status seen) {
    boolean underWay =
        seen != null && seen.role() == Role.OPEN && seen.lastIndex() > seen.commitIndex();
    return underWay ? GATHER_NANOS : 0;
  }

  /** Journals what the coordinators' slot table says, if it is news to the state. */
  private void takeSlots(long now) {
    Members told = members;
    State state = state();
    if (told.getSlotsVersion() <= state.slotsVersion() || diskLow) {
      return;
    }
    Optional<Request> news = slots.next(told, state.appliedIndex(), replica.status(), now);
    if (news.isEmpty()) {
      return;
    }
    Submission done =
        replica.submit(RequestId.NONE, news.get().toByteArray(), System.currentTimeMillis(), now);
    if (done instanceof Submission.Accepted(long index, boolean _)) {
      slots.submitted(index);
    }
  }

  private void submit(Submit submit, social.starling.replication.Status seen, long now) {
    CompletableFuture<Answer> answer = submit.waiter.answer;
    if (seen.role() != Role.OPEN) {
      answer.completeExceptionally(notServing(viewOf(seen)));
      return;
    }
    Optional<Answer> before = state().lookup(submit.id, submit.request);
    if (before.isPresent() && !refusedAlone(seen)) {
      answer.complete(before.get());
      return;
    }
    if (diskLow && !replica.isPending(submit.id)) {
      answer.completeExceptionally(
          Errors.of(
              Code.RESOURCE_EXHAUSTED,
              Reason.DISK_FULL,
              "the volume of " + settings.member() + " is full; nothing was written; reads go on"));
      return;
    }
    switch (replica.submit(submit.id, submit.bytes, System.currentTimeMillis(), now)) {
      case Submission.Accepted(long index, boolean repeated) -> {
        List<Waiter> waiting =
            pending.computeIfAbsent(
                    index, _ -> new Pending(submit.bytes, submit.request, new ArrayList<>(1)))
                .waiters;
        if (repeated) {
          waiting.removeIf(each -> each.answer.isDone()); // Those whose time was up.
        }
        waiting.add(submit.waiter);
      }
      case Submission.Refused(Submission.Refusal why) ->
          answer.completeExceptionally(
              switch (why) {
                case NOT_MASTER, NOT_READY ->
                    Errors.of(
                        Code.UNAVAILABLE,
                        Reason.NOT_READY,
                        settings.member() + " is changing over; try again");
                case ONE_COPY_ONLY -> oneCopyOnly();
                case OVERLOADED -> overloaded();
              });
    }
  }

  private boolean refusedAlone(social.starling.replication.Status seen) {
    return settings.minInSync() == 2 && seen.configuration().inSync().size() < 2;
  }

  private StatusRuntimeException oneCopyOnly() {
    return Errors.of(
        Code.UNAVAILABLE,
        Reason.ONE_COPY_ONLY,
        settings.cluster() + " has one copy only and min-in-sync is 2; try again");
  }

  /** Whether this member opened. */
  private boolean execute(List<Effect> effects) {
    boolean opened = false;
    for (Effect effect : effects) {
      if (halted) {
        return false;
      }
      execute(effect);
      opened |= effect instanceof Effect.Opened;
    }
    return opened;
  }

  private void execute(Effect effect) {
    switch (effect) {
      case Effect.Persist persist -> store.persist(persist);
      case Effect.Commit(List<Entry> entries, boolean serves) -> commit(entries, serves);
      case Effect.Send(Message message) -> send(message);
      case Effect.Ask(social.starling.replication.Request request) -> ask(request);
      case Effect.Opened(long epoch) ->
          log.atInfo().addKeyValue("epoch", epoch).log("open: this member is the master");
      case Effect.Closed(long epoch, String why) -> {
        log.atInfo().addKeyValue("epoch", epoch).addKeyValue("why", why).log("closed");
        failWaiters(why);
      }
      case Effect.Install(long epoch) -> {
        // The rules ask for the next one when they hear how this one ended, never before.
        if (installing.compareAndSet(false, true)) {
          Thread.ofVirtual().name("install").start(() -> install(epoch));
        }
      }
      case Effect.Halt(String why) -> {
        halted = true;
        log.error("a rule of replication was found broken: {}", why);
        endSoon(ExitCode.FAILED, "a rule of replication was found broken: " + why);
      }
    }
  }

  private void send(Message message) {
    link.send(Wire.toProto(message, diskLow));
  }

  private void commit(List<Entry> entries, boolean serves) {
    State state = state();
    long now = System.nanoTime();
    boolean refuse = serves && settings.minInSync() == 2 && refusedAlone(replica.status());
    metrics.committed.increment(entries.size());
    List<Change> changes = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      Pending asked = pending.remove(entry.index());
      // It may be another's entry, after a change of masters, or a repeat of what an earlier one
      // journaled.
      boolean known = asked != null && asked.bytes == entry.request();
      Applied applied = known ? state.apply(entry, asked.request) : state.apply(entry);
      changes.add(applied.change());
      if (asked == null) {
        continue;
      }
      for (Waiter waiter : asked.waiters) {
        if (serves && !refuse) {
          waiter.answer.complete(applied.answer());
        } else {
          waiter.answer.completeExceptionally(
              refuse ? oneCopyOnly() : unknownOutcome("this member stopped serving"));
        }
        metrics.commit.record(now - waiter.since, TimeUnit.NANOSECONDS);
      }
    }
    store.apply(changes);
    appliedListeners.forEach(Runnable::run);
  }

  private void failWaiters(String why) {
    StatusRuntimeException unknown = unknownOutcome(why);
    for (Pending each : pending.values()) {
      each.waiters.forEach(waiter -> waiter.answer.completeExceptionally(unknown));
    }
    pending.clear();
  }

  private static Serving viewOf(social.starling.replication.Status seen) {
    Configuration known = seen.configuration();
    boolean current = known.epoch() == seen.knownEpoch();
    return new Serving(
        seen.role(), seen.knownEpoch(), current ? known.master() : "", known.inSync().size() < 2);
  }

  private void publish() {
    social.starling.replication.Status now = replica.status();
    if (now.knownEpoch() > promised) {
      promised = now.knownEpoch();
      promisedAt = System.nanoTime();
    }
    volumeId = now.volume();
    status = now;
    Serving view = viewOf(now);
    boolean serves = view.role() == Role.OPEN || view.role() == Role.WAITING;
    change(
        stopping && serves
            ? new Serving(Role.CLOSED, view.epoch(), view.master(), view.alone())
            : view);
  }

  private void change(Serving view) {
    Serving before = serving;
    if (view.equals(before)) {
      return;
    }
    serving = view;
    if (view.role() != before.role()) {
      metrics.roleChanges.increment();
    }
    synchronized (servingChanged) {
      servingChanged.notifyAll();
    }
    servingListeners.forEach(Runnable::run);
    sessions.all().forEach(CoordinatorSession::hurry);
  }

  /** Those who wait longer than they wanted to are told; nobody else does it for them. */
  private void tellTheLate(long now) {
    for (Pending each : pending.values()) {
      for (Waiter waiter : each.waiters) {
        if (now - waiter.deadline > 0 && !waiter.answer.isDone()) {
          waiter.answer.completeExceptionally(unknownOutcome(TOO_LATE));
        }
      }
    }
  }

  private void keepHouse(long now) {
    tellTheLate(now);
    if (measuring.compareAndSet(false, true)) {
      // On the store's thread: a disk that hangs must not stop this one.
      store.runAside(this::measure);
    }
    social.starling.replication.Status seen = replica.status();
    boolean inSync = seen.configuration().inSync().size() > 1;
    if (diskLow
        && seen.role() == Role.OPEN
        && inSync
        && !peerDiskLow
        && now - diskLowSince > YIELD_AFTER_NANOS
        && coordinated()
        && (!everYielded || now - yieldedAt > YIELD_AGAIN_NANOS)) {
      everYielded = true;
      yieldedAt = now;
      log.warn("the volume is almost full: handing over to the other member");
      replica.step(new Event.HandoverWanted(), now);
    }
    if (seen.role() != Role.INSTALLING
        && journalBytes > settings.maxJournalBytes()
        && trimming.compareAndSet(false, true)) {
      long limit = seen.commitIndex();
      store.runAside(writable -> trim(writable, limit));
    }
    long steady = clock.steadyNanos(System.currentTimeMillis(), now);
    if (seen.role() != Role.INSTALLING
        && steady > STEADY.toNanos()
        && now - agedAt > AGE_CHECK_NANOS
        && trimming.compareAndSet(false, true)) {
      agedAt = now;
      long limit = seen.commitIndex();
      store.runAside(writable -> trimOld(writable, limit));
    }
    long retention = settings.answerRetention().toNanos();
    if (seen.role() == Role.OPEN
        && !diskLow
        && steady > Math.min(STEADY.toNanos(), retention / 24)
        && (!everExpired || now - expiredAt > retention / 24)) {
      expireAnswers(now);
    }
  }

  private void expireAnswers(long now) {
    long wall = System.currentTimeMillis();
    Request expire =
        Request.newBuilder()
            .setExpireAnswers(
                ExpireAnswers.newBuilder()
                    .setBeforeMillis(wall - settings.answerRetention().toMillis()))
            .build();
    Submission done = replica.submit(RequestId.NONE, expire.toByteArray(), wall, now);
    if (done instanceof Submission.Accepted) {
      everExpired = true;
      expiredAt = now;
    }
  }

  /** Store thread. */
  private void measure(Volume writable) {
    measuring.set(false);
    journalBytes = writable.journalBytes();
    long free = freeBytes();
    boolean low = free < settings.minFreeBytes();
    if (low != diskLow) {
      diskLowSince = System.nanoTime();
      diskLow = low;
      log.atWarn()
          .addKeyValue("freeBytes", free)
          .log(
              low ? "the volume is almost full: writes are refused" : "the volume has space again");
    }
  }

  /** Drops the oldest entries beyond the bound, a part at a time. Store thread. */
  private void trim(Volume writable, long limit) {
    // A little below the bound, so that not each entry needs a trim of its own.
    long enough = settings.maxJournalBytes() - settings.maxJournalBytes() / 16;
    boolean more =
        dropped(() -> writable.trim(Math.min(limit, writable.trim(0) + TRIM_ENTRIES)), writable);
    if (more && writable.trim(0) < limit && journalBytes > enough) {
      store.runAside(again -> trim(again, limit));
    } else {
      trimming.set(false);
    }
  }

  /** Drops entries that are too old, a part at a time. Store thread. */
  private void trimOld(Volume writable, long limit) {
    long before = System.currentTimeMillis() - MAX_JOURNAL_AGE.toMillis();
    if (dropped(() -> writable.trimOlder(before, limit), writable)) {
      store.runAside(again -> trimOld(again, limit));
    } else {
      trimming.set(false);
    }
  }

  /** Whether entries were dropped; on a full disk none are, for now. Store thread. */
  private boolean dropped(LongSupplier trim, Volume writable) {
    long before = writable.trim(0);
    long base;
    try {
      base = trim.getAsLong();
    } catch (StorageException e) {
      if (e.kind() != StorageException.Kind.FULL) {
        throw e;
      }
      return false;
    }
    journalBytes = writable.journalBytes();
    if (base > before) {
      inbox.event(new Event.Trimmed(base));
    }
    return base > before;
  }

  /** Store thread. Nothing more is taken, so that little is left to be written. */
  private void storageFull() {
    if (!diskLow) {
      diskLowSince = System.nanoTime();
      diskLow = true;
      log.warn("the volume is full: writes are refused, and what is under way waits for space");
    }
  }

  private long freeBytes() {
    try {
      return volume.freeBytes();
    } catch (IOException e) {
      log.warn("the free space of the volume is not known: {}", e.getMessage());
      return Long.MAX_VALUE;
    }
  }

  // ---------------------------------------------------------------- towards the coordinators

  private void ask(social.starling.replication.Request request) {
    ReconfigureRequest wire =
        Wire.toProto(
            request,
            settings.cluster(),
            settings.member(),
            // Not whom the coordinators name by now: the request is about a volume of this one.
            replica.peer(),
            replica.status().volume(),
            settings.instance());
    if (!request.equals(lastAsked)) {
      lastAsked = request;
      log.atInfo().addKeyValue("request", request).log("asks the coordinator");
    }
    for (CoordinatorSession session : sessions.all()) {
      // Any one may answer; the compare-and-set makes a second execution impossible.
      session.ask(wire, this::answered);
    }
  }

  private void answered(ReconfigureResponse answer) {
    if (!answer.getExecuted()) {
      log.atDebug().addKeyValue("refusal", answer.getRefusal()).log("the coordinator refused");
    }
    learned(answer.getConfiguration());
  }

  private boolean coordinated() {
    return sessions.all().stream().anyMatch(CoordinatorSession::connected);
  }

  private void learned(social.starling.proto.coordinator.v1.Configuration configuration) {
    if (configuration.getEpoch() > 0 && configuration.getCluster().equals(settings.cluster())) {
      inbox.event(new Event.Learned(Wire.fromProto(configuration)));
    }
  }

  private Hello hello() {
    return Hello.newBuilder()
        .setCluster(settings.cluster())
        .setMember(settings.member())
        .setInstance(settings.instance())
        .setVolume(volumeId)
        .setPromised(promised)
        .setPublicAddress(listening.publicAddress().toString())
        .setInternalAddress(listening.internalAddress().toString())
        .setHttpAddress(listening.httpAddress().toString())
        .setPid(ProcessHandle.current().pid())
        .setDirectory(settings.directory())
        .setVolumeDirectory(settings.directory())
        .setFormat(Wire.FORMAT)
        .setUsed(usedBefore || promised > 0)
        .setSlotsVersion(state().slotsVersion())
        .build();
  }

  private MemberStatus memberStatus() {
    MemberStatus.Builder out = MemberStatus.newBuilder().setVolume(volumeId).setTrouble(trouble());
    social.starling.replication.Status seen = status;
    if (seen != null) {
      out.setEpoch(seen.knownEpoch())
          .setRole(
              switch (seen.role()) {
                case FOLLOWER, FAILED -> social.starling.proto.coordinator.v1.Role.FOLLOWER;
                case WAITING -> social.starling.proto.coordinator.v1.Role.WAITING;
                case OPEN -> social.starling.proto.coordinator.v1.Role.OPEN;
                case CLOSED -> social.starling.proto.coordinator.v1.Role.CLOSED;
                case INSTALLING -> social.starling.proto.coordinator.v1.Role.INSTALLING;
              })
          .setLastIndex(seen.lastIndex())
          .setCommitIndex(seen.commitIndex())
          .setLag(lag())
          .setUsers(state().localUserCount());
    }
    return out.build();
  }

  private String trouble() {
    if (!failure.isEmpty()) {
      return failure;
    }
    if (anyDamage) {
      List<String> found = damage();
      return "a part of the volume is damaged: "
          + (found.isEmpty() ? "" : found.getFirst())
          + (found.size() > 1 ? " and " + (found.size() - 1) + " more" : "");
    }
    return diskLow ? "the volume is almost full; writes are refused" : "";
  }

  private List<String> damage() {
    return volume.damage();
  }

  /** Entries that the master has and this member has not made durable; 0 on the master. */
  private long lag() {
    social.starling.replication.Status seen = status;
    return seen == null || seen.role() == Role.OPEN
        ? 0
        : Math.max(0, seen.masterIndex() - seen.durableIndex());
  }

  private final class Coordinators implements CoordinatorSession.Listener {
    private final AtomicBoolean told = new AtomicBoolean();

    @Override
    public void heard(CoordinatorSession from, CoordinatorMessage message) {
      switch (message.getMessageCase()) {
        case CONFIGURATION -> learned(message.getConfiguration());
        case MEMBERS -> introduce(message.getMembers());
        case SUSPICION -> {
          if (message.getSuspicion().getMember().equals(peerOf(members))) {
            from.peer(message.getSuspicion().getHearing());
            reconsiderPeer();
          }
        }
        case DEAD ->
            inbox.event(
                new Event.Dead(message.getDead().getMember(), message.getDead().getInstance()));
        case HEARTBEAT, MESSAGE_NOT_SET -> {}
      }
    }

    @Override
    public void broken(CoordinatorSession session) {
      reconsiderPeer();
    }

    @Override
    public void resumed(CoordinatorSession session) {
      reconsiderPeer();
    }

    private void introduce(Members told) {
      synchronized (introduced) {
        if (told.getMembersCount() != 2
            || !told.getCluster().equals(settings.cluster())
            || told.getMembersList().stream().noneMatch(Member.this::isThis)) {
          return;
        }
        String before = peerOf(members);
        members = newest(members, told);
        String peer = peerOf(members);
        if (!before.isEmpty() && !peer.equals(before)) {
          replacePeer(before, peer);
        }
        if (members.getMembersVersion() == told.getMembersVersion()) {
          told.getMembersList().stream()
              .filter(each -> !isThis(each))
              .forEach(each -> link.peerAt(each.getInternalAddress()));
        }
      }
      inbox.event(new Event.Tick()); // There may be slots to take.
      if (this.told.compareAndSet(false, true)) {
        introduced.countDown();
      }
    }
  }

  /** Coordinators may be behind each other, in what they say of slots and of members. */
  private static Members newest(Members known, Members told) {
    Members.Builder newest = told.toBuilder();
    if (told.getSlotsVersion() < known.getSlotsVersion()) {
      newest
          .clearSlots()
          .addAllSlots(known.getSlotsList())
          .setSlotsVersion(known.getSlotsVersion());
    }
    if (told.getMembersVersion() < known.getMembersVersion()) {
      newest
          .clearMembers()
          .addAllMembers(known.getMembersList())
          .setMembersVersion(known.getMembersVersion());
    }
    return newest.build();
  }

  private void replacePeer(String before, String peer) {
    log.atInfo()
        .addKeyValue("before", before)
        .addKeyValue("peer", peer)
        .log("another member takes the place of the other one");
    link.peerReplaced();
    peerDiskLow = false;
    sessions.all().forEach(session -> session.peer(Hearing.HEARING_UNSPECIFIED));
    inbox.event(new Event.PeerNamed(peer));
  }

  private boolean isThis(social.starling.proto.coordinator.v1.Member member) {
    return member.getName().equals(settings.member());
  }

  /** Name of the other member; empty before it is known. */
  private String peerOf(Members known) {
    return known.getMembersList().stream()
        .filter(each -> !isThis(each))
        .map(social.starling.proto.coordinator.v1.Member::getName)
        .findFirst()
        .orElse("");
  }

  /** Suspicion needs every coordinator that is there; one that hears the peer is enough. */
  private synchronized void reconsiderPeer() {
    Event.Hearing all = Event.Hearing.UNKNOWN;
    for (CoordinatorSession session : sessions.all()) {
      Hearing one = session.peer();
      if (one == Hearing.HEARD) {
        all = Event.Hearing.HEARD;
        break;
      }
      if (one == Hearing.SUSPECTED) {
        all = Event.Hearing.SUSPECTED;
      } else if (one == Hearing.LOST && all == Event.Hearing.UNKNOWN) {
        all = Event.Hearing.LOST;
      }
    }
    inbox.event(new Event.PeerHearing(all));
  }

  // ---------------------------------------------------------------- full copies and failures

  private void install(long epoch) {
    log.atInfo().addKeyValue("epoch", epoch).log("fetching a full copy from the master");
    SnapshotFetch fetch =
        new SnapshotFetch(settings.cluster(), settings.member(), settings.credential());
    try {
      Installation installation = fetch.fetch(link.peerAddress(), epoch, volume);
      store.run(writable -> finish(installation, epoch, writable));
    } catch (Exception e) {
      // Whatever it was, the old content is as it was, and the master will say so again.
      notInstalled(e);
    }
  }

  /** Store thread. */
  private void finish(Installation installation, long epoch, Volume writable) {
    try (installation) {
      social.starling.replication.Status seen = status;
      if (seen.configuration().hasInSync(settings.member(), volumeId)) {
        throw new IOException("this volume has become the recorded one, so it is kept");
      }
      installation.commit(Math.max(promised, epoch));
    } catch (IOException e) {
      Thread.ofVirtual().name("install").start(() -> notInstalled(e));
      return;
    }
    JournalState state = writable.journalState();
    stored = writable.state();
    anyDamage = !writable.damage().isEmpty();
    installFailures = 0;
    installing.set(false);
    metrics.fullCopies.increment();
    log.atInfo()
        .addKeyValue("index", state.appliedIndex())
        .addKeyValue("volume", state.volume())
        .log("the full copy is in place");
    inbox.event(new Event.Installed(state));
  }

  /** The next attempt waits a little, so that a master is not kept busy by copies in vain. */
  private void notInstalled(Exception e) {
    log.warn("the full copy did not come: {}; trying again", e.getMessage());
    log.debug("the full copy did not come", e);
    int failures = installFailures++;
    LockSupport.parkNanos(
        Math.min(INSTALL_AGAIN_MAX_NANOS, INSTALL_AGAIN_NANOS << Math.min(failures, 10)));
    installing.set(false);
    inbox.event(new Event.InstallFailed());
  }

  private void careForDamage(long now) {
    if (now - caredAt < CARE_NANOS) {
      return;
    }
    caredAt = now;
    String first = damage().stream().findFirst().orElse("");
    switch (damaged.next(replica.status(), coordinated(), now)) {
      case NOTHING -> {}
      case HAND_OVER -> {
        log.warn("the volume is damaged: handing over to the other member");
        replica.step(new Event.HandoverWanted(), now);
      }
      case LEAVE -> {
        log.warn("the volume is damaged: leaving the in-sync set");
        replica.step(new Event.LeaveWanted(), now);
      }
      case DISCARD -> {
        store.run(_ -> Volume.discardAtNextOpening(Path.of(settings.directory()), Disk.local()));
        store.run(_ ->
            end(
                ExitCode.STORAGE,
                "the volume is damaged ("
                    + first
                    + ") and is given up: started again, "
                    + settings.member()
                    + " takes a full copy from the master"));
      }
      case RESTART ->
          end(
              ExitCode.STORAGE,
              "the volume is damaged (" + first + ") and the master is not heard: starting again");
    }
  }

  private void storageFailed(Exception e) {
    if (failing.compareAndSet(false, true)) {
      failure = "the storage failed: " + e.getMessage();
      inbox.event(new Event.StorageFailed());
      endSoon(ExitCode.STORAGE, failure);
    }
  }

  private void endSoon(int exitCode, String why) {
    if (failure.isEmpty()) {
      failure = why;
    }
    Thread.ofVirtual()
        .name("end")
        .start(() -> {
          LockSupport.parkNanos(LAST_WORDS_NANOS);
          end(exitCode, why);
        });
  }

  private void end(int exitCode, String why) {
    ended.complete(new Ending(exitCode, why));
  }
}
