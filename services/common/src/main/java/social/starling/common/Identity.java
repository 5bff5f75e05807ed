package social.starling.common;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;

/**
 * Who acts. The server's interceptor is the one place where a user's identity is established: today
 * by a name that is taken on trust, later by a credential.
 */
public final class Identity {

  /** Names the acting user. */
  public static final Metadata.Key<String> HEADER =
      Metadata.Key.of("starling-user", Metadata.ASCII_STRING_MARSHALLER);

  /** The acting user's name as the caller wrote it, valid; present in every call of Sns. */
  public static final Context.Key<String> USER = Context.key("starling-user");

  private Identity() {}

  /** Reads, checks and sets the acting user of each call of Sns; other services' calls pass. */
  public static ServerInterceptor interceptor() {
    return new Establish();
  }

  /** Names the user on each call. */
  public static ClientInterceptor as(String user) {
    return new As(Limits.checkName(user));
  }

  private static final class Establish implements ServerInterceptor {

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      if (!SnsGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())) {
        return next.startCall(call, headers);
      }
      String user;
      try {
        user = check(headers.get(HEADER));
      } catch (StatusRuntimeException e) {
        call.close(e.getStatus(), e.getTrailers());
        return new ServerCall.Listener<>() {};
      }
      return Contexts.interceptCall(Context.current().withValue(USER, user), call, headers, next);
    }

    private static String check(String user) {
      if (user == null) {
        throw Errors.of(
            Code.UNAUTHENTICATED,
            Reason.NOT_AUTHENTICATED,
            "no user is named; set the metadata key " + HEADER.name());
      }
      return Limits.checkName(user);
    }
  }

  private record As(String user) implements ClientInterceptor {

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          headers.discardAll(HEADER);
          headers.put(HEADER, user);
          super.start(listener, headers);
        }
      };
    }
  }
}
