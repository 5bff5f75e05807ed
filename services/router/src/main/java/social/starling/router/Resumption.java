package social.starling.router;

import io.grpc.Channel;
import io.grpc.CallOptions;
import io.grpc.stub.BlockingClientCall;
import java.util.List;
import java.util.Optional;

/**
 * What a relay must know of a kind of stream to go on with it at another member. Used by one
 * thread.
 */
interface Resumption<A> {

  /** Opens the stream at a member: from the beginning, or from where it was broken off. */
  BlockingClientCall<?, A> open(Channel channel, CallOptions options);

  /** What the client gets when a member sent this: nothing, this, or more. */
  List<A> received(A event);

  /** What tells the client that the stream is alive; empty when nothing could. */
  Optional<A> heartbeat();

  /** Whether a member that says nothing for long must be taken for gone. */
  boolean speaksWhenIdle();
}
