package social.starling.replication;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The newest entries of a journal, in memory: all that is not durable and committed yet, and a
 * bounded number of others so that a slave a little behind costs no disk read. One thread only.
 */
final class Tail {

  private final Deque<Entry> entries = new ArrayDeque<>();
  private final JournalReader older;
  private long bytes;

  Tail(JournalReader older) {
    this.older = older;
  }

  void append(Entry entry) {
    entries.addLast(entry);
    bytes += entry.weight();
  }

  void truncateAfter(long index) {
    while (!entries.isEmpty() && entries.getLast().index() > index) {
      bytes -= entries.removeLast().weight();
    }
  }

  /** Forgets the oldest entries up to {@code evictable} while they exceed the bound. */
  void shrink(long evictable, long maxBytes) {
    while (bytes > maxBytes && !entries.isEmpty() && entries.getFirst().index() <= evictable) {
      bytes -= entries.removeFirst().weight();
    }
  }

  void clear() {
    entries.clear();
    bytes = 0;
  }

  /** Entries from one index to another, as many as fit, from memory or from the store. */
  List<Entry> read(long from, long to, int maxBytes) {
    if (from > to) {
      return List.of();
    }
    if (entries.isEmpty() || from < entries.getFirst().index()) {
      long stored = entries.isEmpty() ? to : Math.min(to, entries.getFirst().index() - 1);
      return older.read(from, stored, maxBytes);
    }
    List<Entry> found = new ArrayList<>();
    int weight = 0;
    // A slave in sync asks for the newest entries: look from that end.
    var newestFirst = entries.descendingIterator();
    Deque<Entry> wanted = new ArrayDeque<>();
    while (newestFirst.hasNext()) {
      Entry entry = newestFirst.next();
      if (entry.index() < from) {
        break;
      }
      if (entry.index() <= to) {
        wanted.addFirst(entry);
      }
    }
    for (Entry entry : wanted) {
      found.add(entry);
      weight += entry.weight();
      if (weight >= maxBytes) {
        break;
      }
    }
    return found;
  }
}
