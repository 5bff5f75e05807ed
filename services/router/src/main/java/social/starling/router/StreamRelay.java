package social.starling.router;

import io.grpc.StatusRuntimeException;

/** One client's stream. Both are called by the thread that it runs on. */
interface StreamRelay {

  /**
   * Passes events on until the client goes.
   *
   * @throws StatusRuntimeException with what the client should be told
   * @throws InterruptedException when the router stops
   */
  void relay() throws InterruptedException;

  /** Ends the client's stream. */
  void end(StatusRuntimeException error);
}
