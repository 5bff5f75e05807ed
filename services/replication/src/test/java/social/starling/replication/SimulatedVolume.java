package social.starling.replication;

import java.util.ArrayList;
import java.util.List;

/** What is on a volume's disk for good: what a process finds there after a crash. */
final class SimulatedVolume {

  private String id;
  private long promised;
  private long base;
  private long baseEpoch;
  private long baseId;
  private long baseTime;
  private List<Entry> entries = new ArrayList<>();
  private long applied;
  private final Stored stored;

  /** The entries up to here are known to be the committed ones. */
  private long agrees;

  SimulatedVolume(String id) {
    this(id, Stored.NONE);
  }

  SimulatedVolume(String id, Stored stored) {
    this.id = id;
    this.stored = stored;
  }

  /** A full copy of another volume. */
  SimulatedVolume(String id, SimulatedVolume source) {
    this.id = id;
    promised = source.promised;
    base = source.base;
    baseEpoch = source.baseEpoch;
    baseId = source.baseId;
    baseTime = source.baseTime;
    entries = new ArrayList<>(source.entries);
    applied = source.applied;
    stored = source.stored.copy();
    agrees = Math.min(source.agrees, source.lastIndex());
  }

  String id() {
    return id;
  }

  Stored stored() {
    return stored;
  }

  long promised() {
    return promised;
  }

  long base() {
    return base;
  }

  long applied() {
    return applied;
  }

  long lastIndex() {
    return base + entries.size();
  }

  Entry get(long index) {
    return entries.get((int) (index - base) - 1);
  }

  JournalState state() {
    List<EpochStart> starts = new ArrayList<>();
    long epoch = baseEpoch;
    for (Entry entry : entries) {
      if (entry.epoch() != epoch) {
        epoch = entry.epoch();
        starts.add(new EpochStart(epoch, entry.index()));
      }
    }
    long lastId = entries.isEmpty() ? baseId : entries.getLast().id();
    long lastTime = entries.isEmpty() ? baseTime : entries.getLast().timeMillis();
    return new JournalState(
        id, promised, base, baseEpoch, lastIndex(), lastId, lastTime, starts, applied);
  }

  List<Entry> read(long from, long to, int maxBytes) {
    List<Entry> found = new ArrayList<>();
    int weight = 0;
    if (from <= base) {
      return found;
    }
    for (long index = from; index <= to && index <= lastIndex(); index++) {
      found.add(get(index));
      weight += found.getLast().weight();
      if (weight >= maxBytes) {
        break;
      }
    }
    return found;
  }

  /** One transaction of the store. */
  void write(Effect.Persist batch, long appliedNow) {
    promised = Math.max(promised, batch.promised());
    if (batch.truncateAfter() >= 0) {
      if (batch.truncateAfter() < applied) {
        throw new Violation(
            Invariant.FOLD,
            "%s drops entries after %d, but %d are applied on disk"
                .formatted(id, batch.truncateAfter(), applied));
      }
      while (lastIndex() > batch.truncateAfter()) {
        entries.removeLast();
      }
      agrees = Math.min(agrees, batch.truncateAfter());
    }
    for (Entry entry : batch.append()) {
      if (entry.index() != lastIndex() + 1) {
        throw new Violation(
            Invariant.NO_EXCEPTION, "%s: %s is written after %d".formatted(id, entry, lastIndex()));
      }
      entries.add(entry);
    }
    apply(appliedNow);
  }

  /** The effects of the entries up to here are on disk too. */
  void apply(long upTo) {
    if (upTo > lastIndex()) {
      throw new Violation(
          Invariant.FOLD,
          "%s holds the effects of %d entries and %d entries".formatted(id, upTo, lastIndex()));
    }
    if (upTo > applied) {
      applied = upTo;
      stored.advance(upTo);
    }
  }

  /** Drops the oldest entries. */
  void trim(long upTo) {
    if (upTo <= base) {
      return;
    }
    Entry last = get(upTo);
    baseEpoch = last.epoch();
    baseId = last.id();
    baseTime = last.timeMillis();
    entries.subList(0, (int) (upTo - base)).clear();
    base = upTo;
  }

  void forgetPromise() {
    promised = entries.isEmpty() ? baseEpoch : entries.getLast().epoch();
  }

  /** How many of the committed entries are here. */
  long holds(CommittedHistory history) {
    long end = Math.min(history.size(), lastIndex());
    agrees = Math.max(agrees, base);
    while (agrees < end && get(agrees + 1).equals(history.get(agrees + 1))) {
      agrees++;
    }
    return Math.min(agrees, history.size());
  }
}
