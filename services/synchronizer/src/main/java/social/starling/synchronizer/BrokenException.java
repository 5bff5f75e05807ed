package social.starling.synchronizer;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** A stream ended, or is given up. Not a fault: it is begun again. */
final class BrokenException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String who;
  private final transient Status status;

  /**
   * @param who is on the other end, such as "the master of alpha"
   */
  BrokenException(String who, Status status) {
    super(who + ": " + sentence(status), null, false, false);
    this.who = who;
    this.status = status;
  }

  String who() {
    return who;
  }

  Status.Code code() {
    return status.getCode();
  }

  /** For the caller at the other end of this process. */
  StatusRuntimeException toCaller(Status.Code code) {
    return Status.fromCode(code).withDescription(getMessage()).asRuntimeException();
  }

  private static String sentence(Status status) {
    String text = status.getCode().name();
    return status.getDescription() == null ? text : text + " (" + status.getDescription() + ")";
  }
}
