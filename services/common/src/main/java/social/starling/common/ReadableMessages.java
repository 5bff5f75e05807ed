package social.starling.common;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import social.starling.proto.sns.v1.Reason;

/**
 * A service whose unreadable requests (broken encoding, invalid UTF-8) are answered with
 * INVALID_ARGUMENT. Left to itself gRPC answers UNKNOWN or INTERNAL, as if the server were at
 * fault.
 */
final class ReadableMessages {

  /** A request as it came: read, or not readable. */
  private record Read<Q>(Q message, RuntimeException error) {}

  private record Reading<Q>(Marshaller<Q> marshaller) implements Marshaller<Read<Q>> {

    @Override
    public InputStream stream(Read<Q> read) {
      return marshaller.stream(read.message());
    }

    @Override
    public Read<Q> parse(InputStream stream) {
      try {
        return new Read<>(marshaller.parse(stream), null);
      } catch (RuntimeException e) {
        return new Read<>(null, e);
      }
    }
  }

  private ReadableMessages() {}

  static ServerServiceDefinition of(ServerServiceDefinition service) {
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    var methods = service.getMethods().stream().map(ReadableMessages::method).toList();
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder wrapped = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(wrapped::addMethod);
    return wrapped.build();
  }

  private static <Q, A> ServerMethodDefinition<Read<Q>, A> method(
      ServerMethodDefinition<Q, A> method) {
    MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
    return ServerMethodDefinition.create(
        descriptor.toBuilder(
                new Reading<>(descriptor.getRequestMarshaller()),
                descriptor.getResponseMarshaller())
            .build(),
        (call, headers) -> start(descriptor, method.getServerCallHandler(), call, headers));
  }

  private static <Q, A> ServerCall.Listener<Read<Q>> start(
      MethodDescriptor<Q, A> descriptor,
      ServerCallHandler<Q, A> handler,
      ServerCall<Read<Q>, A> call,
      Metadata headers) {
    return new Listener<>(call, handler.startCall(new Call<>(call, descriptor), headers));
  }

  /** Hands readable messages on; ends the call at one that is not. */
  private static final class Listener<Q> extends ServerCall.Listener<Read<Q>> {

    private final ServerCall<?, ?> call;
    private final ServerCall.Listener<Q> next;
    private boolean ended;

    Listener(ServerCall<?, ?> call, ServerCall.Listener<Q> next) {
      this.call = call;
      this.next = next;
    }

    @Override
    public void onMessage(Read<Q> read) {
      if (ended) {
        return;
      }
      if (read.error() == null) {
        next.onMessage(read.message());
        return;
      }
      ended = true;
      StatusRuntimeException refusal =
          Errors.of(
              Code.INVALID_ARGUMENT,
              Reason.INVALID_REQUEST,
              "the request cannot be read: it is no "
                  + call.getMethodDescriptor().getBareMethodName()
                  + " request, or a text in it is no valid UTF-8");
      call.close(refusal.getStatus(), refusal.getTrailers());
    }

    @Override
    public void onHalfClose() {
      if (!ended) {
        next.onHalfClose();
      }
    }

    @Override
    public void onCancel() {
      next.onCancel();
    }

    @Override
    public void onComplete() {
      // A handler that never saw its request must not believe that it completed.
      if (ended) {
        next.onCancel();
      } else {
        next.onComplete();
      }
    }

    @Override
    public void onReady() {
      if (!ended) {
        next.onReady();
      }
    }
  }

  /** The call as the handler knows it. */
  private static final class Call<Q, A> extends ServerCall<Q, A> {

    private final ServerCall<Read<Q>, A> call;
    private final MethodDescriptor<Q, A> descriptor;

    Call(ServerCall<Read<Q>, A> call, MethodDescriptor<Q, A> descriptor) {
      this.call = call;
      this.descriptor = descriptor;
    }

    @Override
    public void request(int messages) {
      call.request(messages);
    }

    @Override
    public void sendHeaders(Metadata headers) {
      call.sendHeaders(headers);
    }

    @Override
    public void sendMessage(A message) {
      call.sendMessage(message);
    }

    @Override
    public boolean isReady() {
      return call.isReady();
    }

    @Override
    public void close(io.grpc.Status status, Metadata trailers) {
      call.close(status, trailers);
    }

    @Override
    public boolean isCancelled() {
      return call.isCancelled();
    }

    @Override
    public void setMessageCompression(boolean enabled) {
      call.setMessageCompression(enabled);
    }

    @Override
    public void setCompression(String compressor) {
      call.setCompression(compressor);
    }

    @Override
    public void setOnReadyThreshold(int bytes) {
      call.setOnReadyThreshold(bytes);
    }

    @Override
    public io.grpc.Attributes getAttributes() {
      return call.getAttributes();
    }

    @Override
    public String getAuthority() {
      return call.getAuthority();
    }

    @Override
    public io.grpc.SecurityLevel getSecurityLevel() {
      return call.getSecurityLevel();
    }

    @Override
    public MethodDescriptor<Q, A> getMethodDescriptor() {
      return descriptor;
    }
  }
}
