package social.starling.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What an all-seeing observer knows: the committed journal, its fold after every entry, and what
 * clients were told.
 */
final class CommittedHistory {

  private final List<Entry> entries = new ArrayList<>();
  private final List<Long> folds = new ArrayList<>();
  private final Map<RequestId, Long> indexOf = new HashMap<>();
  private long acknowledged;

  CommittedHistory() {
    folds.add(0L);
  }

  long size() {
    return entries.size();
  }

  Entry get(long index) {
    return entries.get((int) index - 1);
  }

  /** The state that results from the entries up to here. */
  long fold(long index) {
    return folds.get((int) index);
  }

  static long fold(long before, Entry entry) {
    long mixed = before * 0x9E3779B97F4A7C15L + entry.id();
    mixed = (mixed ^ mixed >>> 29) * 0xBF58476D1CE4E5B9L + entry.timeMillis();
    for (byte each : entry.request()) {
      mixed = mixed * 31 + each;
    }
    return mixed ^ mixed >>> 32;
  }

  /** Where the state machine finds the answer to this request, or 0. */
  long answeredAt(RequestId request) {
    return indexOf.getOrDefault(request, 0L);
  }

  /** The highest index whose client was told "done". */
  long acknowledged() {
    return acknowledged;
  }

  void extend(Entry entry) {
    if (entry.index() != size() + 1) {
      throw new Violation(
          Invariant.COMMITTED_FOR_EVER, entry + " is committed after " + size() + " entries");
    }
    if (!entries.isEmpty()) {
      Entry last = entries.getLast();
      if (entry.id() <= last.id() || entry.timeMillis() < last.timeMillis()) {
        throw new Violation(
            Invariant.IDS_GROW,
            "%s has id %d at %d after id %d at %d"
                .formatted(entry, entry.id(), entry.timeMillis(), last.id(), last.timeMillis()));
      }
    }
    if (!entry.requestId().isNone()) {
      Long before = indexOf.put(entry.requestId(), entry.index());
      if (before != null) {
        throw new Violation(
            Invariant.ONCE,
            "%s is committed at %d and at %d".formatted(entry.requestId(), before, entry.index()));
      }
    }
    entries.add(entry);
    folds.add(fold(folds.getLast(), entry));
  }

  /** A member commits an entry that is in the history. */
  void confirm(Entry entry) {
    if (!get(entry.index()).equals(entry)) {
      throw new Violation(
          Invariant.COMMITTED_FOR_EVER,
          "%s is committed where %s was".formatted(entry, get(entry.index())));
    }
  }

  /** A client is told that its request is done, at this index. */
  void acknowledge(RequestId request, long index) {
    if (index > size()) {
      throw new Violation(
          Invariant.ON_COUNTED_DISKS, request + " is acknowledged but not committed");
    }
    if (!get(index).requestId().equals(request)) {
      throw new Violation(
          Invariant.ON_COUNTED_DISKS,
          "%s is acknowledged at %d, where %s is"
              .formatted(request, index, get(index).requestId()));
    }
    acknowledged = Math.max(acknowledged, index);
  }
}
