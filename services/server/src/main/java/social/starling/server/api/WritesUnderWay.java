package social.starling.server.api;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/**
 * How many writes of each user wait for their answers. There is a bound, so that a flood of one
 * user leaves room for the others. Thread-safe.
 */
final class WritesUnderWay {

  static final int MAX_PER_USER = 256;

  private final Map<String, Integer> waiting = new ConcurrentHashMap<>();

  /**
   * One more; {@link #end} it.
   *
   * @throws StatusRuntimeException RESOURCE_EXHAUSTED, OVERLOADED, when there are too many already
   */
  void begin(String user) {
    int now = waiting.merge(key(user), 1, Integer::sum);
    if (now > MAX_PER_USER) {
      end(user);
      throw Errors.of(
          Code.RESOURCE_EXHAUSTED,
          Reason.OVERLOADED,
          "%d writes of %s are under way already; wait for some of them"
              .formatted(MAX_PER_USER, user));
    }
  }

  void end(String user) {
    waiting.compute(key(user), (_, count) -> count == null || count == 1 ? null : count - 1);
  }

  private static String key(String user) {
    return user.toLowerCase(Locale.ROOT);
  }
}
