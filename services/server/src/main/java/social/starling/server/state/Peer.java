package social.starling.server.state;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Another cluster, as this one knows it. Changed by the applying thread only; read by any.
 *
 * <p>The logs are an order over rows that stand elsewhere, so that what the peer needs after a
 * position is found without looking at all rows.
 */
final class Peer {

  final int cluster;

  /** Up to where this cluster has what it needs of the peer. */
  volatile Position cursor = Position.ZERO;

  /** (follower here, author there): followed, or no longer. */
  final ChangeLog follows = new ChangeLog();

  /** (author here, 0): wanted by the peer from then on. */
  final ChangeLog wants = new ChangeLog();

  /**
   * Follows of authors there that were undone: index of the entry, by {@link #pair}. Each stays
   * until the author is followed again.
   */
  final ConcurrentHashMap<Long, Long> unfollows = new ConcurrentHashMap<>();

  Peer(int cluster) {
    this.cluster = cluster;
  }

  static long pair(int follower, int author) {
    return (long) follower << 32 | author;
  }

  /** Index of the entry that undid the follow, or 0. */
  long unfollowed(int follower, int author) {
    Long index = unfollows.get(pair(follower, author));
    return index == null ? 0 : index;
  }
}
