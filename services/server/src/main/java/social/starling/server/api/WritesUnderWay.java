package social.starling.server.api;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/**
 * How many writes of each user wait for their answers. There is a bound, so that a flood of one
 * user leaves room for the others. Thread-safe.
 */
final class WritesUnderWay {

  static final int MAX_PER_USER = 256;

  private final PerUser waiting = new PerUser(MAX_PER_USER);

  /**
   * One more; {@link #end} it.
   *
   * @throws StatusRuntimeException RESOURCE_EXHAUSTED, OVERLOADED, when there are too many already
   */
  void begin(String user) {
    if (!waiting.begin(user)) {
      throw Errors.of(
          Code.RESOURCE_EXHAUSTED,
          Reason.OVERLOADED,
          "%d writes of %s are under way already; wait for some of them"
              .formatted(MAX_PER_USER, user));
    }
  }

  void end(String user) {
    waiting.end(user);
  }
}
