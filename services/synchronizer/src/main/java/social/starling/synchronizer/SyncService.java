package social.starling.synchronizer;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.SubscribeRequest;
import social.starling.proto.sync.v1.SyncGrpc;

/**
 * What the synchronizers of other clusters ask: a relay for each cluster, so their number is
 * bounded by the map. A newer subscription of a cluster ends the older one: whoever made that one
 * may be gone without a word.
 *
 * <p>Thread-safe.
 */
final class SyncService extends SyncGrpc.SyncImplBase {

  private static final Logger LOG = LoggerFactory.getLogger(SyncService.class);

  private final String own;
  private final Maps maps;
  private final Line master;
  private final Patience patience;
  private final Peers peers;
  private final AtomicLong held;
  private final Map<String, Relay> relays = new HashMap<>();
  private boolean stopping;

  /**
   * @param own name of this cluster
   * @param master the connection to the own master
   * @param held counts the bytes that wait in this process
   */
  SyncService(String own, Maps maps, Line master, Patience patience, Peers peers, AtomicLong held) {
    this.own = own;
    this.maps = maps;
    this.master = master;
    this.patience = patience;
    this.peers = peers;
    this.held = held;
  }

  @Override
  public void subscribe(SubscribeRequest request, StreamObserver<Batch> out) {
    Optional<StatusRuntimeException> refusal = check(request);
    if (refusal.isPresent()) {
      // At debug: whoever asks wrongly tells its own operator, and asks again and again.
      LOG.atDebug().addKeyValue("why", refusal.get().getMessage()).log("refused a subscription");
      out.onError(refusal.get());
      return;
    }
    ServerCallStreamObserver<Batch> call = (ServerCallStreamObserver<Batch>) out;
    String receiver = request.getReceiverCluster();
    Optional<PeerMeters> meters = peers.meters(receiver, request.getReceiver());
    if (meters.isEmpty()) {
      out.onError(foreign(request));
      return;
    }
    Relay relay =
        new Relay(
            own,
            request,
            maps,
            master,
            patience,
            meters.get(),
            held,
            call,
            ended -> ended(receiver, ended));
    call.setOnReadyHandler(relay::wake);
    call.setOnCancelHandler(() -> relay.end(Status.CANCELLED));
    synchronized (relays) {
      if (stopping) {
        out.onError(stopped().asRuntimeException());
        return;
      }
      Relay older = relays.put(receiver, relay);
      if (older != null) {
        older.end(Status.ABORTED.withDescription(receiver + " has subscribed anew"));
      }
      relay.start();
    }
  }

  /** Ends the relays to clusters that are not in the map any more. */
  void follow(PeerMap map) {
    synchronized (relays) {
      relays.forEach((receiver, relay) -> {
        if (map.cluster(receiver).filter(c -> c.number() == relay.number()).isEmpty()) {
          relay.end(
              Status.FAILED_PRECONDITION.withDescription(
                  receiver + " is not in the coordinators' map any more"));
        }
      });
    }
  }

  /** Ends all relays and takes no more. */
  void stop(Duration time) throws InterruptedException {
    List<Relay> open;
    synchronized (relays) {
      stopping = true;
      open = List.copyOf(relays.values());
      open.forEach(relay -> relay.end(stopped()));
    }
    long until = System.nanoTime() + time.toNanos();
    for (Relay relay : open) {
      if (!relay.join(Duration.ofNanos(Math.max(1, until - System.nanoTime())))) {
        return;
      }
    }
  }

  private void ended(String receiver, Relay relay) {
    synchronized (relays) {
      relays.remove(receiver, relay);
    }
  }

  private Status stopped() {
    return Status.UNAVAILABLE.withDescription("the synchronizer of " + own + " is stopping");
  }

  private Optional<StatusRuntimeException> check(SubscribeRequest request) {
    if (request.getReceiverCluster().isEmpty() || request.getSenderCluster().isEmpty()) {
      return refusal(
          Status.INVALID_ARGUMENT, "a subscription names the receiver's cluster and the sender's");
    }
    if (request.getReceiver() < 0 || request.getReceiver() > Maps.MAX_NUMBER) {
      return refusal(
          Status.INVALID_ARGUMENT,
          Integer.toUnsignedString(request.getReceiver()) + " is no number of a cluster");
    }
    if (!Positions.valid(request.getAfter())) {
      return refusal(Status.INVALID_ARGUMENT, "the position is not below 2^63");
    }
    if (!request.getSenderCluster().equals(own)) {
      return refusal(
          Status.FAILED_PRECONDITION,
          "this is the synchronizer of %s, not of %s".formatted(own, request.getSenderCluster()));
    }
    PeerMap map = maps.current();
    if (!map.heard()) {
      return refusal(
          Status.UNAVAILABLE,
          "the synchronizer of " + own + " has heard no coordinator yet; try again");
    }
    boolean known =
        !request.getReceiverCluster().equals(own)
            && map.cluster(request.getReceiverCluster())
                .filter(cluster -> cluster.number() == request.getReceiver())
                .isPresent();
    return known ? Optional.empty() : Optional.of(foreign(request));
  }

  private StatusRuntimeException foreign(SubscribeRequest request) {
    return Status.FAILED_PRECONDITION
        .withDescription(
            "%s with number %d is no other cluster in the map that the synchronizer of %s has"
                .formatted(request.getReceiverCluster(), request.getReceiver(), own))
        .asRuntimeException();
  }

  private static Optional<StatusRuntimeException> refusal(Status status, String sentence) {
    return Optional.of(status.withDescription(sentence).asRuntimeException());
  }
}
