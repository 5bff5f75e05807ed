package social.starling.torture.history;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.RandomAccess;

/** Ids as a list of a third of the usual size: a history has many millions of them. Immutable. */
final class Ids extends AbstractList<Long> implements RandomAccess {

  private final long[] ids;

  /**
   * @param ids copied
   */
  Ids(long[] ids, int size) {
    this.ids = Arrays.copyOf(ids, size);
  }

  @Override
  public Long get(int index) {
    return ids[index];
  }

  @Override
  public int size() {
    return ids.length;
  }
}
