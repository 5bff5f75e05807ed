package social.starling.client;

import java.time.Duration;

/**
 * Tells the listener of a broken connection, or of a cluster that is down, once per outage, however
 * many calls and streams meet it. Thread-safe.
 */
final class Outage {

  /** Those who notice late, by silence, belong to the outage that others have told of. */
  private static final Duration QUIET = Duration.ofSeconds(3);

  private final ConnectionListener listener;
  private boolean going;
  private boolean down;
  private long toldAt = System.nanoTime() - QUIET.toNanos();

  Outage(ConnectionListener listener) {
    this.listener = listener;
  }

  void broke(String next) {
    if (begins()) {
      listener.onReconnecting(next);
    }
  }

  void clusterDown(String cluster) {
    if (downBegins()) {
      listener.onClusterDown(cluster);
    }
  }

  synchronized void over() {
    going = false;
    down = false;
  }

  private synchronized boolean downBegins() {
    boolean begins = !down;
    down = true;
    return begins;
  }

  private synchronized boolean begins() {
    long now = System.nanoTime();
    if (going || now - toldAt < QUIET.toNanos()) {
      return false;
    }
    going = true;
    toldAt = now;
    return true;
  }
}
