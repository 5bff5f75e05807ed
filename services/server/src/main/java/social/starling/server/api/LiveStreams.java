package social.starling.server.api;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The live streams that are open, and a bound for them: each holds a virtual thread and a call.
 * Thread-safe.
 */
public final class LiveStreams {

  private static final int MAX = 20_000;

  private final Set<Runnable> open = ConcurrentHashMap.newKeySet();

  /**
   * Adds a stream.
   *
   * @param wake makes it look whether it may go on; neither blocks nor throws
   * @return whether there was room for it
   */
  boolean begin(Runnable wake) {
    if (open.size() >= MAX) {
      return false;
    }
    open.add(wake);
    return true;
  }

  void end(Runnable wake) {
    open.remove(wake);
  }

  /** Has each stream look whether this member still serves. */
  public void wakeAll() {
    open.forEach(Runnable::run);
  }

  /** Live streams now. */
  public int size() {
    return open.size();
  }
}
