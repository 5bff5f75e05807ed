package social.starling.server.api;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import social.starling.common.Errors;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.sns.v1.Reason;

/** From recorded answers to gRPC. */
final class Answers {

  private Answers() {}

  /** The answer itself when it is a success. */
  static Answer orThrow(Answer answer) {
    if (answer.getReason().isEmpty()) {
      return answer;
    }
    throw failure(answer);
  }

  static StatusRuntimeException failure(Answer answer) {
    Reason reason;
    try {
      reason = Reason.valueOf(answer.getReason());
    } catch (IllegalArgumentException e) {
      reason = Reason.REASON_UNSPECIFIED; // Recorded by a newer version.
    }
    return Errors.of(code(reason), reason, answer.getMessage());
  }

  private static Code code(Reason reason) {
    return switch (reason) {
      case INVALID_NAME, INVALID_TEXT, INVALID_REQUEST, SEQUENCE_REUSED, SELF ->
          Code.INVALID_ARGUMENT;
      case NOT_AUTHENTICATED -> Code.UNAUTHENTICATED;
      case USER_UNKNOWN, POST_UNKNOWN -> Code.NOT_FOUND;
      case ALREADY_FOLLOWING -> Code.ALREADY_EXISTS;
      case NOT_FOLLOWING, SESSION_EXPIRED, NOT_MASTER, WRONG_CLUSTER -> Code.FAILED_PRECONDITION;
      case NOT_AUTHOR -> Code.PERMISSION_DENIED;
      case OVERLOADED, DISK_FULL -> Code.RESOURCE_EXHAUSTED;
      case UNKNOWN_OUTCOME, ONE_COPY_ONLY, WAITING_FOR_CLUSTERS, CLUSTER_DOWN, NOT_READY ->
          Code.UNAVAILABLE;
      case DAMAGED -> Code.DATA_LOSS;
      case REASON_UNSPECIFIED, UNRECOGNIZED -> Code.UNKNOWN;
    };
  }
}
