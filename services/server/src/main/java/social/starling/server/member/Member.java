package social.starling.server.member;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Errors;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Members;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
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
import social.starling.server.state.State;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/**
 * One member at work: the replication rules, driven.
 *
 * <p>One platform thread, the replica thread, owns the {@link Replica}, the clients that wait, and
 * the application of committed entries to the {@link State}. Everything else talks to it through a
 * bounded queue. The store thread owns the volume's writes. Public methods are thread-safe.
 *
 * <p>What a failed volume means: this process says so to the other member, serves nothing any
 * more, and ends; whoever started it starts it again.
 */
public final class Member implements AutoCloseable {

  private static final int QUEUE = 16_384;
  private static final int MAX_EVENTS_AT_ONCE = 1_024;
  private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);
  private static final long TICK_NANOS = 20_000_000;
  private static final long HOUSEKEEPING_NANOS = 1_000_000_000;

  private final Logger log = LoggerFactory.getLogger(Member.class);
  private final MemberSettings settings;
  private final Volume volume;
  private final JournalState found;
  private final boolean usedBefore;
  private final BlockingQueue<Work> queue = new ArrayBlockingQueue<>(QUEUE);
  private final List<CoordinatorSession> sessions = new ArrayList<>();
  private final PeerLink link;
  private final StoreThread store;
  private final Thread thread;
  private final CountDownLatch introduced = new CountDownLatch(1);
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final Timer commitLatency;
  private final Timer fsync;

  // Written by the sessions, read by all.
  private volatile Members members = Members.getDefaultInstance();
  // Written by the replica thread, read by all.
  private volatile Serving serving = new Serving(Role.FOLLOWER, 0, "", true);
  private volatile social.starling.replication.Status status;
  private volatile ReadPermit permit;
  private volatile long promised;
  private volatile String volumeId;
  private volatile String trouble = "";
  private volatile State stored;
  private volatile Listening listening;
  private volatile boolean closing;
  private volatile boolean diskLow;
  private final Object servingChanged = new Object();

  // The replica thread's own.
  private Replica replica;
  private final Map<Long, List<Waiter>> waiters = new HashMap<>();
  private long housekeptAt;
  private long expiredAt;

  private sealed interface Work {
    record Happened(Event event) implements Work {}

    record Submit(RequestId id, byte[] request, Waiter waiter) implements Work {}
  }

  /** A client that waits for its answer. */
  private record Waiter(CompletableFuture<Answer> answer, long since) {}

  /**
   * @param volume open; this member closes it
   */
  public Member(MemberSettings settings, Volume volume, MeterRegistry registry) {
    this.settings = settings;
    this.volume = volume;
    this.volumeId = volume.id();
    this.found = volume.journalState();
    this.usedBefore = volume.used();
    this.stored = volume.state();
    this.promised = found.promised();
    this.commitLatency =
        Timer.builder("starling.commit.seconds")
            .description("From a request's arrival at the replica thread to its commit")
            .publishPercentiles(0.5, 0.99)
            .register(registry);
    this.fsync =
        Timer.builder("starling.store.batch.seconds")
            .description("One batch: transaction and fsync")
            .publishPercentiles(0.5, 0.99)
            .register(registry);
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
            ticket -> happened(new Event.Persisted(ticket)),
            this::storageFailed,
            nanos -> fsync.record(nanos, TimeUnit.NANOSECONDS));
    this.thread =
        Thread.ofPlatform().name("replica-" + settings.member()).daemon(true).unstarted(this::run);
    Gauge.builder("starling.epoch", () -> serving.epoch()).register(registry);
    Gauge.builder("starling.open", () -> serving.role() == Role.OPEN ? 1 : 0)
        .description("1 on the member that serves")
        .register(registry);
    Gauge.builder("starling.alone", () -> serving.alone() ? 1 : 0)
        .description("1 while there is one copy only")
        .register(registry);
    Gauge.builder("starling.commit.index", () -> status == null ? 0 : status.commitIndex())
        .register(registry);
    Gauge.builder("starling.lag.entries", this::lag).register(registry);
    Gauge.builder("starling.users", () -> state().userCount()).register(registry);
    Gauge.builder("starling.journal.bytes", volume::journalBytes).register(registry);
    Gauge.builder("starling.queue.waiting", queue::size).register(registry);
  }

  /** Begins; returns at once. Called once. */
  public void start(Listening at) {
    listening = at;
    for (var address : settings.coordinators()) {
      sessions.add(
          new CoordinatorSession(
              address,
              settings.credential(),
              this::hello,
              this::memberStatus,
              settings.timing().heartbeat(),
              new Coordinators()));
    }
    store.start();
    thread.start();
    sessions.forEach(CoordinatorSession::start);
    link.start();
  }

  /** Completes with a sentence when this member cannot go on and the process must end. */
  public CompletableFuture<String> ended() {
    return ended;
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
      Waiter waiter = new Waiter(new CompletableFuture<>(), System.nanoTime());
      if (!queue.offer(new Work.Submit(id, bytes, waiter))) {
        throw overloaded();
      }
      try {
        return waiter.answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        throw unknownOutcome("no answer within the deadline");
      } catch (ExecutionException e) {
        boolean opensSoon =
            Errors.reason(e.getCause()).equals(Optional.of(Reason.NOT_READY))
                && serving.role() == Role.WAITING;
        if (!opensSoon) {
          throw e.getCause() instanceof StatusRuntimeException known
              ? known
              : Errors.of(Code.INTERNAL, Reason.REASON_UNSPECIFIED, "the write failed; try again");
        }
      }
    }
  }

  /**
   * Reads so that the answer holds every write acknowledged before (rule 6).
   *
   * @throws StatusRuntimeException when this member does not serve
   */
  public <T> T read(Supplier<T> reader) throws InterruptedException {
    long deadline = deadline();
    while (true) {
      Serving seen = awaitNotWaiting(deadline);
      if (seen.role() != Role.OPEN) {
        throw notServing(seen);
      }
      // The time from before the read, the check after it: see ReadPermit.
      long readAt = System.nanoTime();
      T result = reader.get();
      switch (permit.check(readAt)) {
        case YES -> {
          return result;
        }
        case NO -> {
          if (serving.role() == Role.OPEN) {
            LockSupport.parkNanos(100_000); // The view is behind the permit by a moment.
          }
        }
        case WAIT -> LockSupport.parkNanos(500_000);
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

  /** Whether a read could be answered now, for streams that only tell what is committed. */
  public boolean mayRead() {
    ReadPermit seen = permit;
    return seen != null && seen.check(System.nanoTime()) == ReadPermit.Answer.YES;
  }

  /** The error for a call that belongs to another member, or that comes too early. */
  public StatusRuntimeException notServing(Serving seen) {
    String master = seen.role() == Role.FOLLOWER ? addressOf(seen.master()) : "";
    Map<String, String> metadata =
        Map.of(
            "cluster", settings.cluster(), "epoch", Long.toString(seen.epoch()), "master", master);
    if (seen.role() == Role.WAITING || seen.role() == Role.CLOSED) {
      return Errors.of(
          Code.UNAVAILABLE,
          Reason.NOT_READY,
          settings.member()
              + (seen.role() == Role.WAITING ? " is about to serve" : " is handing over")
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

  private static StatusRuntimeException overloaded() {
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

  /** A message of the other member. Dropped when the queue is full, as messages may be. */
  void received(Message message) {
    queue.offer(new Work.Happened(new Event.Received(message)));
  }

  void linkBroken() {
    happened(new Event.LinkBroken());
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
    if (!trouble.isEmpty()) {
      return Optional.of(trouble);
    }
    if (seen == null) {
      return Optional.of("no coordinator has told this member about its cluster yet");
    }
    if (diskLow) {
      return Optional.of("the volume is almost full");
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
    happened(new Event.HandoverWanted());
    long deadline = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() - deadline < 0) {
      Serving now = serving;
      if (now.epoch() > before.epoch() && !now.master().equals(settings.member())) {
        return Optional.empty();
      }
      synchronized (servingChanged) {
        if (serving == now) {
          TimeUnit.MILLISECONDS.timedWait(servingChanged, 20);
        }
      }
    }
    return Optional.of("the handover did not happen within " + limit.toMillis() + " ms");
  }

  /** As slave: asks the master not to count on this member, and waits until it does not. */
  public void leave(Duration limit) throws InterruptedException {
    happened(new Event.LeaveWanted());
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

  @Override
  public void close() throws InterruptedException {
    closing = true;
    thread.interrupt();
    thread.join(1_000);
    sessions.forEach(CoordinatorSession::close);
    link.close();
    store.close();
    volume.close();
  }

  // ---------------------------------------------------------------- the replica thread

  private void happened(Event event) {
    try {
      queue.put(new Work.Happened(event));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      introduced.await();
      long now = System.nanoTime();
      String peer =
          members.getMembersList().stream()
              .map(social.starling.proto.coordinator.v1.Member::getName)
              .filter(each -> !each.equals(settings.member()))
              .findFirst()
              .orElseThrow();
      replica =
          new Replica(
              options(peer),
              found,
              volume,
              settings.startedAt(),
              now);
      permit = replica.permit();
      loop();
    } catch (InterruptedException e) {
      if (!closing) {
        end("the replica thread was interrupted");
      }
    } catch (RuntimeException | Error e) {
      log.error("the replica thread failed", e);
      end("an internal error stopped this member: " + e.getMessage());
    }
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
    List<Work> work = new ArrayList<>(MAX_EVENTS_AT_ONCE);
    while (!closing) {
      Work first = queue.poll(TICK_NANOS, TimeUnit.NANOSECONDS);
      if (first != null) {
        work.add(first);
        queue.drainTo(work, MAX_EVENTS_AT_ONCE - 1);
      }
      long now = System.nanoTime();
      for (Work each : work) {
        switch (each) {
          case Work.Happened(Event event) -> replica.step(event, now);
          case Work.Submit submit -> submit(submit, now);
        }
      }
      work.clear();
      replica.step(new Event.Tick(), now);
      boolean opened = execute(replica.drain(now));
      if (opened) {
        // Reads open when the replica hears that everything before is applied.
        now = System.nanoTime();
        replica.step(new Event.Tick(), now);
        execute(replica.drain(now));
      }
      publish();
      if (now - housekeptAt > HOUSEKEEPING_NANOS) {
        housekeptAt = now;
        keepHouse(now);
      }
    }
  }

  private void submit(Work.Submit submit, long now) {
    CompletableFuture<Answer> answer = submit.waiter.answer;
    if (replica.status().role() != Role.OPEN) {
      answer.completeExceptionally(notServing(viewOf(replica.status())));
      return;
    }
    Optional<Answer> before = state().lookup(submit.id, submit.request);
    if (before.isPresent() && !refusedAlone()) {
      answer.complete(before.get());
      return;
    }
    if (diskLow) {
      answer.completeExceptionally(
          Errors.of(
              Code.RESOURCE_EXHAUSTED,
              Reason.DISK_FULL,
              "the volume of "
                  + settings.member()
                  + " is full; nothing was written; reads go on"));
      return;
    }
    switch (replica.submit(submit.id, submit.request, System.currentTimeMillis(), now)) {
      case Submission.Accepted(long index, boolean _) ->
          waiters.computeIfAbsent(index, _ -> new ArrayList<>(1)).add(submit.waiter);
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

  private boolean refusedAlone() {
    return settings.minInSync() == 2 && viewOf(replica.status()).alone();
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
      execute(effect);
      opened |= effect instanceof Effect.Opened;
    }
    return opened;
  }

  private void execute(Effect effect) {
    switch (effect) {
      case Effect.Persist persist -> store.persist(persist);
      case Effect.Commit(List<Entry> entries, boolean serves) -> commit(entries, serves);
      case Effect.Send(Message message) -> link.send(Wire.toProto(message));
      case Effect.Ask(social.starling.replication.Request request) -> ask(request);
      case Effect.Opened(long epoch) ->
          log.atInfo().addKeyValue("epoch", epoch).log("open: this member is the master");
      case Effect.Closed(long epoch, String why) -> {
        log.atInfo().addKeyValue("epoch", epoch).addKeyValue("why", why).log("closed");
        failWaiters(why);
      }
      case Effect.Install(long epoch) ->
          Thread.ofVirtual().name("install").start(() -> install(epoch));
      case Effect.Halt(String why) -> {
        log.error("a rule of replication was found broken: {}", why);
        end(why);
      }
    }
  }

  private void commit(List<Entry> entries, boolean serves) {
    State state = state();
    long now = System.nanoTime();
    boolean refuse = refusedAlone();
    for (Entry entry : entries) {
      Applied applied = state.apply(entry);
      store.apply(applied.change());
      List<Waiter> waiting = waiters.remove(entry.index());
      if (waiting == null) {
        continue;
      }
      for (Waiter waiter : waiting) {
        if (serves && !refuse) {
          waiter.answer.complete(applied.answer());
        } else {
          waiter.answer.completeExceptionally(
              refuse ? oneCopyOnly() : unknownOutcome("this member stopped serving"));
        }
        commitLatency.record(now - waiter.since, TimeUnit.NANOSECONDS);
      }
    }
  }

  private void failWaiters(String why) {
    waiters
        .values()
        .forEach(
            each -> each.forEach(w -> w.answer.completeExceptionally(unknownOutcome(why))));
    waiters.clear();
  }

  private static Serving viewOf(social.starling.replication.Status seen) {
    Configuration known = seen.configuration();
    boolean current = known.epoch() == seen.knownEpoch();
    return new Serving(
        seen.role(),
        seen.knownEpoch(),
        current ? known.master() : "",
        known.inSync().size() < 2);
  }

  private void publish() {
    social.starling.replication.Status now = replica.status();
    promised = Math.max(promised, now.knownEpoch());
    volumeId = now.volume();
    status = now;
    Serving view = viewOf(now);
    if (!view.equals(serving)) {
      serving = view;
      synchronized (servingChanged) {
        servingChanged.notifyAll();
      }
      sessions.forEach(CoordinatorSession::hurry);
    }
  }

  private void keepHouse(long now) {
    long free = freeBytes();
    boolean low = free < settings.minFreeBytes();
    if (low != diskLow) {
      diskLow = low;
      log.atWarn()
          .addKeyValue("freeBytes", free)
          .log(low ? "the volume is almost full: writes are refused" : "the volume has space again");
    }
    if (low && serving.role() == Role.OPEN && !serving.alone()) {
      replica.step(new Event.HandoverWanted(), now);
    }
    social.starling.replication.Status seen = replica.status();
    if (seen.role() != Role.INSTALLING && volume.journalBytes() > settings.maxJournalBytes()) {
      trim(seen);
    }
    long retention = settings.answerRetention().toNanos();
    if (seen.role() == Role.OPEN && now - expiredAt > retention / 24) {
      expiredAt = now;
      Request expire =
          Request.newBuilder()
              .setExpireAnswers(
                  ExpireAnswers.newBuilder()
                      .setBeforeMillis(
                          System.currentTimeMillis() - settings.answerRetention().toMillis()))
              .build();
      replica.submit(RequestId.NONE, expire.toByteArray(), System.currentTimeMillis(), now);
    }
  }

  /** Keeps half of the bound, so that a member that was away for a little needs no full copy. */
  private void trim(social.starling.replication.Status seen) {
    // Entries that the other member is known to be missing stay while the bound allows.
    long limit = seen.commitIndex();
    store.run(
        writable -> {
          long base;
          long before = -1;
          while ((base = writable.trim(limit)) > before
              && writable.journalBytes() > settings.maxJournalBytes() / 2) {
            before = base;
          }
          happened(new Event.Trimmed(base));
        });
  }

  private long freeBytes() {
    try {
      return Disk.local().freeBytes(Path.of(settings.directory()));
    } catch (IOException e) {
      log.warn("the free space of the volume is not known: {}", e.getMessage());
      return Long.MAX_VALUE;
    }
  }

  // ---------------------------------------------------------------- towards the coordinators

  private void ask(social.starling.replication.Request request) {
    Options known = options("-");
    String peer =
        members.getMembersList().stream()
            .map(social.starling.proto.coordinator.v1.Member::getName)
            .filter(each -> !each.equals(known.self()))
            .findFirst()
            .orElse("");
    ReconfigureRequest wire =
        Wire.toProto(
            request,
            settings.cluster(),
            settings.member(),
            peer,
            replica.status().volume(),
            settings.instance());
    log.atInfo().addKeyValue("request", request).log("asks the coordinator");
    for (CoordinatorSession session : sessions) {
      // Any one may answer; the compare-and-set makes a second execution impossible.
      Thread.ofVirtual().name("ask").start(() -> ask(session, wire));
    }
  }

  private void ask(CoordinatorSession session, ReconfigureRequest request) {
    try {
      var answer = session.reconfigure(request);
      if (!answer.getExecuted()) {
        log.atDebug().addKeyValue("refusal", answer.getRefusal()).log("the coordinator refused");
      }
      learned(answer.getConfiguration());
    } catch (StatusRuntimeException e) {
      log.atWarn()
          .addKeyValue("coordinator", session.address())
          .addKeyValue("status", e.getStatus().getCode())
          .log("no answer to a request");
    }
  }

  private void learned(social.starling.proto.coordinator.v1.Configuration configuration) {
    if (configuration.getEpoch() > 0 && configuration.getCluster().equals(settings.cluster())) {
      happened(new Event.Learned(Wire.fromProto(configuration)));
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
        .build();
  }

  private MemberStatus memberStatus() {
    MemberStatus.Builder out = MemberStatus.newBuilder().setVolume(volumeId).setTrouble(trouble);
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
          .setUsers(state().userCount());
    }
    return out.build();
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
          if (!message.getSuspicion().getMember().equals(settings.member())) {
            from.peer(message.getSuspicion().getHearing());
            reconsiderPeer();
          }
        }
        case DEAD ->
            happened(
                new Event.Dead(message.getDead().getMember(), message.getDead().getInstance()));
        case HEARTBEAT, MESSAGE_NOT_SET -> {}
      }
    }

    @Override
    public void broken(CoordinatorSession session) {
      reconsiderPeer();
    }

    private void introduce(Members told) {
      if (told.getSlotsVersion() < members.getSlotsVersion() || told.getMembersCount() != 2) {
        return;
      }
      members = told;
      told.getMembersList().stream()
          .filter(each -> !each.getName().equals(settings.member()))
          .forEach(each -> link.peerAt(each.getInternalAddress()));
      if (this.told.compareAndSet(false, true)) {
        introduced.countDown();
      }
    }
  }

  /** Suspicion needs every coordinator that is there; one that hears the peer is enough. */
  private void reconsiderPeer() {
    Event.Hearing all = Event.Hearing.UNKNOWN;
    for (CoordinatorSession session : sessions) {
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
    happened(new Event.PeerHearing(all));
  }

  // ---------------------------------------------------------------- full copies and failures

  private void install(long epoch) {
    log.atInfo().addKeyValue("epoch", epoch).log("fetching a full copy from the master");
    SnapshotFetch fetch =
        new SnapshotFetch(settings.cluster(), settings.member(), settings.credential());
    try {
      var installation = fetch.fetch(link.peerAddress(), epoch, volume);
      store.run(
          writable -> {
            installation.commit(Math.max(promised, epoch));
            JournalState state = writable.journalState();
            stored = writable.state();
            log.atInfo()
                .addKeyValue("index", state.appliedIndex())
                .addKeyValue("volume", state.volume())
                .log("the full copy is in place");
            happened(new Event.Installed(state));
          });
    } catch (Exception e) {
      log.warn("the full copy did not come; trying again when the master says so", e);
      happened(new Event.InstallFailed());
    }
  }

  private void storageFailed(Exception e) {
    trouble = "the storage failed: " + e.getMessage();
    happened(new Event.StorageFailed());
    Thread.ofVirtual()
        .name("end")
        .start(
            () -> {
              // Long enough for the other member to be told, short enough to be restarted soon.
              LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
              end(trouble);
            });
  }

  private void end(String why) {
    ended.complete(why);
  }
}
