package social.starling.server.api;

import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Which users have a live session here. Not journaled: after a failover the sessions that reconnect
 * say so again. Thread-safe.
 */
public final class Presence {

  private final ConcurrentMap<String, Integer> sessions = new ConcurrentHashMap<>();

  void begin(String user) {
    sessions.merge(key(user), 1, Integer::sum);
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
