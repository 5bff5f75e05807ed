package social.starling.replication;

import java.util.ArrayList;
import java.util.List;

/**
 * The newest entries of a journal, in memory: all that is not durable and committed yet, and a
 * bounded number of others so that a slave a little behind costs no disk read. Entries are found by
 * their index: reading costs what is read, however long the tail is. One thread only.
 */
final class Tail {

  private static final int SMALLEST = 64;

  private final JournalReader older;

  /** Entry with index i is at i modulo the length, a power of two. */
  private Entry[] ring = new Entry[SMALLEST];

  private long first = 1;
  private long last;
  private long bytes;

  Tail(JournalReader older) {
    this.older = older;
  }

  void append(Entry entry) {
    if (isEmpty()) {
      first = entry.index();
    } else if (entry.index() != last + 1) {
      throw new IllegalStateException(entry + " after " + last);
    }
    if (last - first + 2 > ring.length) {
      grow();
    }
    last = entry.index();
    ring[slot(last)] = entry;
    bytes += entry.weight();
  }

  void truncateAfter(long index) {
    while (!isEmpty() && last > index) {
      bytes -= ring[slot(last)].weight();
      ring[slot(last)] = null;
      last--;
    }
  }

  /** Forgets the oldest entries up to {@code evictable} while they exceed the bound. */
  void shrink(long evictable, long maxBytes) {
    while (bytes > maxBytes && !isEmpty() && first <= evictable) {
      bytes -= ring[slot(first)].weight();
      ring[slot(first)] = null;
      first++;
    }
  }

  /** Entries from one index to another, as many as fit, from memory or from the store. */
  List<Entry> read(long from, long to, int maxBytes) {
    if (from > to) {
      return List.of();
    }
    if (isEmpty() || from < first) {
      long stored = isEmpty() ? to : Math.min(to, first - 1);
      return older.read(from, stored, maxBytes);
    }
    List<Entry> found = new ArrayList<>();
    long weight = 0;
    for (long index = from; index <= Math.min(to, last) && weight < maxBytes; index++) {
      Entry entry = ring[slot(index)];
      found.add(entry);
      weight += entry.weight();
    }
    return found;
  }

  private boolean isEmpty() {
    return last < first;
  }

  private int slot(long index) {
    return (int) (index & ring.length - 1);
  }

  private void grow() {
    Entry[] old = ring;
    ring = new Entry[old.length * 2];
    for (long index = first; index <= last; index++) {
      ring[slot(index)] = old[(int) (index & old.length - 1)];
    }
  }
}
