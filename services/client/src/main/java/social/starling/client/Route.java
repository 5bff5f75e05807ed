package social.starling.client;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/** Says at whom the next attempt goes, and learns from those before. Thread-safe. */
interface Route {

  /**
   * Where an attempt goes.
   *
   * @param limit how long to wait for the answer before another attempt
   */
  record Target(String address, Channel channel, Duration limit) {}

  /**
   * Where the next attempt goes. May ask a router first.
   *
   * @throws StatusRuntimeException when nobody to ask is known
   */
  Target target();

  /** The target answered, be it with a refusal. */
  void succeeded(Target target);

  /** The attempt failed in a way that another may not. */
  void failed(Target target, Verdict verdict, StatusRuntimeException failure);

  /** True when calls go elsewhere by now, with success. */
  boolean left(Target target);

  /** The address that is tried next, to show. */
  String next();

  /** Whom this reaches, for a sentence. */
  String described();
}
