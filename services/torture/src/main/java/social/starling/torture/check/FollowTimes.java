package social.starling.torture.check;

import java.util.Arrays;

/**
 * Whether one user follows another, over time, as far as it is certain. Immutable.
 *
 * <p>Times are nanoseconds since the run began; spans include both ends.
 */
final class FollowTimes {

  static final int NO = 1;
  static final int YES = 2;
  static final int EITHER = NO | YES;

  /** Nobody follows anybody in the beginning. */
  static final FollowTimes NONE = new FollowTimes(new long[] {Long.MIN_VALUE}, new int[] {NO}, 1);

  private final long[] from;
  private final int[] state;

  /**
   * @param from ascending; the first is the lowest there is
   * @param state by span, from its time to the next
   */
  FollowTimes(long[] from, int[] state, int size) {
    this.from = Arrays.copyOf(from, size);
    this.state = Arrays.copyOf(state, size);
  }

  private int spanOf(long at) {
    int found = Arrays.binarySearch(from, at);
    return found >= 0 ? found : -found - 2;
  }

  /** What is so in the end: NO, YES or EITHER. */
  int last() {
    return state[state.length - 1];
  }

  /** Whether the user follows all the time, without an interruption. */
  boolean certain(long begin, long end) {
    return certainSince(begin) != Facts.NEVER && certainUntil(begin) > end;
  }

  /** Since when the user certainly follows, without an interruption; NEVER if not at that time. */
  long certainSince(long at) {
    int span = spanOf(at);
    if (state[span] != YES) {
      return Facts.NEVER;
    }
    while (span > 0 && state[span - 1] == YES) {
      span--;
    }
    return from[span];
  }

  /** The first time after this at which it is not certain that the user follows; NEVER if none. */
  long certainUntil(long at) {
    int span = spanOf(at);
    while (span < state.length && state[span] == YES) {
      span++;
    }
    return span == state.length ? Facts.NEVER : Math.max(from[span], at);
  }

  /**
   * Since when the user may be following without an interruption, of the earliest such time that
   * touches a span; NEVER if the user certainly does not follow all the time.
   */
  long possibleSince(long begin, long end) {
    int span = spanOf(begin);
    while (span < state.length && from[span] <= end && state[span] == NO) {
      span++;
    }
    if (span == state.length || from[span] > end) {
      return Facts.NEVER;
    }
    while (span > 0 && state[span - 1] != NO) {
      span--;
    }
    return from[span];
  }

  /** Whether the user may have followed at any time up to this. */
  boolean everUntil(long at) {
    return possibleSince(Long.MIN_VALUE, at) != Facts.NEVER;
  }
}
