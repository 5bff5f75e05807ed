package social.starling.client;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Optional;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/** What a failed attempt means for the next one. */
public enum Verdict {
  /** It fails everywhere and always: tell the caller. */
  FINAL,
  /** Another member is master, or another cluster the user's: ask there. */
  ELSEWHERE,
  /** Whoever answered cannot do it now: repeat after a moment. */
  LATER,
  /** Nobody was there: refused, unknown host. Certainly nothing happened. */
  UNREACHED,
  /** The connection broke, or the answer did not come in time: it may have happened. */
  BROKEN;

  /** Judges the failure of a call whose repetition is safe. */
  public static Verdict of(Throwable failure) {
    Optional<Reason> reason = Errors.reason(failure);
    if (reason.isPresent()) {
      return of(reason.get());
    }
    return switch (Status.fromThrowable(failure).getCode()) {
      case UNAVAILABLE -> unreached(failure) ? UNREACHED : BROKEN;
      case DEADLINE_EXCEEDED -> neverSent(failure) ? UNREACHED : BROKEN;
      case CANCELLED -> BROKEN;
      case RESOURCE_EXHAUSTED -> tooLarge(failure) ? FINAL : LATER;
      default -> connectionBroke(failure) ? BROKEN : FINAL;
    };
  }

  /** True when another attempt may succeed. */
  public boolean repeatable() {
    return this != FINAL;
  }

  private static Verdict of(Reason reason) {
    return switch (reason) {
      case NOT_MASTER, WRONG_CLUSTER -> ELSEWHERE;
      case NOT_READY,
          UNKNOWN_OUTCOME,
          ONE_COPY_ONLY,
          OVERLOADED,
          WAITING_FOR_CLUSTERS,
          CLUSTER_DOWN ->
          LATER;
      default -> FINAL;
    };
  }

  private static boolean unreached(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof ConnectException || t instanceof UnknownHostException) {
        return true;
      }
    }
    return false;
  }

  // Only a status that was made on this side has a cause; a connection that closes while a call is
  // being written to it is UNKNOWN to gRPC.
  private static boolean connectionBroke(Throwable failure) {
    return Status.fromThrowable(failure).getCause() instanceof IOException;
  }

  // gRPC tells this in words only. Should they change one day, the outcome counts as unknown.
  private static boolean neverSent(Throwable failure) {
    String description = description(failure);
    return description.contains("was_still_waiting")
        || description.contains("waiting_for_connection")
        || description.contains("ClientCall started after");
  }

  // gRPC's own limits use the same code as a full queue, and no wait helps against them.
  private static boolean tooLarge(Throwable failure) {
    return description(failure).contains("exceeds maximum");
  }

  private static String description(Throwable failure) {
    String description =
        switch (failure) {
          case StatusRuntimeException e -> e.getStatus().getDescription();
          case StatusException e -> e.getStatus().getDescription();
          default -> null;
        };
    return description == null ? "" : description;
  }
}
