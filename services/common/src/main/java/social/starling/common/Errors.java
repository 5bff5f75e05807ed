package social.starling.common;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import social.starling.proto.sns.v1.Reason;

/**
 * Errors as users get them: a gRPC status with a sentence, and a {@code google.rpc.ErrorInfo} with
 * a {@link Reason} that programs can act on.
 */
public final class Errors {

  /** The domain of every {@code ErrorInfo} of Starling. */
  public static final String DOMAIN = "starling.social";

  private static final String OUTCOME = "outcome";
  private static final String UNKNOWN = "unknown";

  private Errors() {}

  /** An error without metadata. */
  public static StatusRuntimeException of(Status.Code code, Reason reason, String message) {
    return of(code, reason, message, Map.of());
  }

  /**
   * An error.
   *
   * @param message what was tried, with what, and what to do, in a sentence
   * @param metadata what programs need beyond the reason, as told at {@link Reason}
   */
  public static StatusRuntimeException of(
      Status.Code code, Reason reason, String message, Map<String, String> metadata) {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain(DOMAIN)
            .setReason(reason.name())
            .putAllMetadata(metadata)
            .build();
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(message)
            .addDetails(Any.pack(info))
            .build());
  }

  /**
   * The same error, saying besides that what was asked for may have happened all the same, or may
   * yet: somebody else was asked before, who did not answer.
   */
  public static StatusRuntimeException doubtful(StatusRuntimeException error) {
    Map<String, String> metadata = new HashMap<>(metadata(error));
    metadata.put(OUTCOME, UNKNOWN);
    String description = error.getStatus().getDescription();
    return of(
        error.getStatus().getCode(),
        reason(error).orElse(Reason.UNKNOWN_OUTCOME),
        description == null ? "" : description,
        metadata);
  }

  /** Whether an error says that what was asked for may have happened all the same. */
  public static boolean isDoubtful(Throwable error) {
    return UNKNOWN.equals(metadata(error).get(OUTCOME));
  }

  /** The reason that came with an error; empty when none did, or one that is not known here. */
  public static Optional<Reason> reason(Throwable error) {
    return info(error).flatMap(info -> known(info.getReason()));
  }

  /** The metadata that came with the reason; empty when none did. */
  public static Map<String, String> metadata(Throwable error) {
    return info(error).map(ErrorInfo::getMetadataMap).orElse(Map.of());
  }

  private static Optional<ErrorInfo> info(Throwable error) {
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    if (status == null) {
      return Optional.empty();
    }
    for (Any detail : status.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        try {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          if (info.getDomain().equals(DOMAIN)) {
            return Optional.of(info);
          }
        } catch (InvalidProtocolBufferException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<Reason> known(String name) {
    for (Reason reason : Reason.values()) {
      if (reason.name().equals(name)) {
        return Optional.of(reason);
      }
    }
    return Optional.empty();
  }
}
