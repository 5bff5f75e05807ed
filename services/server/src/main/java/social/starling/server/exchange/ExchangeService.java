package social.starling.server.exchange;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.ChangesRequest;
import social.starling.proto.sync.v1.DeliverRequest;
import social.starling.proto.sync.v1.DeliverResponse;
import social.starling.proto.sync.v1.ExchangeGrpc;
import social.starling.replication.Role;
import social.starling.server.member.Member;

/**
 * The service that the cluster's own synchronizer calls. The master answers. Thread-safe.
 *
 * <p>Several calls for changes to one peer may be open, for a synchronizer may be replaced while
 * its calls are not known to be dead; of the deliveries from one peer only the newest goes on.
 */
public final class ExchangeService extends ExchangeGrpc.ExchangeImplBase {

  /** Calls for changes, each with a reading of the state in memory at worst. */
  static final int MAX_CHANGES = 256;

  static final int MAX_DELIVERIES = 256;

  private final Member member;
  private final ExchangeMetrics metrics;
  private final SeenPositions seen;
  private final Set<ChangesStream> changes = ConcurrentHashMap.newKeySet();
  private final Set<Delivery> deliveries = ConcurrentHashMap.newKeySet();
  private final Map<Integer, Delivery> newest = new ConcurrentHashMap<>();

  public ExchangeService(Member member, MeterRegistry registry) {
    this.member = member;
    this.metrics = new ExchangeMetrics(registry);
    this.seen = new SeenPositions(member);
    metrics.gauge("starling.exchange.changes", "Open calls for changes.", changes::size);
    metrics.gauge("starling.exchange.deliveries", "Open deliveries.", deliveries::size);
    metrics.gauge(
        "starling.exchange.in.flight", "Batches on their way into the journal.", this::inFlight);
    member.onServingChanged(this::servingChanged);
  }

  private int inFlight() {
    return deliveries.stream().mapToInt(Delivery::inFlight).sum();
  }

  private void servingChanged() {
    if (member.serving().role() != Role.OPEN) {
      seen.forget();
    }
    changes.forEach(ChangesStream::wake);
    deliveries.forEach(Delivery::wake);
  }

  /**
   * Up to which entry of another cluster's journal this one has what it needs: what a follow of one
   * of its users says.
   */
  public long position(int peer) {
    return seen.of(peer);
  }

  @Override
  public void changes(ChangesRequest in, StreamObserver<Batch> out) {
    ServerCallStreamObserver<Batch> call = (ServerCallStreamObserver<Batch>) out;
    checkServing();
    checkPeer(in.getPeer());
    ChangesStream stream =
        new ChangesStream(
            in.getPeer(),
            Batches.fromProto(in.getAfter()),
            member,
            call,
            metrics.sent(in.getPeer()));
    begin(changes, stream, MAX_CHANGES);
    call.setOnCancelHandler(stream::wake);
    call.setOnReadyHandler(stream::wake);
    // Not on the handler's thread, which must hear of readiness and cancellation.
    Thread.ofVirtual()
        .name("changes-" + in.getPeer())
        .start(() -> {
          try {
            stream.run();
          } finally {
            changes.remove(stream);
          }
        });
  }

  @Override
  public StreamObserver<DeliverRequest> deliver(StreamObserver<DeliverResponse> out) {
    ServerCallStreamObserver<DeliverResponse> call =
        (ServerCallStreamObserver<DeliverResponse>) out;
    checkServing();
    Delivery delivery = new Delivery(this, member, call);
    begin(deliveries, delivery, MAX_DELIVERIES);
    call.disableAutoRequest();
    call.setOnCancelHandler(delivery::cancel);
    call.setOnReadyHandler(delivery::wake);
    Thread.ofVirtual()
        .name("delivery")
        .start(() -> {
          try {
            delivery.run();
          } finally {
            deliveries.remove(delivery);
          }
        });
    return delivery;
  }

  private static <T> void begin(Set<T> calls, T call, int max) {
    if (calls.size() >= max) {
      throw Errors.of(
          Code.RESOURCE_EXHAUSTED,
          Reason.OVERLOADED,
          "%d such calls are open here already; end some".formatted(calls.size()));
    }
    calls.add(call);
  }

  private void checkServing() {
    var serving = member.serving();
    if (serving.role() != Role.OPEN) {
      throw member.notServing(serving);
    }
  }

  /**
   * Whether a number can be that of another cluster.
   *
   * @throws StatusRuntimeException INVALID_ARGUMENT
   */
  void checkPeer(int peer) {
    int own = member.members().getNumber();
    if (!Batches.isCluster(peer) || peer == own) {
      throw Errors.of(
          Code.INVALID_ARGUMENT,
          Reason.INVALID_REQUEST,
          "cluster %s cannot be a peer of %s, which is cluster %d; 0 to 1,023 are numbers"
              .formatted(Integer.toUnsignedString(peer), member.members().getCluster(), own));
    }
  }

  /** Makes a delivery the newest of its peer; returns the one that was, or null. */
  Delivery begin(int peer, Delivery delivery) {
    return newest.put(peer, delivery);
  }

  void end(int peer, Delivery delivery) {
    newest.remove(peer, delivery);
  }

  ExchangeMetrics metrics() {
    return metrics;
  }

  SeenPositions seen() {
    return seen;
  }
}
