package social.starling.coordinator;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/** How refusals and failures of the store are answered. */
final class Statuses {

  private Statuses() {}

  /** Answers a call with what is supplied, or with the status of what is thrown. */
  static <T> void answer(StreamObserver<T> caller, Supplier<T> answer) {
    T value;
    try {
      value = answer.get();
    } catch (Refusal | StoreException e) {
      caller.onError(of(e));
      return;
    }
    caller.onNext(value);
    caller.onCompleted();
  }

  static StatusRuntimeException of(RuntimeException e) {
    return switch (e) {
      case StatusRuntimeException status -> status;
      case Refusal refusal -> of(refusal);
      case StoreException failure ->
          Errors.of(Code.UNAVAILABLE, Reason.NOT_READY, failure.getMessage() + "; try again");
      default -> throw e;
    };
  }

  private static StatusRuntimeException of(Refusal refusal) {
    String sentence = refusal.getMessage();
    return switch (refusal.kind()) {
      case INVALID -> Errors.of(Code.INVALID_ARGUMENT, Reason.INVALID_REQUEST, sentence);
      case UNKNOWN -> Errors.of(Code.NOT_FOUND, Reason.INVALID_REQUEST, sentence);
      case CONFLICT -> Errors.of(Code.ALREADY_EXISTS, Reason.INVALID_REQUEST, sentence);
      case FORBIDDEN -> Errors.of(Code.FAILED_PRECONDITION, Reason.INVALID_REQUEST, sentence);
      case OLD_STATE -> Errors.of(Code.FAILED_PRECONDITION, Reason.DAMAGED, sentence);
      case EXHAUSTED -> Errors.of(Code.RESOURCE_EXHAUSTED, Reason.OVERLOADED, sentence);
      case UNAVAILABLE -> Errors.of(Code.UNAVAILABLE, Reason.NOT_READY, sentence);
    };
  }
}
