package social.starling.server.api;

import io.grpc.Context;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;
import social.starling.server.member.Failures;
import social.starling.server.state.DamagedException;
import social.starling.server.storage.StorageException;

/**
 * The one answer to a call. Whatever goes wrong becomes an answer too: a call without one would
 * wait for nothing. Made by the thread that runs the handler, before that returns; used by one
 * thread at a time, and not after the answer was given.
 */
final class Reply<T> {

  private final ServerCallStreamObserver<T> out;
  private final Context context = Context.current();

  Reply(StreamObserver<T> out) {
    this.out = (ServerCallStreamObserver<T>) out;
    // Without a handler an answer to somebody who has gone would throw.
    this.out.setOnCancelHandler(() -> {});
  }

  /** What yields the answer, or throws why there is none. */
  interface Call<T> {
    T run() throws InterruptedException;
  }

  /** A step towards the answer. */
  interface Step {
    void run() throws InterruptedException;
  }

  /** Goes a step. What it throws is the answer. */
  void guard(Step step) {
    try {
      step.run();
    } catch (Throwable e) {
      fail(e);
    }
  }

  /** Answers, on this thread. */
  void give(Call<T> call) {
    T answer;
    try {
      answer = call.run();
    } catch (Throwable e) {
      fail(e);
      return;
    }
    out.onNext(answer);
    out.onCompleted();
  }

  /** Answers, on a virtual thread, which may wait. */
  void later(Call<T> call) {
    Thread.ofVirtual().name("call").start(context.wrap(() -> give(call)));
  }

  /** Answers with what went wrong. */
  void fail(Throwable e) {
    out.onError(
        switch (e) {
          case StatusRuntimeException status -> status;
          case DamagedException damaged -> Failures.of(damaged);
          case StorageException storage -> Failures.of(storage);
          case InterruptedException _ -> {
            Thread.currentThread().interrupt();
            yield Errors.of(
                Code.UNAVAILABLE, Reason.UNKNOWN_OUTCOME, "this member is stopping; try again");
          }
          default -> e;
        });
  }
}
