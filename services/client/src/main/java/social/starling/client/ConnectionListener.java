package social.starling.client;

/** Told of a connection that broke. Called from any thread; must not block. */
@FunctionalInterface
public interface ConnectionListener {

  /**
   * A connection broke and the client goes on by itself, at most once per failover.
   *
   * @param address {@code host:port} that is tried next
   */
  void onReconnecting(String address);
}
