package social.starling.server.state;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The other clusters that this one has heard of, by number. One thread adds; any reads. */
final class Peers {

  private final Map<Integer, Peer> peers = new ConcurrentHashMap<>();

  /** As {@link #find}, and adds it when it is not there. */
  Peer get(int cluster) {
    return peers.computeIfAbsent(cluster, Peer::new);
  }

  /** The peer, or null. */
  Peer find(int cluster) {
    return peers.get(cluster);
  }
}
