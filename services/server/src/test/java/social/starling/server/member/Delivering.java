package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.DeliverRequest;
import social.starling.proto.sync.v1.DeliverResponse;
import social.starling.proto.sync.v1.ExchangeGrpc;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Name;
import social.starling.proto.sync.v1.Position;

/** One delivery, as the test wants it. */
final class Delivering implements ClientResponseObserver<DeliverRequest, DeliverResponse> {

  final BlockingQueue<Position> cursors = new LinkedBlockingQueue<>();
  final CompletableFuture<Status> ended = new CompletableFuture<>();
  ClientCallStreamObserver<DeliverRequest> out;

  private Delivering() {}

  static Delivering open(Node node) {
    Delivering delivering = new Delivering();
    ExchangeGrpc.newStub(node.internalChannel).deliver(delivering);
    return delivering;
  }

  /** Names the peer and gets the cursor. */
  static Delivering open(Node node, int peer) throws InterruptedException {
    Delivering delivering = open(node).peer(peer);
    assertThat(delivering.cursor()).isNotNull();
    return delivering;
  }

  Delivering peer(int peer) {
    out.onNext(DeliverRequest.newBuilder().setPeer(peer).build());
    return this;
  }

  Delivering say(Batch batch) {
    out.onNext(DeliverRequest.newBuilder().setBatch(batch).build());
    return this;
  }

  Position cursor() throws InterruptedException {
    return cursors.poll(20, TimeUnit.SECONDS);
  }

  /** Waits until the cursor is there. */
  void awaitCursor(long index) throws InterruptedException {
    Position last;
    do {
      last = cursor();
      assertThat(last).as("a cursor; the call ended with %s", ended).isNotNull();
    } while (last.getIndex() < index);
    assertThat(last.getIndex()).isEqualTo(index);
  }

  Status end() throws Exception {
    return ended.get(20, TimeUnit.SECONDS);
  }

  static Position at(long index) {
    return Position.newBuilder().setIndex(index).build();
  }

  static Batch.Builder batch(long after, long upTo) {
    return Batch.newBuilder().setAfter(at(after)).setUpTo(at(upTo));
  }

  static Item name(String name) {
    return Item.newBuilder().setName(Name.newBuilder().setName(name)).build();
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<DeliverRequest> requestStream) {
    out = requestStream;
  }

  @Override
  public void onNext(DeliverResponse response) {
    cursors.add(response.getCursor());
  }

  @Override
  public void onError(Throwable problem) {
    ended.complete(Status.fromThrowable(problem));
  }

  @Override
  public void onCompleted() {
    ended.complete(Status.OK);
  }
}
