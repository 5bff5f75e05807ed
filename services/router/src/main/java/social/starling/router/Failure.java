package social.starling.router;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Optional;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/** What a failed attempt means for the next. */
enum Failure {
  /** The member says that another is master. */
  NOT_MASTER,
  /** The member is, or will be, master, and cannot serve yet. */
  NOT_READY,
  /** The member says that the name belongs to another cluster: one of the two maps is old. */
  WRONG_CLUSTER,
  /** It may have happened or not. */
  UNKNOWN_OUTCOME,
  /** No connection, or it broke. */
  UNREACHABLE,
  /** A queue is full: a stream was cut because it was slow, or a call came at a bad time. */
  CUT,
  /** The member did not answer in time. */
  NO_ANSWER,
  /** Another has become master meanwhile. */
  OVERTAKEN,
  /** An answer that the caller gets. */
  FINAL;

  static Failure of(Attempt attempt, StatusRuntimeException error) {
    if (attempt.isAbandoned()) {
      return OVERTAKEN;
    }
    Optional<Reason> reason = Errors.reason(error);
    return switch (error.getStatus().getCode()) {
      case UNAVAILABLE ->
          switch (reason.orElse(Reason.REASON_UNSPECIFIED)) {
            case REASON_UNSPECIFIED -> UNREACHABLE;
            // It has not been told its slots yet; otherwise this router would not have asked.
            case NOT_READY, WAITING_FOR_CLUSTERS -> NOT_READY;
            case UNKNOWN_OUTCOME -> UNKNOWN_OUTCOME;
            default -> FINAL;
          };
      case FAILED_PRECONDITION ->
          switch (reason.orElse(Reason.REASON_UNSPECIFIED)) {
            case NOT_MASTER -> NOT_MASTER;
            case WRONG_CLUSTER -> WRONG_CLUSTER;
            default -> FINAL;
          };
      case RESOURCE_EXHAUSTED -> reason.equals(Optional.of(Reason.OVERLOADED)) ? CUT : FINAL;
      case DEADLINE_EXCEEDED -> NO_ANSWER;
      // The member's end of the stream was reset as its process went.
      case CANCELLED -> UNREACHABLE;
      // Only a status that was made on this side has a cause.
      default -> error.getStatus().getCause() instanceof IOException ? UNREACHABLE : FINAL;
    };
  }
}
