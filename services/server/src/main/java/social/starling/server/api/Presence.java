package social.starling.server.api;

import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Which users have a live session here. Not journaled: after a failover the sessions that reconnect
 * say so again. Thread-safe.
 */
public final class Presence {

  /** Sessions of one user at once: a flood of one leaves room for the others. */
  static final int MAX_PER_USER = 256;

  private final ConcurrentMap<String, Integer> sessions = new ConcurrentHashMap<>();

  /** One more session; {@link #end} it. Whether there was room for it. */
  boolean begin(String user) {
    if (sessions.merge(key(user), 1, Integer::sum) > MAX_PER_USER) {
      end(user);
      return false;
    }
    return true;
  }

  void end(String user) {
    sessions.computeIfPresent(key(user), (_, count) -> count == 1 ? null : count - 1);
  }

  boolean isActive(String user) {
    return sessions.containsKey(key(user));
  }

  /** Users with a live session. */
  public int activeUsers() {
    return sessions.size();
  }

  private static String key(String user) {
    return user.toLowerCase(Locale.ROOT);
  }
}
