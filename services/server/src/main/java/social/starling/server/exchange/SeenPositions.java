package social.starling.server.exchange;

import java.util.concurrent.atomic.AtomicLongArray;
import social.starling.replication.Ids;
import social.starling.server.member.Member;
import social.starling.server.state.State;

/**
 * Up to which entry of each peer's journal this cluster has what it needs: the cursor, and beyond
 * it what the peer has said is not for this cluster. The latter is known to this process only, and
 * only while it serves: too low a position costs the repetition of some posts, too high a one would
 * lose some.
 *
 * <p>Thread-safe.
 */
final class SeenPositions {

  private final Member member;
  private final AtomicLongArray seen = new AtomicLongArray(Ids.MAX_CLUSTERS);

  SeenPositions(Member member) {
    this.member = member;
  }

  /** Everything of the peer up to this entry that was for this cluster is applied. */
  void raise(int peer, long index) {
    seen.accumulateAndGet(peer, index, Math::max);
  }

  /** This member does not serve any longer. */
  void forget() {
    for (int peer = 0; peer < Ids.MAX_CLUSTERS; peer++) {
      seen.set(peer, 0);
    }
  }

  /** Index of an entry of the peer's journal. */
  long of(int peer) {
    State state = member.state();
    return Math.max(state.cursor(peer).index(), seen.get(peer));
  }
}
