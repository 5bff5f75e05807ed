package social.starling.router;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import java.util.List;
import java.util.Optional;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.SnsGrpc;

/** Attending has no position: it is held open anew. */
record AttendResumption(AttendRequest request) implements Resumption<AttendEvent> {

  @Override
  public BlockingClientCall<AttendRequest, AttendEvent> open(Channel channel, CallOptions options) {
    return ClientCalls.blockingV2ServerStreamingCall(
        channel, SnsGrpc.getAttendMethod(), options, request);
  }

  @Override
  public List<AttendEvent> received(AttendEvent event) {
    return List.of(event);
  }

  @Override
  public Optional<AttendEvent> heartbeat() {
    return Optional.empty();
  }

  @Override
  public boolean speaksWhenIdle() {
    return false;
  }
}
