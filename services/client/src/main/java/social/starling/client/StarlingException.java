package social.starling.client;

import io.grpc.Status;
import java.util.Map;
import java.util.Optional;
import social.starling.proto.sns.v1.Reason;

/** A call that failed for good: refused, or not answered before its deadline. */
public final class StarlingException extends RuntimeException {

  private final Status.Code code;
  private final Optional<Reason> reason;
  private final Map<String, String> metadata;
  private final boolean outcomeUnknown;

  StarlingException(
      Status.Code code,
      Optional<Reason> reason,
      String sentence,
      Map<String, String> metadata,
      boolean outcomeUnknown,
      Throwable cause) {
    super(sentence, cause);
    this.code = code;
    this.reason = reason;
    this.metadata = Map.copyOf(metadata);
    this.outcomeUnknown = outcomeUnknown;
  }

  /** The kind of failure; UNAVAILABLE or DEADLINE_EXCEEDED when nobody answered in time. */
  public Status.Code code() {
    return code;
  }

  /** Why a server refused; empty when none said so, for instance because none was reached. */
  public Optional<Reason> reason() {
    return reason;
  }

  /** The reason's name or else the code's: one word for programs. */
  public String word() {
    return reason.map(Reason::name).orElse(code.name());
  }

  /** What came with the reason. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** True for a write that may have taken effect, or may yet, all the same. */
  public boolean outcomeUnknown() {
    return outcomeUnknown;
  }
}
