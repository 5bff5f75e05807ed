package social.starling.common;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a handler throws becomes the call's status: a gRPC status as it is, anything else INTERNAL
 * with a sentence, and the stack trace in the log, never at the caller.
 */
final class Faults implements ServerInterceptor {

  private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Guarded<Q, A> guarded = new Guarded<>(call);
    try {
      return new Listener<>(guarded, next.startCall(guarded, headers));
    } catch (RuntimeException e) {
      guarded.fail(e);
      return new ServerCall.Listener<>() {};
    }
  }

  /**
   * A call that may be ended by the thread of the handler and by the listener's at once: calls are
   * not thread-safe, and the first end counts.
   */
  private static final class Guarded<Q, A> extends SimpleForwardingServerCall<Q, A> {

    private boolean closed;

    Guarded(ServerCall<Q, A> call) {
      super(call);
    }

    void fail(RuntimeException e) {
      Metadata trailers = Status.trailersFromThrowable(e);
      close(
          e instanceof StatusRuntimeException status ? status.getStatus() : internal(e),
          trailers == null ? new Metadata() : trailers);
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!closed) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(A message) {
      if (!closed) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (closed) {
        return;
      }
      closed = true;
      Throwable cause = status.getCause();
      boolean unmapped =
          status.getCode() == Status.Code.UNKNOWN
              && cause != null
              && !(cause instanceof StatusException)
              && !(cause instanceof StatusRuntimeException);
      super.close(unmapped ? internal(cause) : status, trailers);
    }

    private Status internal(Throwable cause) {
      LOG.atError()
          .addKeyValue("method", getMethodDescriptor().getFullMethodName())
          .setCause(cause)
          .log("a call failed by a fault in the program");
      return Status.INTERNAL.withDescription(
          "the call failed by a fault in the program; the log of this process says where");
    }
  }

  private static final class Listener<Q> extends ServerCall.Listener<Q> {

    private final Guarded<Q, ?> call;
    private final ServerCall.Listener<Q> next;

    Listener(Guarded<Q, ?> call, ServerCall.Listener<Q> next) {
      this.call = call;
      this.next = next;
    }

    @Override
    public void onMessage(Q message) {
      guard(() -> next.onMessage(message));
    }

    @Override
    public void onHalfClose() {
      guard(next::onHalfClose);
    }

    @Override
    public void onReady() {
      guard(next::onReady);
    }

    @Override
    public void onCancel() {
      guard(next::onCancel);
    }

    @Override
    public void onComplete() {
      guard(next::onComplete);
    }

    private void guard(Runnable callback) {
      try {
        callback.run();
      } catch (RuntimeException e) {
        call.fail(e);
      }
    }
  }
}
