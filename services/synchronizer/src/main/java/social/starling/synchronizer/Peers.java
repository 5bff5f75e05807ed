package social.starling.synchronizer;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Credential;
import social.starling.proto.coordinator.v1.SynchronizerStatus;

/**
 * All other clusters in the map: for each an intake, a connection and meters, which come and go
 * with it. Thread-safe.
 */
final class Peers implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

  private record Peer(int number, Line line, Intake intake, Progress progress, PeerMeters meters) {

    void close() {
      intake.close();
      line.close();
      meters.close();
    }
  }

  private final String own;
  private final Maps maps;
  private final Line master;
  private final Credential credential;
  private final Patience patience;
  private final MeterRegistry registry;
  private final AtomicLong held;
  private final Map<String, Peer> peers = new HashMap<>();
  private boolean closed;

  /**
   * @param own name of this cluster
   * @param master the connection to the own master
   * @param held counts the bytes that wait in this process
   */
  Peers(
      String own,
      Maps maps,
      Line master,
      Credential credential,
      Patience patience,
      MeterRegistry registry,
      AtomicLong held) {
    this.own = own;
    this.maps = maps;
    this.master = master;
    this.credential = credential;
    this.patience = patience;
    this.registry = registry;
    this.held = held;
  }

  /** Takes up what is new in the map and gives up what is gone from it. */
  synchronized void follow(PeerMap map) {
    if (closed) {
      return;
    }
    for (String name : List.copyOf(peers.keySet())) {
      if (map.cluster(name).filter(c -> c.number() == peers.get(name).number()).isEmpty()) {
        LOG.atInfo().addKeyValue("peer", name).log("the peer is gone from the map");
        peers.remove(name).close();
      }
    }
    for (ClusterView cluster : map.clusters().values()) {
      if (!cluster.name().equals(own)) {
        Peer peer = peers.computeIfAbsent(cluster.name(), _ -> open(cluster));
        peer.line().follow(cluster.synchronizer());
      }
    }
  }

  /** What is counted about a peer; empty when the map has none of this name and number. */
  synchronized Optional<PeerMeters> meters(String name, int number) {
    return Optional.ofNullable(peers.get(name))
        .filter(peer -> peer.number() == number)
        .map(Peer::meters);
  }

  /** For the coordinators. */
  synchronized SynchronizerStatus status() {
    SynchronizerStatus.Builder status = SynchronizerStatus.newBuilder();
    peers.values().forEach(peer -> status.addPeers(peer.progress().status()));
    return status.build();
  }

  @Override
  public synchronized void close() {
    closed = true;
    peers.values().forEach(Peer::close);
    peers.clear();
  }

  private Peer open(ClusterView cluster) {
    Progress progress = new Progress(cluster.name());
    PeerMeters meters = new PeerMeters(registry, cluster.name(), progress);
    Line line = new Line(credential);
    line.follow(cluster.synchronizer());
    Intake intake = new Intake(own, cluster, maps, master, line, patience, progress, meters, held);
    LOG.atInfo()
        .addKeyValue("peer", cluster.name())
        .addKeyValue("number", cluster.number())
        .log("a peer is in the map");
    intake.start();
    return new Peer(cluster.number(), line, intake, progress, meters);
  }
}
