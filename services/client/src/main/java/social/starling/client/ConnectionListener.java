package social.starling.client;

/** Told of what keeps a client waiting. Called from any thread; must not block. */
@FunctionalInterface
public interface ConnectionListener {

  /**
   * A connection broke and the client goes on by itself, at most once per failover.
   *
   * @param address {@code host:port} that is tried next
   */
  void onReconnecting(String address);

  /**
   * No member of a user's cluster can serve, and the client goes on trying; at most once per
   * outage.
   *
   * @param cluster its name; empty when nobody said it
   */
  default void onClusterDown(String cluster) {}
}
