package social.starling.synchronizer;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Backoff;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Position;
import social.starling.proto.sync.v1.SubscribeRequest;
import social.starling.proto.sync.v1.SyncGrpc;

/**
 * Receives what one peer has for this cluster, on a thread of its own, for as long as the peer is
 * in the map:
 *
 * <ol>
 *   <li>asks the own master for the cursor;
 *   <li>subscribes at the peer's synchronizer from there;
 *   <li>hands each batch to the own master, in order;
 *   <li>whatever breaks: waits, longer each time and shorter when the map changes, and begins
 *       again.
 * </ol>
 *
 * <p>Nothing is remembered from one round to the next, so nothing can be lost or done twice by it.
 */
final class Intake implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

  /**
   * A round that lasted so long was not in vain: it is told of, and the next wait is short again.
   * One that always breaks at the same batch is neither.
   */
  private static final long GOOD_NANOS = Duration.ofSeconds(1).toNanos();

  private final String own;
  private final ClusterView peer;
  private final String ownMaster;
  private final String peerSynchronizer;
  private final Maps maps;
  private final Line master;
  private final Line line;
  private final Patience patience;
  private final Progress progress;
  private final PeerMeters meters;
  private final AtomicLong held;
  private final Thread thread;
  private long begunAt;
  private boolean settled;
  private String told = "";

  /**
   * @param own name of this cluster
   * @param peer the other one; its name and number are used only
   * @param master the connection to the own master
   * @param line the connection to the peer's synchronizer
   * @param held counts the bytes that wait in this process
   */
  Intake(
      String own,
      ClusterView peer,
      Maps maps,
      Line master,
      Line line,
      Patience patience,
      Progress progress,
      PeerMeters meters,
      AtomicLong held) {
    this.own = own;
    this.peer = peer;
    this.ownMaster = "the master of " + own;
    this.peerSynchronizer = "the synchronizer of " + peer.name();
    this.maps = maps;
    this.master = master;
    this.line = line;
    this.patience = patience;
    this.progress = progress;
    this.meters = meters;
    this.held = held;
    this.thread = Thread.ofVirtual().name("from " + peer.name()).unstarted(this::receive);
  }

  void start() {
    thread.start();
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void receive() {
    Backoff backoff =
        new Backoff(patience.firstWait(), patience.maxWait(), ThreadLocalRandom.current());
    try {
      while (!Thread.interrupted()) {
        long version = maps.current().version();
        begunAt = System.nanoTime();
        settled = false;
        try {
          round();
        } catch (BrokenException e) {
          broke(e);
        } catch (RuntimeException e) {
          // A fault with one peer's changes must not end the thread for good.
          LOG.atDebug().addKeyValue("peer", peer.name()).setCause(e).log("a fault in the program");
          broke(new BrokenException("this process", Status.INTERNAL.withDescription(e.toString())));
        }
        if (System.nanoTime() - begunAt >= GOOD_NANOS) {
          backoff.reset();
        }
        if (maps.awaitOtherThan(version, backoff.next())) {
          backoff.reset();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      progress.connected(false);
    }
  }

  /** Goes on until something breaks. */
  private void round() throws InterruptedException {
    ClusterView self =
        maps.current()
            .cluster(own)
            .orElseThrow(() -> unknown("the coordinators", own + " is not in the map"));
    ManagedChannel toMaster =
        master.channel().orElseThrow(() -> unknown(ownMaster, "no coordinator names one"));
    ManagedChannel toPeer =
        line.channel().orElseThrow(() -> unknown(peerSynchronizer, "no coordinator has heard it"));
    // The master need not tell its cursor over and over while there is nobody to ask.
    if (toPeer.getState(true) == ConnectivityState.TRANSIENT_FAILURE) {
      throw unknown(peerSynchronizer, "it cannot be connected to");
    }
    try (Delivery delivery =
        Delivery.open(ownMaster, toMaster, peer.number(), progress, meters, patience.silence())) {
      Position cursor = delivery.begin();
      SubscribeRequest request =
          SubscribeRequest.newBuilder()
              .setReceiver(self.number())
              .setReceiverCluster(own)
              .setSenderCluster(peer.name())
              .setAfter(cursor)
              .build();
      try (Feed feed =
          Feed.open(peerSynchronizer, toPeer, SyncGrpc.getSubscribeMethod(), request, held)) {
        delivery.onEnd(feed::abort);
        carry(feed, delivery, new Chain(peerSynchronizer, cursor));
      }
    }
  }

  private void carry(Feed feed, Delivery delivery, Chain chain) throws InterruptedException {
    long silence = patience.silence().toNanos();
    long heard = System.nanoTime();
    while (true) {
      long peerLeft = heard + silence - System.nanoTime();
      long masterLeft = delivery.patienceNanos();
      if (masterLeft <= 0) {
        throw delivery.silent();
      }
      if (peerLeft <= 0) {
        throw new BrokenException(
            peerSynchronizer, Status.DEADLINE_EXCEEDED.withDescription("it has fallen silent"));
      }
      Optional<Batch> next = feed.poll(Duration.ofNanos(Math.min(peerLeft, masterLeft)));
      if (next.isEmpty()) {
        continue;
      }
      if (chain.accept(next.get())) {
        connected();
        delivery.send(next.get());
      }
      // Only now: while the master had no room, nobody listened to the peer.
      heard = System.nanoTime();
    }
  }

  private void connected() {
    progress.connected(true);
    if (!settled && System.nanoTime() - begunAt >= GOOD_NANOS) {
      settled = true;
      told = "";
      LOG.atInfo()
          .addKeyValue("peer", peer.name())
          .addKeyValue("at", progress.received())
          .log("receiving from the peer");
    }
  }

  private void broke(BrokenException e) {
    if (progress.connected()) {
      progress.connected(false);
      meters.broke();
    }
    // A new trouble is news, the same one again is not; a retry's wording may differ in its ports.
    String trouble = e.who() + e.code();
    if (trouble.equals(told)) {
      LOG.atDebug()
          .addKeyValue("peer", peer.name())
          .addKeyValue("why", e.getMessage())
          .log("again");
      return;
    }
    told = trouble;
    LOG.atInfo()
        .addKeyValue("peer", peer.name())
        .addKeyValue("why", e.getMessage())
        .log("not receiving from the peer; trying again");
  }

  private static BrokenException unknown(String who, String why) {
    return new BrokenException(who, Status.UNAVAILABLE.withDescription(why));
  }
}
