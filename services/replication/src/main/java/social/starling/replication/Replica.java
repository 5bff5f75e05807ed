package social.starling.replication;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.replication.Event.Hearing;
import social.starling.replication.Submission.Refusal;

/**
 * One member of a cluster of two: who may number entries, when an entry is committed, when a read
 * may be served, who takes over. Pure: events and the time go in, effects come out.
 *
 * <p>The rules, numbered as they are cited below:
 *
 * <ol>
 *   <li><b>Append.</b> The open master numbers requests, appends them to its own journal and
 *       streams them to the slave; many are in flight.
 *   <li><b>Accept.</b> The slave checks that the entry before is the one it has, appends, fsyncs,
 *       acknowledges: the epoch in which the prefix was verified, its volume, and the index that is
 *       verified <em>and</em> fsynced. Only a conflict truncates, and entries of lower epochs
 *       beyond the master's end.
 *   <li><b>Commit.</b> An entry is committed when every counted member has it on disk;
 *       acknowledgements of the current epoch only. Only then is it applied and answered.
 *   <li><b>Shrink.</b> The slave is silent: commits wait until a configuration without it is known.
 *   <li><b>Promote.</b> The master is silent: the slave asks. A new master commits its whole
 *       journal and waits until no lease can be valid before it opens.
 *   <li><b>Lease.</b> While the slave is counted, a read needs a message acknowledged by the
 *       counted volume in this epoch that was sent less than a lease ago.
 *   <li><b>Rejoin and expand.</b> A slave is counted from before the moment the master asks to add
 *       it; to give up, win a change without it.
 *   <li><b>Restarts.</b> A process never acts in an epoch that an earlier process of its volume may
 *       have held: its promise must have been lower and is durable before it acts. The
 *       configuration names the process; another one asks for an epoch of its own.
 *   <li><b>Retries.</b> A retry of an entry that is not committed yet waits for it; of a committed
 *       one, the state machine knows the answer.
 *   <li><b>Handover.</b> Drain, stop reads, then ask; reopen only in a new epoch.
 * </ol>
 *
 * <p>Properties that this class keeps, whatever is lost, late or repeated around it: at most one
 * member acts in an epoch; a committed entry is never truncated; nothing is acknowledged that is
 * not on this member's disk and, while a slave is counted, on the slave's.
 *
 * <p>The rules descend from PacificA (Lin et al., 2008), Kafka's in-sync replicas with the maximal
 * set, and its truncation by epochs (KIP-101, KIP-279).
 *
 * <p>One thread only, except {@link #permit()}. Times are nanoseconds of this member's monotonic
 * clock. Methods in the middle that are package-private without need are single guards, so that a
 * test can plant a bug in each.
 */
public class Replica {

  /** Asks are repeated, because they can be lost; in heartbeats. */
  private static final int ASK_AGAIN_HEARTBEATS = 2;

  private static final long MIN_REJOIN_BACKOFF = 100_000_000L;
  private static final long MAX_REJOIN_BACKOFF = 10_000_000_000L;

  private Options options;
  private final long startedAt;
  private final ReadPermit permit = new ReadPermit();
  private final List<Effect> effects = new ArrayList<>();

  // The journal.
  private String volume;
  private final JournalReader reader;
  private EpochTable epochs;
  private Tail tail;
  private long lastId;
  private long lastTimeMillis;
  private long diskIndex;
  private long commitIndex;

  // What waits for the store.
  private final Deque<Outstanding> outstanding = new ArrayDeque<>();
  private long ticket;
  private long pendingTruncate = -1;
  private final List<Entry> pendingAppend = new ArrayList<>();

  // What is known of epochs.
  private Role role = Role.FOLLOWER;
  private Configuration configuration = Configuration.NONE;
  private long knownEpoch;
  private long promised;
  private long durablePromise;

  // As a follower: what was verified against the master of `promised`.
  private boolean verifying;
  private long matchIndex;
  private long masterEnd;
  private long masterSentAt;
  private boolean ackOwed;
  private boolean mismatchOwed;
  private long hintIndex;
  private long lastAckAt;
  private boolean everAcked;
  private long heardMasterAt;
  private boolean masterLinkBroken;
  private boolean masterResigned;

  // As master of `configuration.epoch()`.
  private long barrier;
  private boolean mustWait;
  private long waitUntil;
  private long peerNext;
  private boolean peerProbing;
  private long peerAcked;
  private String peerVolume;
  private String peerInstance = "";
  private boolean peerAnswered;
  private long peerLease;
  private boolean peerLeaseKnown;
  private long heardPeerAt;
  private boolean peerLinkBroken;
  private boolean peerLeaving;
  private String outdatedVolume;
  private long snapshotAskedAt;
  private final Deque<Sent> inFlight = new ArrayDeque<>();
  private long inFlightBytes;
  private long commitSent;
  private String pendingExpand;
  private long progressAt;
  private long sentAt;
  private long probedAt;
  private boolean draining;
  private long drainUntil;
  private boolean handoverAsked;
  private long closedAt;
  private boolean opening;
  private long openedAt;
  private final Map<RequestId, Long> uncommitted = new HashMap<>();
  private long uncommittedBytes;

  // Towards the coordinators.
  private String namedPeer;
  private Hearing hearing = Hearing.UNKNOWN;
  private final Deque<String> deadInstances = new ArrayDeque<>();
  private Request asked;
  private long askedAt;
  private long rejoinBackoff = MIN_REJOIN_BACKOFF;
  private long rejoinAfter;
  private long inSyncSince;
  private boolean leaving;
  private long leaveToldIn = -1;
  private long leaveToldAt;
  private long now;

  /** A {@link Effect.Persist} that the store has not confirmed. */
  private static final class Outstanding {
    final long ticket;
    final long promised;
    long lastIndex;
    long since;

    Outstanding(long ticket, long promised, long lastIndex, long since) {
      this.ticket = ticket;
      this.promised = promised;
      this.lastIndex = lastIndex;
      this.since = since;
    }
  }

  /** Entries up to an index that are on their way to the slave. */
  private record Sent(long lastIndex, long bytes) {}

  /**
   * A member whose process has just started.
   *
   * @param options its settings
   * @param state what its volume holds
   * @param reader reads entries that are stored
   * @param startedAt when this process started, at the latest; no process before it can have sent
   *     anything after
   * @param now the time
   */
  public Replica(
      Options options, JournalState state, JournalReader reader, long startedAt, long now) {
    this.options = options;
    this.reader = reader;
    this.startedAt = startedAt;
    this.now = now;
    heardMasterAt = now;
    heardPeerAt = now;
    lastAckAt = now;
    progressAt = now;
    sentAt = now;
    probedAt = now;
    askedAt = now - ASK_AGAIN_HEARTBEATS * options.heartbeat();
    snapshotAskedAt = now - options.heartbeat();
    rejoinAfter = now;
    inSyncSince = now;
    openedAt = now;
    adopt(state);
    promised = state.promised();
    durablePromise = promised;
    knownEpoch = promised;
  }

  private void adopt(JournalState state) {
    volume = state.volume();
    epochs = new EpochTable(state);
    tail = new Tail(reader);
    lastId = state.lastId();
    lastTimeMillis = state.lastTimeMillis();
    diskIndex = state.lastIndex();
    commitIndex = state.appliedIndex();
  }

  // ---------------------------------------------------------------- what others may ask

  /** Whether a read may be answered; for any thread. */
  public ReadPermit permit() {
    return permit;
  }

  /** Name of the other member. */
  public String peer() {
    return options.peer();
  }

  /** Where this member stands. */
  public Status status() {
    boolean acts = role.acts();
    long heard = acts ? heardPeerAt : heardMasterAt;
    return new Status(
        role,
        configuration,
        knownEpoch,
        volume,
        epochs.lastIndex(),
        diskIndex,
        commitIndex,
        acts && peerVolume != null ? peerAcked : 0,
        acts && counted() != null,
        acts ? 0 : masterEnd,
        Math.max(0, (now - heard) / 1_000_000));
  }

  /**
   * What this member counts, for the invariants of tests: the peer's volume, or null when alone.
   */
  String counted() {
    String recorded = recordedPeer(configuration);
    return recorded != null ? recorded : pendingExpand;
  }

  /** The volume that is in sync beside this member's, whatever its member is called; or null. */
  private String recordedPeer(Configuration known) {
    for (Map.Entry<String, String> each : known.inSync().entrySet()) {
      if (!each.getKey().equals(options.self())) {
        return each.getValue();
      }
    }
    return null;
  }

  long promised() {
    return promised;
  }

  Role role() {
    return role;
  }

  void role(Role taken) {
    role = taken;
  }

  long matchIndex() {
    return matchIndex;
  }

  long now() {
    return now;
  }

  String peerVolume() {
    return peerVolume;
  }

  long heardPeerAt() {
    return heardPeerAt;
  }

  long heardMasterAt() {
    return heardMasterAt;
  }

  boolean leaseKnown() {
    return peerLeaseKnown;
  }

  boolean sawDead() {
    return !deadInstances.isEmpty();
  }

  Configuration configuration() {
    return configuration;
  }

  // ---------------------------------------------------------------- events

  /** Takes in an event. The effects wait for {@link #drain}. */
  public void step(Event event, long time) {
    advance(time);
    switch (event) {
      case Event.Tick() -> {}
      case Event.Persisted(long done) -> onPersisted(done);
      case Event.Received(String from, Message message) -> {
        if (from.isEmpty() || from.equals(options.peer())) {
          onMessage(message);
        }
      }
      case Event.PeerNamed(String peer) -> namedPeer = peer;
      case Event.Learned(Configuration learned) -> onLearned(learned);
      case Event.PeerHearing(Hearing heard) -> hearing = heard;
      case Event.Dead(String member, String instance) -> onDead(member, instance);
      case Event.LinkBroken() -> onLinkBroken();
      case Event.HandoverWanted() -> onHandoverWanted();
      case Event.LeaveWanted() -> leaving = true;
      case Event.StorageFailed() -> onStorageFailed();
      case Event.Installed(JournalState state) -> onInstalled(state);
      case Event.InstallFailed() -> {
        if (role == Role.INSTALLING) {
          role = Role.FOLLOWER;
          heardMasterAt = now;
        }
      }
      case Event.Trimmed(long base) -> epochs.trim(base);
    }
    concludeSuccession();
  }

  /**
   * A client's request (rule 1). If accepted, its answer comes with the {@link Effect.Commit} of
   * the entry; the caller has asked the state machine before whether it was answered already.
   *
   * @param wallMillis milliseconds since 1970-01-01Z
   */
  public Submission submit(RequestId id, byte[] request, long wallMillis, long time) {
    advance(time);
    switch (role) {
      case OPEN -> {}
      case WAITING, CLOSED -> {
        return new Submission.Refused(Refusal.NOT_READY);
      }
      default -> {
        return new Submission.Refused(Refusal.NOT_MASTER);
      }
    }
    Long before = id.isNone() ? null : uncommitted.get(id);
    if (before != null) {
      return new Submission.Accepted(before, true);
    }
    if (draining || durablePromise < configuration.epoch()) {
      return new Submission.Refused(Refusal.NOT_READY);
    }
    if (options.minInSync() == 2 && recordedPeer(configuration) == null) {
      return new Submission.Refused(Refusal.ONE_COPY_ONLY);
    }
    if (uncommittedBytes > options.maxUncommittedBytes()) {
      return new Submission.Refused(Refusal.OVERLOADED);
    }
    lastTimeMillis = nextTime(wallMillis);
    lastId = Ids.next(lastId, lastTimeMillis, options.clusterNumber());
    Entry entry =
        new Entry(
            epochs.lastIndex() + 1, configuration.epoch(), id, lastTimeMillis, lastId, request);
    if (epochs.lastIndex() == commitIndex) {
      progressAt = now;
    }
    append(entry);
    if (!id.isNone()) {
      uncommitted.put(id, entry.index());
    }
    uncommittedBytes += entry.weight();
    return new Submission.Accepted(entry.index(), false);
  }

  /** Whether a request is in the journal and not committed yet: a repeat of it waits (rule 9). */
  public boolean isPending(RequestId id) {
    return uncommitted.containsKey(id);
  }

  /**
   * Times never step back along a journal, whatever the wall clock does; one that is beyond all ids
   * is no time, and would use them up for ever.
   */
  long nextTime(long wallMillis) {
    return wallMillis > Ids.LAST_MILLIS ? lastTimeMillis : Math.max(lastTimeMillis, wallMillis);
  }

  /**
   * Draws the conclusions of all events so far and returns what is to be done, in order. Calling it
   * once after several events makes them share an fsync and a message.
   */
  public List<Effect> drain(long time) {
    advance(time);
    conclude();
    flushPersist();
    flushAcks();
    flushAppends();
    updatePermit();
    tail.shrink(Math.min(commitIndex, diskIndex), options.maxTailBytes());
    List<Effect> done = List.copyOf(effects);
    effects.clear();
    return done;
  }

  /**
   * Moves the clock. A gap means that this process itself stood still (a pause, a stopped process):
   * what others said meanwhile waits in the sockets, so the gap is no silence of theirs.
   */
  private void advance(long time) {
    long gap = time - now;
    if (opening) {
      // The driver has done what was drained with Opened: what was committed is applied.
      opening = false;
      openedAt = gap > 0 ? time : now;
      updatePermit();
    }
    if (gap <= 0) {
      return;
    }
    if (gap > 3 * options.heartbeat()) {
      heardMasterAt += gap;
      heardPeerAt += gap;
      progressAt += gap;
      outstanding.forEach(each -> each.since += gap);
    }
    now = time;
  }

  // ---------------------------------------------------------------- configuration

  private void onLearned(Configuration learned) {
    if (!isNews(learned)) {
      return;
    }
    boolean mine = learned.master().equals(options.self());
    if (!mine) {
      stepDown("e%d names %s as master".formatted(learned.epoch(), learned.master()));
      adoptConfiguration(learned);
      return;
    }
    boolean acting = role.acts() && configuration.master().equals(options.self());
    if (acting && mayContinue(learned)) {
      continueIn(learned);
    } else if (mayAct(learned)) {
      become(learned);
    } else {
      stepDown("e%d names another process of this member".formatted(learned.epoch()));
      adoptConfiguration(learned);
    }
  }

  /** A configuration that is not newer than what is known is ignored. */
  boolean isNews(Configuration learned) {
    return learned.epoch() >= knownEpoch && learned.epoch() > configuration.epoch();
  }

  private void adoptConfiguration(Configuration learned) {
    configuration = learned;
    knownEpoch = learned.epoch();
    asked = null;
    masterResigned = false;
    heardMasterAt = now;
    promise(learned.epoch());
  }

  /** A master goes on in a newer epoch of its own if that names this very process. */
  boolean mayContinue(Configuration learned) {
    return learned.masterInstance().equals(options.instance());
  }

  /** Rule 8: this process, on the recorded volume, in an epoch above every promise. */
  boolean mayAct(Configuration learned) {
    return role != Role.FAILED
        && role != Role.INSTALLING
        && learned.hasInSync(options.self(), volume)
        && learned.masterInstance().equals(options.instance())
        && promised < learned.epoch();
  }

  private void continueIn(Configuration learned) {
    boolean hadPeer = recordedPeer(configuration) != null;
    boolean hasPeer = recordedPeer(learned) != null;
    configuration = learned;
    knownEpoch = learned.epoch();
    asked = null;
    pendingExpand = null;
    peerLeaving &= hasPeer;
    if (hasPeer && !hadPeer) {
      inSyncSince = now;
    }
    if (hadPeer && !hasPeer) {
      // A member that comes and goes must not make every write wait for its next absence.
      boolean stable = now - inSyncSince > MAX_REJOIN_BACKOFF * 3;
      rejoinBackoff = stable ? MIN_REJOIN_BACKOFF : Math.min(rejoinBackoff * 2, MAX_REJOIN_BACKOFF);
      rejoinAfter = now + rejoinBackoff;
    }
    // Acknowledgements count in the epoch in which they were given (rules 3 and 6).
    peerAcked = 0;
    peerVolume = null;
    peerAnswered = false;
    peerLeaseKnown = false;
    peerProbing = true;
    outdatedVolume = null;
    probedAt = now - options.heartbeat();
    heardPeerAt = now;
    progressAt = now;
    promise(learned.epoch());
  }

  private void become(Configuration learned) {
    stepDown("a new epoch begins");
    peerInstance = "";
    role = Role.WAITING;
    configuration = learned;
    knownEpoch = learned.epoch();
    asked = null;
    promise(learned.epoch());
    barrier = takeOverJournal();
    mustWait = owesWait(learned);
    waitUntil = waitEnd();
    peerNext = epochs.lastIndex() + 1;
    peerProbing = true;
    probedAt = now - options.heartbeat();
    heardPeerAt = now;
    progressAt = now;
    rejoinAfter = now;
    if (recordedPeer(learned) != null) {
      inSyncSince = now;
    }
  }

  /** Rule 5: a new master keeps all of its journal, for any of it may have been acknowledged. */
  long takeOverJournal() {
    return epochs.lastIndex();
  }

  /** Rule 5: whoever the last master was, unless it had stopped before. */
  boolean owesWait(Configuration learned) {
    return !learned.released();
  }

  /** Rule 5: from the last acknowledgement of this process, or from its start if it gave none. */
  long waitEnd() {
    return (everAcked ? lastAckAt : startedAt) + options.grace();
  }

  /**
   * Rule 5: the wait is owed to whoever may hold a lease. That is the last master, unless it was
   * this member itself: then it may still be the other one, of whose process the configuration says
   * nothing.
   */
  boolean provenDead() {
    return configuration.previousMaster().equals(options.peer())
        && !configuration.previousInstance().isEmpty()
        && deadInstances.contains(configuration.previousInstance());
  }

  private void stepDown(String why) {
    if (role == Role.FAILED || role == Role.INSTALLING) {
      return;
    }
    boolean served = role == Role.OPEN;
    permit.shut();
    if (served || !uncommitted.isEmpty()) {
      effects.add(new Effect.Closed(configuration.epoch(), why));
    }
    role = Role.FOLLOWER;
    uncommitted.clear();
    uncommittedBytes = 0;
    pendingExpand = null;
    peerVolume = null;
    peerAcked = 0;
    peerAnswered = false;
    peerLeaseKnown = false;
    peerLeaving = false;
    outdatedVolume = null;
    peerLinkBroken = false;
    draining = false;
    handoverAsked = false;
    forgetVerified();
    masterLinkBroken = false;
    masterEnd = 0;
    heardMasterAt = now;
  }

  /** Refuses every lower epoch from now on; what was verified belongs to the old one. */
  private void promise(long epoch) {
    if (epoch > promised) {
      promised = epoch;
      forgetVerified();
    }
  }

  void forgetVerified() {
    verifying = false;
    matchIndex = 0;
    ackOwed = false;
    mismatchOwed = false;
  }

  private void onDead(String member, String instance) {
    if (member.equals(options.peer()) && !deadInstances.contains(instance)) {
      deadInstances.addLast(instance);
      if (deadInstances.size() > 32) {
        deadInstances.removeFirst();
      }
    }
  }

  /**
   * Another member has taken the peer's place. What this one counts is not given up for that: only
   * a configuration that is known does it, as ever (rules 4 and 7).
   */
  private void concludeSuccession() {
    if (namedPeer == null || namedPeer.equals(options.peer())) {
      namedPeer = null;
      return;
    }
    if (pendingExpand != null || configuration.inSync().containsKey(options.peer())) {
      return;
    }
    options = options.withPeer(namedPeer);
    namedPeer = null;
    hearing = Hearing.UNKNOWN;
    peerNext = epochs.lastIndex() + 1;
    peerProbing = true;
    peerAcked = 0;
    peerVolume = null;
    peerInstance = "";
    peerAnswered = false;
    peerLeaseKnown = false;
    peerLinkBroken = false;
    peerLeaving = false;
    outdatedVolume = null;
    inFlight.clear();
    inFlightBytes = 0;
    probedAt = now - options.heartbeat();
    heardPeerAt = now;
    progressAt = now;
    rejoinBackoff = MIN_REJOIN_BACKOFF;
    rejoinAfter = now;
    forgetVerified();
  }

  private void onLinkBroken() {
    masterLinkBroken = true;
    peerLinkBroken = true;
    peerProbing = true;
  }

  private void onHandoverWanted() {
    if (role == Role.OPEN && recordedPeer(configuration) != null) {
      draining = true;
      drainUntil = now + options.silence() / 2;
    }
  }

  private void onStorageFailed() {
    String why = "this member's storage failed";
    if (role.acts()) {
      effects.add(new Effect.Send(new Message.Resign(configuration.epoch())));
    } else if (verifying) {
      effects.add(new Effect.Send(new Message.Leaving(promised, volume, options.instance())));
    }
    stepDown(why);
    role = Role.FAILED;
  }

  private void onInstalled(JournalState state) {
    adopt(state);
    outstanding.clear();
    pendingAppend.clear();
    pendingTruncate = -1;
    promised = Math.max(promised, state.promised());
    durablePromise = state.promised();
    knownEpoch = Math.max(knownEpoch, promised);
    forgetVerified();
    heardMasterAt = now;
    if (role == Role.INSTALLING) {
      role = Role.FOLLOWER;
    }
  }

  // ---------------------------------------------------------------- the store

  private void append(Entry entry) {
    epochs.append(entry.index(), entry.epoch());
    tail.append(entry);
    pendingAppend.add(entry);
    lastId = Math.max(lastId, entry.id());
    lastTimeMillis = Math.max(lastTimeMillis, entry.timeMillis());
  }

  void truncateAfter(long index) {
    if (index < commitIndex) {
      haltForCommitted(index + 1);
      return;
    }
    flushPersist();
    epochs.truncateAfter(index);
    tail.truncateAfter(index);
    diskIndex = Math.min(diskIndex, index);
    for (Outstanding each : outstanding) {
      each.lastIndex = Math.min(each.lastIndex, index);
    }
    matchIndex = Math.min(matchIndex, index);
    pendingTruncate = index;
  }

  private void haltForCommitted(long index) {
    effects.add(
        new Effect.Halt(
            "asked to drop entry %d, which is committed (up to %d)".formatted(index, commitIndex)));
    role = Role.FAILED;
    permit.shut();
  }

  private void flushPersist() {
    boolean newPromise = promised > lastPromiseSent();
    if (!newPromise && pendingTruncate < 0 && pendingAppend.isEmpty()) {
      return;
    }
    if (role == Role.FAILED) {
      pendingAppend.clear();
      pendingTruncate = -1;
      return;
    }
    ticket++;
    long last =
        pendingAppend.isEmpty()
            ? (pendingTruncate >= 0 ? pendingTruncate : lastIndexSent())
            : pendingAppend.getLast().index();
    outstanding.addLast(new Outstanding(ticket, promised, last, now));
    effects.add(
        new Effect.Persist(
            ticket, newPromise ? promised : 0, pendingTruncate, List.copyOf(pendingAppend)));
    pendingAppend.clear();
    pendingTruncate = -1;
  }

  private long lastPromiseSent() {
    return outstanding.isEmpty() ? durablePromise : outstanding.getLast().promised;
  }

  private long lastIndexSent() {
    return outstanding.isEmpty() ? diskIndex : outstanding.getLast().lastIndex;
  }

  private void onPersisted(long done) {
    if (commitIndex == diskIndex) {
      progressAt = now; // Until now the slave was not what a commit waits for.
    }
    while (!outstanding.isEmpty() && outstanding.getFirst().ticket <= done) {
      Outstanding first = outstanding.removeFirst();
      durablePromise = Math.max(durablePromise, first.promised);
      diskIndex = first.lastIndex;
    }
    if (!outstanding.isEmpty()) {
      outstanding.getFirst().since = now; // It stood in the queue: a slow disk does not hang.
    }
    ackOwed |= verifying;
  }

  // ---------------------------------------------------------------- messages

  private void onMessage(Message message) {
    switch (message) {
      case Message.Append append -> onAppend(append);
      case Message.Ack ack -> onAck(ack);
      case Message.SnapshotNeeded(long epoch, String outdated) -> onSnapshotNeeded(epoch, outdated);
      case Message.Resign(long epoch) -> {
        if (epoch == promised && !role.acts()) {
          masterResigned = true;
        }
      }
      case Message.Leaving leave -> {
        boolean another = !peerInstance.isEmpty() && !leave.instance().equals(peerInstance);
        if (role.acts() && leave.volume().equals(counted()) && !another) {
          peerLeaving = true;
        }
      }
    }
  }

  /** Whether a message of a master of this epoch is to be heard at all. */
  boolean hears(long epoch) {
    if (epoch < promised || role == Role.FAILED || role == Role.INSTALLING) {
      return false;
    }
    boolean own = role.acts() || role == Role.CLOSED;
    return !own || epoch > knownEpoch;
  }

  private void onAppend(Message.Append message) {
    if (!hears(message.epoch())) {
      return;
    }
    if (role != Role.FOLLOWER) {
      stepDown("the other member is master in e" + message.epoch());
    }
    if (message.epoch() > knownEpoch) {
      knownEpoch = message.epoch();
      asked = null;
      masterResigned = false;
    }
    promise(message.epoch());
    if (!verifying) {
      beginVerifying();
      masterSentAt = message.sentAt();
    }
    heardMasterAt = now;
    masterLinkBroken = false;
    if (message.sentAt() - masterSentAt > 0) {
      masterSentAt = message.sentAt();
    }
    masterEnd = Math.max(masterEnd, message.endIndex());
    accept(message);
    if (role == Role.FAILED) {
      return;
    }
    dropBeyond(message.endIndex());
    long committed = Math.min(committedByMaster(message), matchIndex);
    if (committed > commitIndex) {
      flushPersist(); // The store must never hold effects of entries that it does not hold.
      commitUpTo(committed, false);
    }
    // What was appended is acknowledged when it is durable; until then only heartbeats are
    // answered.
    ackOwed |= message.entries().isEmpty() || mismatchOwed || outstanding.isEmpty();
  }

  /** Rule 3: the commit index rides on each message. */
  long committedByMaster(Message.Append message) {
    return message.commitIndex();
  }

  /** Rule 2: nothing is truncated for having a new master, only for a conflict with it. */
  void beginVerifying() {
    verifying = true;
    matchIndex = 0;
    masterEnd = 0;
  }

  /** Rule 2. */
  private void accept(Message.Append message) {
    long previous = message.previousIndex();
    if (contradictsTrimmed(message)) {
      haltForCommitted(epochs.baseIndex());
      return;
    }
    // What is trimmed was committed, so every master has the same.
    boolean known =
        previous <= epochs.baseIndex()
            || previous <= epochs.lastIndex()
                && epochs.epochAt(previous) == message.previousEpoch();
    if (!known) {
      if (previous > matchIndex) {
        mismatchOwed = true;
        hintIndex = Math.max(matchIndex, epochs.lastIndexOf(message.previousEpoch(), previous));
      }
      return;
    }
    // Equal index and epoch mean equal journals up to there.
    matchIndex = Math.max(matchIndex, Math.max(previous, epochs.baseIndex()));
    for (Entry entry : message.entries()) {
      long index = entry.index();
      if (index <= epochs.baseIndex()) {
        continue;
      }
      if (conflicts(entry)) {
        truncateAfter(index - 1);
        if (role == Role.FAILED) {
          return;
        }
      }
      if (index > epochs.lastIndex()) {
        append(entry);
      }
      matchIndex = Math.max(matchIndex, index);
    }
  }

  /**
   * A master whose journal has an entry of a later epoch where this one has trimmed, or ended
   * before that when its epoch began: it was made master by a person who gave up what only this
   * volume holds.
   */
  private boolean contradictsTrimmed(Message.Append message) {
    long base = epochs.baseIndex();
    long epoch = epochs.epochAt(base);
    return message.endIndex() < base && message.epoch() > epoch
        || message.previousIndex() <= base && message.previousEpoch() > epoch
        || message.entries().stream().anyMatch(e -> e.index() <= base && e.epoch() > epoch);
  }

  /** Rule 2: two entries with one index are the same if they are of one epoch. */
  boolean conflicts(Entry entry) {
    return entry.index() <= epochs.lastIndex() && epochs.epochAt(entry.index()) != entry.epoch();
  }

  /** Rule 2: a master of an epoch has every entry of lower epochs that it will ever have. */
  void dropBeyond(long masterEndIndex) {
    long first = epochs.firstBelow(promised, masterEndIndex);
    if (first > 0) {
      truncateAfter(first - 1);
    }
  }

  private void onAck(Message.Ack ack) {
    if (!role.acts() || !ofThisEpoch(ack)) {
      return;
    }
    heardPeerAt = now;
    peerLinkBroken = false;
    // The first acknowledgement of a volume in an epoch counts from nothing (rules 3 and 6).
    if (!ack.volume().equals(peerVolume)) {
      peerVolume = ack.volume();
      peerAcked = 0;
      dropLease();
      peerProbing = true;
    }
    if (!ack.instance().equals(peerInstance)) {
      peerInstance = ack.instance();
      peerProbing = true;
      peerLeaving = false;
    }
    if (!peerLeaseKnown || ack.sentAt() - peerLease > 0) {
      peerLease = ack.sentAt();
      peerLeaseKnown = true;
    }
    if (ack.verifiedIndex() > peerAcked) {
      peerAcked = ack.verifiedIndex();
      progressAt = now;
    }
    if (ack.mismatch()) {
      onMismatch(ack);
    } else if (peerProbing) {
      peerProbing = false;
      peerAnswered = true;
      peerNext = peerAcked + 1;
      inFlight.clear();
      inFlightBytes = 0;
    }
    peerNext = Math.max(peerNext, peerAcked + 1);
    while (!inFlight.isEmpty() && inFlight.getFirst().lastIndex <= peerAcked) {
      inFlightBytes -= inFlight.removeFirst().bytes;
    }
  }

  boolean ofThisEpoch(Message.Ack ack) {
    return ack.epoch() == configuration.epoch();
  }

  private void onMismatch(Message.Ack ack) {
    boolean nothingToStepBack = ack.hintIndex() + 1 >= peerNext && peerNext > epochs.baseIndex();
    if (nothingToStepBack && !peerProbing) {
      return; // Answers a message from before the last step back.
    }
    long agree = Math.min(ack.hintIndex(), epochs.lastIndex());
    boolean trimmed = agree < epochs.baseIndex();
    if (!trimmed) {
      agree = epochs.lastIndexOf(ack.hintEpoch(), agree);
      trimmed = agree == epochs.baseIndex() && epochs.epochAt(agree) > ack.hintEpoch();
    }
    if (trimmed) {
      peerProbing = true;
      if (!ack.volume().equals(counted())) {
        outdatedVolume = ack.volume();
      }
      return;
    }
    peerNext = Math.max(agree, peerAcked) + 1;
    peerProbing = true;
    probedAt = now - options.heartbeat();
  }

  private void onSnapshotNeeded(long epoch, String outdated) {
    if (!hears(epoch) || role != Role.FOLLOWER || !mayDiscard(epoch, outdated)) {
      return;
    }
    heardMasterAt = now;
    knownEpoch = Math.max(knownEpoch, epoch);
    promise(epoch);
    forgetVerified();
    role = Role.INSTALLING;
    effects.add(new Effect.Install(epoch));
  }

  /** Rule 7: this very volume, and never one that is known to be recorded. */
  boolean mayDiscard(long epoch, String outdated) {
    boolean recorded =
        configuration.hasInSync(options.self(), volume) && configuration.epoch() >= epoch;
    return outdated.equals(volume) && !recorded;
  }

  // ---------------------------------------------------------------- conclusions

  private void conclude() {
    switch (role) {
      case WAITING, OPEN -> {
        concludeCommit();
        concludeOpening();
        concludeHandover();
        concludeOwnHang();
        if (role.acts()) {
          concludeCounted();
          concludeExpand();
        }
      }
      case FOLLOWER, CLOSED -> {
        concludePromote();
        concludeLeaving();
      }
      case INSTALLING, FAILED -> {}
    }
  }

  boolean actsDurably() {
    return role.acts() && durablePromise >= configuration.epoch();
  }

  private void concludeCommit() {
    if (!actsDurably()) {
      return;
    }
    long target = commitTarget();
    if (target > commitIndex) {
      commitUpTo(target, role == Role.OPEN);
      progressAt = now;
    }
  }

  /** Rule 3: on the disk of every counted member. */
  long commitTarget() {
    String counted = counted();
    if (counted == null) {
      return durableIndex();
    }
    return counted.equals(peerVolume) ? Math.min(durableIndex(), peerAcked) : 0;
  }

  /** Fsynced up to here. */
  long durableIndex() {
    return diskIndex;
  }

  private void commitUpTo(long target, boolean answer) {
    while (commitIndex < target) {
      List<Entry> entries = tail.read(commitIndex + 1, target, options.maxAppendBytes());
      if (entries.isEmpty()) {
        throw new IllegalStateException(
            "entries from %d are committed up to %d, but not in the journal"
                .formatted(commitIndex + 1, target));
      }
      effects.add(new Effect.Commit(entries, answer));
      commitIndex = entries.getLast().index();
      for (Entry entry : entries) {
        if (uncommitted.remove(entry.requestId()) != null || entry.requestId().isNone()) {
          uncommittedBytes = Math.max(0, uncommittedBytes - entry.weight());
        }
      }
    }
  }

  private void concludeOpening() {
    if (role != Role.WAITING || !actsDurably()) {
      return;
    }
    if (mustWait && (now - waitUntil >= 0 || provenDead())) {
      mustWait = false;
    }
    if (!mustWait && commitIndex >= openingBarrier()) {
      role = Role.OPEN;
      opening = true;
      effects.add(new Effect.Opened(configuration.epoch()));
    }
  }

  /** Rule 5: a new master commits all of its journal before it opens. */
  long openingBarrier() {
    return barrier;
  }

  private void concludeHandover() {
    if (!draining || role != Role.OPEN) {
      return;
    }
    if (now - drainUntil >= 0 || recordedPeer(configuration) == null) {
      draining = false; // Nothing was asked, so this epoch goes on.
      return;
    }
    long last = epochs.lastIndex();
    boolean clean =
        actsDurably()
            && commitIndex == last
            && diskIndex == last
            && peerAcked >= last
            && peerAnswered
            && recordedPeer(configuration).equals(peerVolume);
    if (clean) {
      close("hands over to " + options.peer());
      handoverAsked = true;
      ask(new Request.Handover(configuration.epoch(), peerInstance));
    }
  }

  private void close(String why) {
    permit.shut();
    effects.add(new Effect.Closed(configuration.epoch(), why));
    role = Role.CLOSED;
    closedAt = now;
    draining = false;
    dropLease();
    uncommitted.clear();
    uncommittedBytes = 0;
  }

  /** Rules 6 and 10: a lease is of one volume, and of the time before a handover. */
  void dropLease() {
    peerLeaseKnown = false;
  }

  /** A master whose own fsync hangs stops nothing for long: the slave has everything. */
  private void concludeOwnHang() {
    boolean hangs =
        !outstanding.isEmpty() && now - outstanding.getFirst().since > options.silence();
    String recorded = recordedPeer(configuration);
    if (hangs && role.acts() && recorded != null && recorded.equals(peerVolume)) {
      boolean peerIsThere = now - heardPeerAt < options.silence();
      // Where the slave's disk stands still as well, this member at least answers reads.
      boolean peerGoesOn = peerAcked > diskIndex || peerAcked == epochs.lastIndex();
      if (peerIsThere && peerGoesOn) {
        long epoch = configuration.epoch();
        close("this member's storage hangs");
        effects.add(new Effect.Send(new Message.Resign(epoch)));
      }
    }
  }

  /**
   * While the slave is counted: it is taken out when it fails, or put in until that is known. Not
   * by a master that leaves: it would win a moment of writes, and nobody could follow it.
   */
  private void concludeCounted() {
    if (counted() == null || configuration.epoch() < knownEpoch) {
      return;
    }
    boolean silent = now - heardPeerAt > options.silence();
    boolean stuck = commitIndex < diskIndex && now - progressAt > options.silence();
    boolean dead = !peerInstance.isEmpty() && deadInstances.contains(peerInstance);
    boolean cut = peerLinkBroken && (hearing == Hearing.SUSPECTED || hearing == Hearing.LOST);
    boolean replaced = peerVolume != null && !peerVolume.equals(counted());
    if (silent || stuck || dead || cut || replaced || peerLeaving) {
      if (!leaving) {
        ask(new Request.Shrink(configuration.epoch()));
      }
    } else if (pendingExpand != null && !draining) {
      ask(new Request.Expand(configuration.epoch(), pendingExpand));
    }
  }

  private void concludeExpand() {
    if (role != Role.OPEN
        || draining
        || !actsDurably()
        || counted() != null
        || configuration.epoch() < knownEpoch) {
      return;
    }
    boolean fresh = now - heardPeerAt < 3 * options.heartbeat();
    if (fresh && peerAnswered && !peerLeaving && now - rejoinAfter >= 0 && caughtUp()) {
      countFromNow(peerVolume);
      ask(new Request.Expand(configuration.epoch(), peerVolume));
    }
  }

  /**
   * Rule 7: everything committed at this moment is acknowledged in this epoch by that volume, which
   * was not asked to be discarded.
   */
  boolean caughtUp() {
    return peerVolume != null
        && mayCount(peerVolume)
        && !peerProbing
        && peerAcked >= commitIndex
        && epochs.lastIndex() - peerAcked < 1_000;
  }

  /** Rule 7: not a volume that was told to be discarded, for it may be at any moment. */
  boolean mayCount(String volumeOfPeer) {
    return !volumeOfPeer.equals(outdatedVolume);
  }

  /** Rule 7: counted before the coordinator is asked. */
  void countFromNow(String volumeOfPeer) {
    pendingExpand = volumeOfPeer;
    updatePermit();
  }

  /** Rule 5: only a member of the set, with the recorded volume, at the newest epoch it knows. */
  boolean mayAsk() {
    return configuration.epoch() > 0
        && configuration.epoch() == knownEpoch
        && configuration.hasInSync(options.self(), volume);
  }

  private void concludePromote() {
    boolean recorded = mayAsk();
    boolean asksHandover =
        role == Role.CLOSED && handoverAsked && now - closedAt < options.silence();
    if (recorded && asksHandover) {
      ask(new Request.Handover(configuration.epoch(), peerInstance));
    }
    if (!recorded || asksHandover || leaving || !outstandingIsFresh()) {
      return;
    }
    if (role == Role.CLOSED) {
      if (now - closedAt >= options.silence()) {
        reopen();
      }
      return;
    }
    if (configuration.master().equals(options.self()) || masterIsLost()) {
      ask(new Request.Promote(configuration.epoch()));
    }
  }

  /** Rule 10: only in a new epoch. */
  void reopen() {
    ask(new Request.Promote(configuration.epoch()));
  }

  /** A member whose own storage hangs must not be the one that takes over. */
  private boolean outstandingIsFresh() {
    return outstanding.isEmpty() || now - outstanding.getFirst().since <= options.silence() / 2;
  }

  boolean masterIsLost() {
    long silence = now - heardMasterAt;
    boolean suspected = hearing == Hearing.SUSPECTED || hearing == Hearing.LOST;
    return deadInstances.contains(configuration.masterInstance())
        || masterResigned
        || hearing == Hearing.LOST
        || masterLinkBroken && suspected
        || suspected && silence > options.silence()
        // If only the link between the two is cut, the master that serves should win.
        || silence > options.silence() + options.silence() / 2;
  }

  /** Each master is told at once: until it knows, it waits for acknowledgements in vain. */
  private void concludeLeaving() {
    boolean due =
        leaveToldIn != promised || now - leaveToldAt >= ASK_AGAIN_HEARTBEATS * options.heartbeat();
    if (leaving && verifying && role == Role.FOLLOWER && due) {
      leaveToldIn = promised;
      leaveToldAt = now;
      effects.add(new Effect.Send(new Message.Leaving(promised, volume, options.instance())));
    }
  }

  private boolean askAgain() {
    return now - askedAt >= ASK_AGAIN_HEARTBEATS * options.heartbeat();
  }

  void ask(Request request) {
    if (request.equals(asked) && !askAgain()) {
      return;
    }
    asked = request;
    askedAt = now;
    effects.add(new Effect.Ask(request));
  }

  // ---------------------------------------------------------------- sending

  private void flushAcks() {
    boolean may = verifying && role == Role.FOLLOWER && !leaving && durablePromise >= promised;
    if (!ackOwed || !may) {
      return;
    }
    long hint = mismatchOwed ? Math.min(hintIndex, epochs.lastIndex()) : 0;
    hint = mismatchOwed ? Math.max(hint, epochs.baseIndex()) : 0;
    effects.add(
        new Effect.Send(
            new Message.Ack(
                promised,
                volume,
                options.instance(),
                ackIndex(),
                masterSentAt,
                mismatchOwed,
                hint,
                mismatchOwed ? epochs.epochAt(hint) : 0)));
    ackOwed = false;
    mismatchOwed = false;
    lastAckAt = now;
    everAcked = true;
  }

  /** Rule 2: verified and fsynced, never the mere length. */
  long ackIndex() {
    return Math.min(matchIndex, durableIndex());
  }

  private void flushAppends() {
    if (!actsDurably()) {
      return;
    }
    if (outdatedVolume != null
        && outdatedVolume.equals(peerVolume)
        && !outdatedVolume.equals(counted())
        && now - snapshotAskedAt >= options.heartbeat()) {
      snapshotAskedAt = now;
      effects.add(
          new Effect.Send(new Message.SnapshotNeeded(configuration.epoch(), outdatedVolume)));
    }
    if (peerProbing) {
      if (now - probedAt >= options.heartbeat()) {
        probedAt = now;
        sendAppend(clampPrevious(peerNext - 1), List.of());
      }
      return;
    }
    // What is lost on its way is found by the next message: the entry before it is not there.
    long end = epochs.lastIndex();
    boolean sent = false;
    while (peerNext <= end && inFlightBytes < options.maxInFlightBytes()) {
      List<Entry> entries =
          peerNext <= epochs.baseIndex()
              ? List.of()
              : tail.read(peerNext, end, options.maxAppendBytes());
      if (entries.isEmpty()) {
        peerProbing = true; // Trimmed: the slave's answer tells what it needs.
        return;
      }
      sendAppend(peerNext - 1, entries);
      peerNext = entries.getLast().index() + 1;
      long weight = 0;
      for (Entry entry : entries) {
        weight += entry.weight();
      }
      inFlight.addLast(new Sent(peerNext - 1, weight));
      inFlightBytes += weight;
      sent = true;
    }
    if (!sent && (now - sentAt >= options.heartbeat() || committedSinceSent())) {
      sendAppend(clampPrevious(peerNext - 1), List.of());
    }
  }

  /** So that the slave need not wait for a heartbeat to apply what it has; once per idle moment. */
  private boolean committedSinceSent() {
    return commitSent < commitIndex
        && commitIndex == epochs.lastIndex()
        && now - sentAt >= options.heartbeat() / 10;
  }

  private long clampPrevious(long index) {
    return Math.clamp(index, epochs.baseIndex(), epochs.lastIndex());
  }

  private void sendAppend(long previous, List<Entry> entries) {
    sentAt = now;
    commitSent = commitIndex;
    effects.add(
        new Effect.Send(
            new Message.Append(
                configuration.epoch(),
                options.instance(),
                previous,
                epochs.epochAt(previous),
                entries,
                epochs.lastIndex(),
                commitIndex,
                now)));
  }

  private void updatePermit() {
    if (role != Role.OPEN) {
      permit.shut();
      return;
    }
    String counted = counted();
    if (opening) {
      permit.set(false, now, now);
    } else if (!actsDurably()) {
      permit.set(false, openedAt, openedAt); // Readers wait for the promise, a moment.
    } else if (needsNoLease()) {
      permit.set(true, openedAt, openedAt);
    } else {
      long until = leaseHeld(counted) ? peerLease + options.lease() : openedAt;
      permit.set(false, until, openedAt);
    }
  }

  /** Rule 6: nobody outside the set is ever promoted. */
  boolean needsNoLease() {
    return counted() == null;
  }

  /** Rule 6: only what the counted volume acknowledged in this epoch gives a lease. */
  boolean leaseHeld(String countedVolume) {
    return peerLeaseKnown && countedVolume.equals(peerVolume);
  }
}
