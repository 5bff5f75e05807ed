package social.starling.torture.check;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What one checker found: the first in full, of the others the number. Used by one thread. */
final class Findings {

  /** More would bury the first ones, which are the causes most of the time. */
  static final int MOST = 25;

  /**
   * One breach.
   *
   * @param users whom it concerns
   * @param posts which it concerns
   */
  record Finding(String sentence, long at, Set<String> users, Set<Long> posts) {}

  private final List<Finding> found = new ArrayList<>();
  private long more;

  /** The users or posts of a breach; the same one may come twice. */
  @SafeVarargs
  static <T> Set<T> all(T... some) {
    Set<T> all = new LinkedHashSet<>();
    for (T one : some) {
      all.add(one);
    }
    return all;
  }

  /** Notes a breach; the parameters are those of the sentence. */
  void add(long at, Set<String> users, Set<Long> posts, String format, Object... parameters) {
    if (found.size() < MOST) {
      found.add(new Finding(format.formatted(parameters), at, users, posts));
    } else {
      more++;
    }
  }

  /** Whether one more would be noted in full. */
  boolean hasRoom() {
    return found.size() < MOST;
  }

  List<Finding> found() {
    return found;
  }

  /** How many were found besides. */
  long more() {
    return more;
  }
}
