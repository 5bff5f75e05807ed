package social.starling.server.state;

/** Numbers in order, each with a tag: the smallest first. */
final class Heap {
  private final long[] keys;
  private final int[] tags;
  private int size;

  Heap(int capacity) {
    keys = new long[capacity];
    tags = new int[capacity];
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Then {@link #order} once. */
  void add(long key, int tag) {
    keys[size] = key;
    tags[size++] = tag;
  }

  void order() {
    for (int i = (size >>> 1) - 1; i >= 0; i--) {
      sift(i, keys[i], tags[i]);
    }
  }

  int first() {
    return tags[0];
  }

  void replaceFirst(long key) {
    sift(0, key, tags[0]);
  }

  void removeFirst() {
    size--;
    sift(0, keys[size], tags[size]);
  }

  private void sift(int from, long key, int tag) {
    int at = from;
    while (2 * at + 1 < size) {
      int child = 2 * at + 1;
      if (child + 1 < size && keys[child + 1] < keys[child]) {
        child++;
      }
      if (keys[child] >= key) {
        break;
      }
      keys[at] = keys[child];
      tags[at] = tags[child];
      at = child;
    }
    keys[at] = key;
    tags[at] = tag;
  }
}
