package social.starling.router;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import social.starling.common.Identity;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/** The service Sns of a router: each call forwarded to the master of its user's cluster. */
final class SnsForward implements BindableService {

  private final Router router;
  private final OpenStreams streams;
  private final UnaryForward unary;

  SnsForward(Router router, OpenStreams streams) {
    this.router = router;
    this.streams = streams;
    this.unary = new UnaryForward(router);
  }

  @Override
  public ServerServiceDefinition bindService() {
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    for (MethodDescriptor<?, ?> method : SnsGrpc.getServiceDescriptor().getMethods()) {
      if (method.getType() == MethodType.UNARY) {
        methods.add(raw(method));
      }
    }
    methods.add(
        ServerMethodDefinition.create(
            SnsGrpc.getStreamMethod(), ServerCalls.asyncServerStreamingCall(this::stream)));
    methods.add(
        ServerMethodDefinition.create(
            SnsGrpc.getAttendMethod(), ServerCalls.asyncServerStreamingCall(this::attend)));
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(SnsGrpc.SERVICE_NAME)
            .setSchemaDescriptor(SnsGrpc.getServiceDescriptor().getSchemaDescriptor());
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(service::addMethod);
    return service.build();
  }

  private ServerMethodDefinition<byte[], byte[]> raw(MethodDescriptor<?, ?> method) {
    MethodDescriptor<byte[], byte[]> raw =
        method.toBuilder(RawMarshaller.RAW, RawMarshaller.RAW).build();
    return ServerMethodDefinition.create(
        raw,
        ServerCalls.asyncUnaryCall((byte[] request, StreamObserver<byte[]> answer) ->
            unary.forward(raw, request, (ServerCallStreamObserver<byte[]>) answer)));
  }

  private void stream(StreamRequest request, StreamObserver<StreamEvent> client) {
    String user = Identity.USER.get();
    streams.start(new TimelineRelay(router, user, request, downstream(client)));
  }

  private void attend(AttendRequest request, StreamObserver<AttendEvent> client) {
    String user = Identity.USER.get();
    streams.start(new AttendRelay(router, user, request, downstream(client)));
  }

  private static <A> Downstream<A> downstream(StreamObserver<A> client) {
    return new Downstream<>((ServerCallStreamObserver<A>) client);
  }
}
