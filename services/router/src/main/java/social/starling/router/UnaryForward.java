package social.starling.router;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Errors;
import social.starling.common.Identity;

/**
 * Forwards calls of one answer. The first attempt takes no thread: it is begun by the thread that
 * read the call and answered by the one that read the answer, and neither of them waits. Only a
 * call whose first attempt failed, or had nobody to go to, gets a virtual thread of its own, which
 * waits as its {@link Pursuit} says. Thread-safe.
 */
final class UnaryForward {

  private static final Logger LOG = LoggerFactory.getLogger(UnaryForward.class);
  private static final Duration MAX_MARGIN = Duration.ofMillis(100);

  private final Router router;
  private final Room room;

  UnaryForward(Router router) {
    this.router = router;
    this.room = new Room(router.clusters());
  }

  /**
   * Begins to forward the call, in whose context this is called. Never blocks.
   *
   * @param answer gets the answer, or what the caller should be told, from any one thread
   * @throws StatusRuntimeException when the caller should be told that at once
   */
  void forward(
      MethodDescriptor<byte[], byte[]> method,
      byte[] request,
      ServerCallStreamObserver<byte[]> answer) {
    String user = Identity.USER.get();
    String home = RequestHome.of(method, request, user);
    // What is under way ends with the context; without a handler an answer too late would throw.
    answer.setOnCancelHandler(() -> {});
    Pursuit pursuit = Pursuit.ofCall(router, home, time());
    Runnable place = room.take(router.routes().current(), home);
    new Forwarding(method, request, user, pursuit, answer, place).begin();
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

  /** One call. At any time one thread works on it; it passes from one to the next. */
  private final class Forwarding {

    private final MethodDescriptor<byte[], byte[]> method;
    private final byte[] request;
    private final String user;
    private final Pursuit pursuit;
    private final ServerCallStreamObserver<byte[]> answer;
    private final Runnable place;
    private final Context caller = Context.current();
    private final AtomicBoolean ended = new AtomicBoolean();

    Forwarding(
        MethodDescriptor<byte[], byte[]> method,
        byte[] request,
        String user,
        Pursuit pursuit,
        ServerCallStreamObserver<byte[]> answer,
        Runnable place) {
      this.method = method;
      this.request = request;
      this.user = user;
      this.pursuit = pursuit;
      this.answer = answer;
      this.place = place;
    }

    void begin() {
      guarded(() -> {
        Optional<Attempt> first = pursuit.first();
        if (first.isPresent()) {
          begin(first.get());
        } else {
          goOn();
        }
      });
    }

    /**
     * A step of the work. Whatever it throws ends the call, so that its place is given back and the
     * caller does not wait for nothing.
     */
    private void guarded(Step step) {
      try {
        step.run();
      } catch (StatusRuntimeException e) {
        end(pursuit.told(e));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        end(pursuit.told(Status.CANCELLED.withDescription("the router ends").asRuntimeException()));
      } catch (RuntimeException | Error e) {
        LOG.atError().addKeyValue("method", method.getFullMethodName()).setCause(e).log("failed");
        // Nobody foresaw it, so it is not known either what was sent by then.
        end(
            Errors.doubtful(
                Status.INTERNAL
                    .withDescription("the router failed at this call; its log says more")
                    .asRuntimeException()));
      }
    }

    private void begin(Attempt attempt) {
      Context before = attempt.context().attach();
      try {
        ClientCall<byte[], byte[]> call =
            ClientInterceptors.intercept(attempt.upstream().channel(), Identity.as(user))
                .newCall(method, options(attempt));
        call.start(new First(attempt), new Metadata());
        // One more than there is to come, as the end comes after it.
        call.request(2);
        call.sendMessage(request);
        call.halfClose();
      } catch (RuntimeException | Error e) {
        attempt.close();
        throw e;
      } finally {
        attempt.context().detach(before);
      }
    }

    /** The first attempt's answer. */
    private final class First extends ClientCall.Listener<byte[]> {

      private final Attempt attempt;
      private byte[] answered;

      First(Attempt attempt) {
        this.attempt = attempt;
      }

      @Override
      public void onMessage(byte[] message) {
        answered = message;
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        // This is called in the context of the attempt, which may have been given up.
        caller.run(() -> guarded(() -> closed(status, trailers)));
      }

      private void closed(Status status, Metadata trailers) {
        try (attempt) {
          if (status.isOk() && answered != null) {
            pursuit.served(attempt);
            end(answered);
            return;
          }
          StatusRuntimeException error =
              status.isOk() ? nothing() : status.asRuntimeException(trailers);
          pursuit.failed(attempt, forwarded(error));
        }
        goOn();
      }
    }

    private static StatusRuntimeException nothing() {
      return Status.INTERNAL.withDescription("the member answered nothing").asRuntimeException();
    }

    private void goOn() {
      Thread.ofVirtual().name("pursuit").start(caller.wrap(() -> guarded(() -> end(served()))));
    }

    private byte[] served() throws InterruptedException {
      while (true) {
        try (Attempt attempt = pursuit.next()) {
          try {
            byte[] answered = call(attempt);
            pursuit.served(attempt);
            return answered;
          } catch (StatusRuntimeException e) {
            pursuit.failed(attempt, forwarded(e));
          }
        }
      }
    }

    private byte[] call(Attempt attempt) {
      Context before = attempt.context().attach();
      try {
        return ClientCalls.blockingUnaryCall(
            ClientInterceptors.intercept(attempt.upstream().channel(), Identity.as(user)),
            method,
            options(attempt),
            request);
      } finally {
        attempt.context().detach(before);
      }
    }

    private CallOptions options(Attempt attempt) {
      Duration bound = attempt.bound(pursuit.left(), router);
      return CallOptions.DEFAULT.withDeadlineAfter(bound.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void end(byte[] answered) {
      if (leave()) {
        answer.onNext(answered);
        answer.onCompleted();
      }
    }

    private void end(RuntimeException error) {
      if (leave()) {
        answer.onError(error);
      }
    }

    /** Gives the place back. False when the call has ended before. */
    private boolean leave() {
      if (!ended.compareAndSet(false, true)) {
        return false;
      }
      place.run();
      return true;
    }
  }

  /** A piece of work on a call. */
  private interface Step {
    void run() throws InterruptedException;
  }
}
