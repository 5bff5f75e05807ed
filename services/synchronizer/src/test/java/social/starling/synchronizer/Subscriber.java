package social.starling.synchronizer;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.SubscribeRequest;
import social.starling.proto.sync.v1.SyncGrpc;

/** Subscribes, and takes as many batches as a test asks for. */
final class Subscriber extends ClientCall.Listener<Batch> {

  private final ClientCall<SubscribeRequest, Batch> call;
  private final List<Batch> taken = new CopyOnWriteArrayList<>();
  private volatile long upTo;
  private volatile Status end;

  Subscriber(Channel channel, SubscribeRequest.Builder request) {
    call = channel.newCall(SyncGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
    call.start(this, new Metadata());
    call.sendMessage(request.build());
    call.halfClose();
  }

  void request(int batches) {
    call.request(batches);
  }

  void cancel() {
    call.cancel("the test says so", null);
  }

  /** Without what the items hold. */
  List<Batch> taken() {
    return taken;
  }

  long upTo() {
    return upTo;
  }

  boolean ended() {
    return end != null;
  }

  Status end() {
    return end;
  }

  @Override
  public void onMessage(Batch batch) {
    if (batch.hasUpTo()) {
      upTo = batch.getUpTo().getIndex();
    }
    taken.add(batch.toBuilder().clearItems().build());
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    end = status;
  }
}
