package social.starling.replication;

import java.util.ArrayList;
import java.util.List;

/**
 * The epoch of every entry of a journal, as the places where epochs begin: a handful of numbers
 * whatever the journal's length. One thread only.
 */
final class EpochTable {

  private final List<EpochStart> starts;
  private long baseIndex;
  private long baseEpoch;
  private long lastIndex;

  EpochTable(JournalState state) {
    starts = new ArrayList<>(state.epochs());
    baseIndex = state.baseIndex();
    baseEpoch = state.baseEpoch();
    lastIndex = state.lastIndex();
  }

  long baseIndex() {
    return baseIndex;
  }

  long lastIndex() {
    return lastIndex;
  }

  long lastEpoch() {
    return epochAt(lastIndex);
  }

  /** The epoch of an entry from {@code baseIndex} to {@code lastIndex}. */
  long epochAt(long index) {
    if (index < baseIndex || index > lastIndex) {
      throw new IndexOutOfBoundsException(
          index + " is not in [" + baseIndex + ", " + lastIndex + "]");
    }
    for (int i = starts.size() - 1; i >= 0; i--) {
      if (starts.get(i).index() <= index) {
        return starts.get(i).epoch();
      }
    }
    return baseEpoch;
  }

  void append(long index, long epoch) {
    if (index != lastIndex + 1 || epoch < lastEpoch()) {
      throw new IllegalStateException(
          index + ".e" + epoch + " after " + lastIndex + ".e" + lastEpoch());
    }
    if (epoch != lastEpoch()) {
      starts.add(new EpochStart(epoch, index));
    }
    lastIndex = index;
  }

  void truncateAfter(long index) {
    while (!starts.isEmpty() && starts.getLast().index() > index) {
      starts.removeLast();
    }
    lastIndex = Math.min(lastIndex, index);
  }

  void trim(long upTo) {
    if (upTo <= baseIndex) {
      return;
    }
    baseEpoch = epochAt(upTo);
    baseIndex = upTo;
    // Entries that follow in the same epoch are found by baseEpoch.
    while (!starts.isEmpty() && starts.getFirst().index() <= upTo) {
      starts.removeFirst();
    }
  }

  /**
   * The last index, at most {@code limit}, whose entry has an epoch of at most {@code epoch}: where
   * a journal that ends with that epoch can agree with this one (KIP-101).
   */
  long lastIndexOf(long epoch, long limit) {
    if (baseEpoch > epoch) {
      return baseIndex;
    }
    long index = Math.min(limit, lastIndex);
    for (int i = starts.size() - 1; i >= 0 && index > baseIndex; i--) {
      EpochStart start = starts.get(i);
      if (start.epoch() > epoch) {
        index = Math.min(index, start.index() - 1);
      }
    }
    return Math.max(index, baseIndex);
  }

  /** The first index after {@code after} whose entry has a lower epoch, or 0 when there is none. */
  long firstBelow(long epoch, long after) {
    long index = Math.max(after, baseIndex) + 1;
    return index <= lastIndex && epochAt(index) < epoch ? index : 0;
  }
}
