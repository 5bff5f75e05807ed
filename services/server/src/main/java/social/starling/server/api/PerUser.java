package social.starling.server.api;

import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * How many of something each user has at once, whatever the case of the name. There is a bound, so
 * that a flood of one user leaves room for the others. Thread-safe.
 */
final class PerUser {

  private final int max;
  private final ConcurrentMap<String, Integer> counts = new ConcurrentHashMap<>();

  /**
   * @param max of one user
   */
  PerUser(int max) {
    this.max = max;
  }

  /** One more, if there is room for it; then {@link #end} it. Whether there was. */
  boolean begin(String user) {
    if (counts.merge(key(user), 1, Integer::sum) > max) {
      end(user);
      return false;
    }
    return true;
  }

  void end(String user) {
    counts.computeIfPresent(key(user), (_, count) -> count == 1 ? null : count - 1);
  }

  boolean has(String user) {
    return counts.containsKey(key(user));
  }

  /** Users who have at least one. */
  int users() {
    return counts.size();
  }

  private static String key(String user) {
    return user.toLowerCase(Locale.ROOT);
  }
}
