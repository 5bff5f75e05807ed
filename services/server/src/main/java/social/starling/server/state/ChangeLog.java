package social.starling.server.state;

import java.util.Arrays;

/**
 * Changes by the index of their entries, ascending, each naming one or two rows by number. A change
 * that a later one superseded stays until half of the log is such; whoever reads asks the rows
 * whether a change still counts.
 *
 * <p>One thread adds; any reads a {@link Page}.
 */
final class ChangeLog {

  private static final int SMALL = 16;

  private volatile Page page = new Page(8, 0);
  private int superseded;

  /** Whether a change is what its rows hold now. */
  @FunctionalInterface
  interface Live {
    boolean test(long index, int first, int second);
  }

  /** Changes as they were added; never fewer, for as long as a reader keeps it. */
  static final class Page {
    private final long[] indexes;
    private final int[] firsts;
    private final int[] seconds;
    private volatile int size;

    private Page(int capacity, int size) {
      this.indexes = new long[capacity];
      this.firsts = new int[capacity];
      this.seconds = new int[capacity];
      this.size = size;
    }

    private Page(Page old, int capacity) {
      this.indexes = Arrays.copyOf(old.indexes, capacity);
      this.firsts = Arrays.copyOf(old.firsts, capacity);
      this.seconds = Arrays.copyOf(old.seconds, capacity);
      this.size = old.size;
    }

    /** Read it before the rest. */
    int size() {
      return size;
    }

    long index(int at) {
      return indexes[at];
    }

    int first(int at) {
      return firsts[at];
    }

    int second(int at) {
      return seconds[at];
    }

    /** Where the changes of entries after this one begin. */
    int after(long index) {
      int low = 0;
      int high = size;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (indexes[middle] <= index) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    private void put(long index, int first, int second) {
      int at = size;
      indexes[at] = index;
      firsts[at] = first;
      seconds[at] = second;
      size = at + 1;
    }
  }

  Page page() {
    return page;
  }

  void add(long index, int first, int second) {
    Page now = page;
    if (now.size == now.indexes.length) {
      now = new Page(now, now.size * 2);
      page = now;
    }
    now.put(index, first, second);
  }

  /** One change more no longer counts. */
  void superseded(Live live) {
    Page now = page;
    if (++superseded <= now.size / 2 || now.size < SMALL) {
      return;
    }
    Page fewer = new Page(now.indexes.length, 0);
    for (int i = 0; i < now.size; i++) {
      if (live.test(now.indexes[i], now.firsts[i], now.seconds[i])) {
        fewer.put(now.indexes[i], now.firsts[i], now.seconds[i]);
      }
    }
    page = new Page(fewer, Math.max(8, fewer.size + (fewer.size >> 1)));
    superseded = 0;
  }
}
