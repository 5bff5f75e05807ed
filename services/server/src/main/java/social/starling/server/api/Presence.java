package social.starling.server.api;

/**
 * Which users have a live session here. Not journaled: after a failover the sessions that reconnect
 * say so again. Thread-safe.
 */
public final class Presence {

  /** Sessions of one user at once: a flood of one leaves room for the others. */
  static final int MAX_PER_USER = 256;

  private final PerUser sessions = new PerUser(MAX_PER_USER);

  /** One more session; {@link #end} it. Whether there was room for it. */
  boolean begin(String user) {
    return sessions.begin(user);
  }

  void end(String user) {
    sessions.end(user);
  }

  boolean isActive(String user) {
    return sessions.has(user);
  }

  /** Users with a live session. */
  public int activeUsers() {
    return sessions.users();
  }
}
