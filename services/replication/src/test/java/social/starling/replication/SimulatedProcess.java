package social.starling.replication;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.replication.Counts.Seen;
import social.starling.replication.Event.Hearing;

/**
 * One process of a member: the replica, its driver and its store's pending batches. Everything here
 * dies with it, except what reached the {@link SimulatedVolume}.
 */
final class SimulatedProcess {

  /** A client's attempt to write. */
  record Attempt(Requester client, RequestId request, byte[] content) {}

  /** A batch that the store was given, and how far the state machine was at that moment. */
  private record Batch(Effect.Persist persist, long applied) {}

  private final Simulation simulation;
  private final SimulatedMember member;
  private final String instance;
  private final Replica replica;
  private Application application;
  private final Deque<Object> inbox = new ArrayDeque<>();
  private final Map<Long, List<Attempt>> waiting = new HashMap<>();
  private final Deque<Batch> batches = new ArrayDeque<>();
  private boolean fsyncing;
  private boolean gone;
  private boolean failed;
  private long pausedUntil;
  private boolean workPlanned;
  private long installing;
  private int installs;
  private int swaps;
  private long applied;
  private long fold;
  private long acting;

  /** What the coordinator told this process last, and when it heard it last. */
  private Hearing told;

  private int toldBy = -1;

  SimulatedProcess(Simulation simulation, SimulatedMember member, String instance) {
    this.simulation = simulation;
    this.member = member;
    this.instance = instance;
    SimulatedVolume volume = member.volume();
    CommittedHistory history = simulation.history();
    if (volume.applied() > volume.holds(history)) {
      throw new Violation(
          Invariant.FOLD,
          "%s has the effects of %d entries, of which %d are committed ones"
              .formatted(volume.id(), volume.applied(), volume.holds(history)));
    }
    applied = volume.applied();
    fold = history.fold(applied);
    application = volume.stored().open();
    replica =
        simulation
            .plant()
            .replica(
                simulation.options(member, instance),
                volume.state(),
                (from, to, maxBytes) -> member.volume().read(from, to, maxBytes),
                member.clock(),
                member.clock());
  }

  String instance() {
    return instance;
  }

  Replica replica() {
    return replica;
  }

  boolean gone() {
    return gone;
  }

  boolean paused() {
    return pausedUntil > simulation.now();
  }

  long pausedUntil() {
    return pausedUntil;
  }

  long applied() {
    return applied;
  }

  Application application() {
    return application;
  }

  Hearing told() {
    return told;
  }

  int toldBy() {
    return toldBy;
  }

  void tell(Hearing hearing, int coordinatorRun) {
    told = hearing;
    toldBy = coordinatorRun;
    deliver(new Event.PeerHearing(hearing));
  }

  /** An {@link Event} or an {@link Attempt} comes in. */
  void deliver(Object item) {
    if (gone) {
      return;
    }
    inbox.addLast(item);
    if (!paused() && !workPlanned) {
      if (simulation.random().nextInt(8) == 0) {
        planWork(simulation.random().nextLong(2_000_000));
      } else {
        work();
      }
    }
  }

  private void planWork(long delay) {
    workPlanned = true;
    simulation.after(delay, this::planned);
  }

  private void planned() {
    workPlanned = false;
    if (paused()) {
      return;
    }
    work();
  }

  void pause(long until) {
    pausedUntil = Math.max(pausedUntil, until);
    simulation.at(
        pausedUntil + simulation.random().nextLong(1_000_000),
        () -> {
          if (!paused() && !workPlanned) {
            work();
          }
        });
  }

  private void work() {
    if (gone || inbox.isEmpty()) {
      return;
    }
    List<Effect> effects;
    try {
      while (!inbox.isEmpty()) {
        switch (inbox.removeFirst()) {
          case Event event -> {
            simulation.trace(member, event);
            replica.step(event, member.clock());
          }
          case Attempt attempt -> onAttempt(attempt);
          default -> throw new IllegalStateException("not for a process");
        }
      }
      effects = replica.drain(member.clock());
    } catch (Violation violation) {
      throw violation;
    } catch (RuntimeException thrown) {
      throw new Violation(Invariant.NO_EXCEPTION, member.name() + ": " + thrown, thrown);
    }
    int tornAfter = simulation.tearsNow() ? simulation.random().nextInt(effects.size() + 1) : -1;
    for (int i = 0; i < effects.size(); i++) {
      if (i == tornAfter) {
        break;
      }
      if (simulation.random().nextInt(32) == 0) {
        simulation.read(this);
      }
      simulation.trace(member, effects.get(i));
      perform(effects.get(i));
    }
    simulation.check(this);
    if (tornAfter >= 0) {
      simulation.crash(member, true);
    }
  }

  // ---------------------------------------------------------------- clients

  private void onAttempt(Attempt attempt) {
    // Only an open member answers retries (rule 5): while it waits, the last master may still serve
    // reads that do not see what would be acknowledged here.
    if (replica.role() == Role.OPEN && simulation.plant().asksStateMachine()) {
      long index = simulation.history().answeredAt(attempt.request());
      if (index > 0 && index <= applied) {
        acknowledge(attempt, index);
        return;
      }
    }
    Submission submission =
        replica.submit(
            attempt.request(),
            application.prepare(attempt.content()),
            member.wallMillis(),
            member.clock());
    switch (submission) {
      case Submission.Accepted(long index, boolean repeated) -> {
        if (repeated && !simulation.plant().waitsForRepeated()) {
          acknowledge(attempt, index);
        } else {
          waiting.computeIfAbsent(index, ignored -> new ArrayList<>(1)).add(attempt);
        }
      }
      case Submission.Refused(Submission.Refusal why) -> simulation.refuse(attempt);
    }
  }

  private void acknowledge(Attempt attempt, long index) {
    simulation.history().acknowledge(attempt.request(), index);
    simulation.answer(attempt, index);
  }

  // ---------------------------------------------------------------- effects

  private void perform(Effect effect) {
    switch (effect) {
      case Effect.Persist persist -> {
        if (persist.truncateAfter() >= 0) {
          simulation.counts().add(Seen.TRUNCATIONS);
        }
        long captured = simulation.random().nextInt(4) == 0 ? 0 : applied;
        batches.addLast(new Batch(persist, captured));
        fsync();
      }
      case Effect.Commit(List<Entry> entries, boolean answer) -> {
        commit(entries);
        if (answer) {
          for (Entry entry : entries) {
            List<Attempt> attempts = waiting.remove(entry.index());
            if (attempts != null) {
              attempts.forEach(each -> acknowledge(each, entry.index()));
            }
          }
        }
      }
      case Effect.Send(Message message) -> {
        if (message instanceof Message.Resign) {
          simulation.counts().add(Seen.RESIGNS);
        }
        simulation.send(member, message);
      }
      case Effect.Ask(Request request) -> simulation.ask(this, member, request);
      case Effect.Opened opened -> {}
      case Effect.Closed closed -> {
        waiting.values().forEach(each -> each.forEach(simulation::refuse));
        waiting.clear();
        application.closed();
      }
      case Effect.Install(long epoch) -> install(epoch);
      case Effect.Halt(String why) ->
          throw new Violation(Invariant.COMMITTED_FOR_EVER, member.name() + " halts: " + why);
    }
  }

  private void commit(List<Entry> entries) {
    CommittedHistory history = simulation.history();
    boolean master = replica.role().acts() || replica.role() == Role.CLOSED;
    for (Entry entry : entries) {
      if (entry.index() != applied + 1) {
        throw new Violation(
            Invariant.FOLD, "%s applies %s after %d".formatted(member.name(), entry, applied));
      }
      if (entry.index() > history.size()) {
        if (!master) {
          throw new Violation(
              Invariant.SLAVE_PREFIX,
              "%s commits %s; the master has committed %d"
                  .formatted(member.name(), entry, history.size()));
        }
        history.extend(entry);
      } else {
        history.confirm(entry);
      }
      applied = entry.index();
      application.apply(entry);
      fold = CommittedHistory.fold(fold, entry);
      if (fold != history.fold(applied)) {
        throw new Violation(
            Invariant.FOLD, "%s has another state at %d".formatted(member.name(), applied));
      }
    }
    if (master) {
      checkCounted(applied);
    }
  }

  private void checkCounted(long index) {
    CommittedHistory history = simulation.history();
    if (member.volume().holds(history) < index) {
      throw new Violation(
          Invariant.ON_COUNTED_DISKS,
          "%s commits %d, but has %d on disk"
              .formatted(member.name(), index, member.volume().holds(history)));
    }
    String counted = replica.counted();
    SimulatedVolume other = simulation.other(member).volume();
    if (other.id().equals(counted) && other.holds(history) < index) {
      throw new Violation(
          Invariant.ON_COUNTED_DISKS,
          "%s commits %d, but the counted %s has %d on disk"
              .formatted(member.name(), index, counted, other.holds(history)));
    }
  }

  // ---------------------------------------------------------------- the store

  private void fsync() {
    if (fsyncing || batches.isEmpty() || gone || failed) {
      return;
    }
    fsyncing = true;
    int many = batches.size();
    int volumeRun = swaps;
    simulation.after(
        member.fsyncNanos(),
        () -> {
          if (gone || volumeRun != swaps) {
            return;
          }
          if (member.fsyncFails()) {
            failed = true;
            writeSome(many);
            deliver(new Event.StorageFailed());
            simulation.after(
                simulation.random().nextLong(400_000_000L),
                () -> {
                  if (!gone) {
                    simulation.crash(member, true);
                  }
                });
            return;
          }
          long ticket = 0;
          for (int i = 0; i < many; i++) {
            ticket = write(batches.removeFirst());
          }
          fsyncing = false;
          deliver(new Event.Persisted(ticket));
          fsync();
        });
  }

  private long write(Batch batch) {
    SimulatedVolume volume = member.volume();
    long end =
        batch.persist.append().isEmpty()
            ? (batch.persist.truncateAfter() >= 0
                ? batch.persist.truncateAfter()
                : volume.lastIndex())
            : batch.persist.append().getLast().index();
    long effects = simulation.plant().appliesCommittedOnly() ? Math.min(batch.applied, end) : end;
    volume.write(batch.persist, effects);
    if (!simulation.plant().storesPromise()) {
      volume.forgetPromise();
    }
    return batch.persist.ticket();
  }

  /** What had not been fsynced: any prefix of it may be there. */
  private void writeSome(int many) {
    int survivors = simulation.random().nextInt(many + 1);
    for (int i = 0; i < survivors; i++) {
      write(batches.removeFirst());
    }
    batches.clear();
  }

  /** The store does some lazy work: effects of what was applied, without new entries. */
  void checkpoint() {
    if (!gone && !failed && batches.isEmpty()) {
      member.volume().apply(Math.min(applied, member.volume().lastIndex()));
    }
  }

  void trim() {
    SimulatedVolume volume = member.volume();
    if (gone || failed || installing > 0 || volume.applied() <= volume.base()) {
      return;
    }
    long keep = simulation.random().nextLong(1 + volume.applied() - volume.base());
    long upTo = volume.applied() - (simulation.random().nextBoolean() ? 0 : keep);
    simulation.counts().add(Seen.TRIMS);
    volume.trim(upTo);
    deliver(new Event.Trimmed(upTo));
  }

  // ---------------------------------------------------------------- full copies

  private void install(long epoch) {
    installing = epoch;
    int run = ++installs;
    simulation.after(simulation.random().nextLong(30_000_000L), () -> fetch(epoch, run));
  }

  private boolean stillInstalls(int run) {
    return !gone && !failed && installs == run && installing > 0;
  }

  private void fetch(long epoch, int run) {
    if (!stillInstalls(run)) {
      return;
    }
    SimulatedMember source = simulation.other(member);
    SimulatedProcess peer = source.process();
    boolean there =
        peer != null
            && !peer.paused()
            && simulation.connected(member, source)
            && peer.replica.role().acts()
            && peer.replica.configuration().epoch() == epoch;
    if (!there || simulation.random().nextInt(10) == 0) {
      simulation.after(
          simulation.random().nextLong(300_000_000L),
          () -> {
            if (stillInstalls(run)) {
              installing = 0;
              deliver(new Event.InstallFailed());
            }
          });
      return;
    }
    String id =
        simulation.plant().newVolumeForCopy()
            ? simulation.newVolumeId(member)
            : member.volume().id();
    SimulatedVolume copy = new SimulatedVolume(id, source.volume());
    simulation.after(
        simulation.random().nextLong(600_000_000L),
        () -> {
          if (stillInstalls(run)) {
            swap(copy);
            deliver(new Event.Installed(copy.state()));
          }
        });
  }

  private void swap(SimulatedVolume copy) {
    simulation.replaceVolume(member, copy);
    simulation.counts().add(Seen.SNAPSHOTS);
    installing = 0;
    swaps++;
    batches.clear();
    fsyncing = false;
    applied = copy.applied();
    application = copy.stored().open();
    fold = simulation.history().fold(applied);
  }

  // ---------------------------------------------------------------- the end

  /** The process is gone; what was not fsynced may be there in part. */
  void die() {
    gone = true;
    if (!failed) {
      writeSome(batches.size());
    }
    if (installing > 0 && simulation.random().nextInt(3) == 0) {
      // The old journal was discarded, and the copy was not complete.
      String id =
          simulation.plant().newVolumeForCopy()
              ? simulation.newVolumeId(member)
              : member.volume().id();
      simulation.replaceVolume(member, simulation.newVolume(id));
    }
  }

  long acting() {
    return acting;
  }

  void acts(long epoch) {
    acting = epoch;
  }
}
