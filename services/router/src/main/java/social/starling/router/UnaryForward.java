package social.starling.router;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import social.starling.common.Identity;

/** Forwards calls of one answer, blocking a virtual thread for each. Thread-safe. */
final class UnaryForward {

  private static final Duration MAX_MARGIN = Duration.ofMillis(100);

  private final Router router;
  private final Room room;

  UnaryForward(Router router) {
    this.router = router;
    this.room = new Room(router.clusters());
  }

  /**
   * Forwards the call and answers it.
   *
   * @throws StatusRuntimeException with what the caller should be told
   */
  void forward(
      MethodDescriptor<byte[], byte[]> method, byte[] request, StreamObserver<byte[]> answer) {
    String user = Identity.USER.get();
    String home = RequestHome.of(method, request, user);
    Runnable place = room.take(router.routes().current(), home);
    byte[] answered;
    try {
      answered = served(method, request, user, home);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw io.grpc.Status.CANCELLED.withDescription("the router ends").asRuntimeException();
    } finally {
      place.run();
    }
    answer.onNext(answered);
    answer.onCompleted();
  }

  private byte[] served(
      MethodDescriptor<byte[], byte[]> method, byte[] request, String user, String home)
      throws InterruptedException {
    Pursuit pursuit = Pursuit.ofCall(router, home, time());
    try {
      while (true) {
        try (Attempt attempt = pursuit.next()) {
          try {
            byte[] answer = call(attempt, pursuit, method, request, user);
            pursuit.served(attempt);
            return answer;
          } catch (StatusRuntimeException e) {
            pursuit.failed(attempt, forwarded(e));
          }
        }
      }
    } catch (StatusRuntimeException e) {
      throw pursuit.told(e);
    }
  }

  private byte[] call(
      Attempt attempt,
      Pursuit pursuit,
      MethodDescriptor<byte[], byte[]> method,
      byte[] request,
      String user) {
    Duration bound = attempt.bound(pursuit.left(), router);
    Context before = attempt.context().attach();
    try {
      return ClientCalls.blockingUnaryCall(
          ClientInterceptors.intercept(attempt.upstream().channel(), Identity.as(user)),
          method,
          CallOptions.DEFAULT.withDeadlineAfter(bound.toNanos(), TimeUnit.NANOSECONDS),
          request);
    } finally {
      attempt.context().detach(before);
    }
  }

  // A little less than the caller's, so that the caller hears why rather than only that.
  private Duration time() {
    Deadline deadline = Context.current().getDeadline();
    Duration whole =
        deadline == null
            ? router.patience().call()
            : Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS));
    Duration margin = whole.dividedBy(10);
    return whole.minus(margin.compareTo(MAX_MARGIN) < 0 ? margin : MAX_MARGIN);
  }

  // The member's status and details, without whatever else its transport sent along.
  private static StatusRuntimeException forwarded(StatusRuntimeException e) {
    com.google.rpc.Status details = StatusProto.fromThrowable(e);
    return details == null || details.getDetailsCount() == 0
        ? e.getStatus().asRuntimeException(new Metadata())
        : StatusProto.toStatusRuntimeException(details);
  }
}
