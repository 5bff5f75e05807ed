package social.starling.client;

import io.grpc.CallOptions;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.RouterGrpc;

/** Asks the routers where a user lives; the next one is asked after one has failed. Thread-safe. */
final class Locator {

  private static final Duration LIMIT = Duration.ofSeconds(1);

  private final RouterRoute routers;

  Locator(RouterRoute routers) {
    this.routers = routers;
  }

  /**
   * Asks one router, once.
   *
   * @throws StatusRuntimeException when it does not answer, or does not know
   */
  LocateResponse locate(String user) {
    Route.Target router = routers.target();
    try {
      return ClientCalls.blockingUnaryCall(
          router.channel(),
          RouterGrpc.getLocateMethod(),
          CallOptions.DEFAULT.withDeadlineAfter(LIMIT.toNanos(), TimeUnit.NANOSECONDS),
          LocateRequest.newBuilder().setUser(user).build());
    } catch (StatusRuntimeException e) {
      routers.failed(router, Verdict.of(e), e);
      throw e;
    }
  }

  /** The router that is asked next, to show. */
  String next() {
    return routers.next();
  }

  /** Whom this asks, for a sentence. */
  String described() {
    return routers.described();
  }
}
