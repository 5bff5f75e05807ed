package social.starling.synchronizer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicInteger;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.SubscribeRequest;
import social.starling.proto.sync.v1.SyncGrpc;

/** A synchronizer that was stopped: its connections stand and it says nothing. */
final class SilentSync extends SyncGrpc.SyncImplBase implements AutoCloseable {

  final AtomicInteger calls = new AtomicInteger();
  private final GrpcServer server =
      GrpcServers.internalServer("127.0.0.1", 0, FakeMember.CREDENTIAL, this);

  String address() {
    return "127.0.0.1:" + server.port();
  }

  @Override
  public void subscribe(SubscribeRequest request, StreamObserver<Batch> out) {
    ((ServerCallStreamObserver<Batch>) out).setOnCancelHandler(() -> {});
    calls.incrementAndGet();
  }

  @Override
  public void close() {
    server.close();
  }
}
