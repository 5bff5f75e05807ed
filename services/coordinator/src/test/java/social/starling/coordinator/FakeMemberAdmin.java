package social.starling.coordinator;

import io.grpc.stub.StreamObserver;
import java.time.Duration;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.replication.v1.MemberAdminGrpc.MemberAdminImplBase;
import social.starling.proto.replication.v1.ReleaseSlotsRequest;
import social.starling.proto.replication.v1.ReleaseSlotsResponse;

/** The internal port of a master, as far as it is asked for slots. */
final class FakeMemberAdmin implements AutoCloseable {

  private final GrpcServer server;
  private volatile FakeOwner owner;

  FakeMemberAdmin(FakeOwner first) {
    owner = first;
    server =
        GrpcServers.internalServer(
            "127.0.0.1",
            0,
            CoordinatorFixture.CREDENTIAL,
            new MemberAdminImplBase() {
              @Override
              public void releaseSlots(
                  ReleaseSlotsRequest request, StreamObserver<ReleaseSlotsResponse> caller) {
                Masters.Released answer =
                    owner.release(request.getVersion(), RemoteMasters.bits(request.getSlots()));
                caller.onNext(
                    ReleaseSlotsResponse.newBuilder()
                        .setReleased(RemoteMasters.bytes(answer.released()))
                        .setUsed(RemoteMasters.bytes(answer.used()))
                        .build());
                caller.onCompleted();
              }
            });
  }

  /** Answers for another state from now on. */
  void serve(FakeOwner other) {
    owner = other;
  }

  String address() {
    return "127.0.0.1:" + server.port();
  }

  @Override
  public void close() {
    try {
      server.stop(Duration.ofMillis(100));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
