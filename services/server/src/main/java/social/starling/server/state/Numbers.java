package social.starling.server.state;

import java.util.Arrays;
import java.util.function.IntToLongFunction;

/** Numbers in the order in which they were added. One thread adds; any reads. */
final class Numbers {

  private volatile int[] numbers = new int[8];
  private volatile int size;

  /** Read it before {@link #get}. */
  int size() {
    return size;
  }

  int get(int at) {
    return numbers[at];
  }

  void add(int number) {
    int at = size;
    int[] all = numbers;
    if (at == all.length) {
      all = Arrays.copyOf(all, at + (at >> 1));
      numbers = all;
    }
    all[at] = number;
    size = at + 1;
  }

  /** Where the numbers begin whose key, which ascends, is above this one. */
  int above(long key, IntToLongFunction keys) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (keys.applyAsLong(get(middle)) <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
