package social.starling.router;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import social.starling.common.Channels;

/**
 * The connections to one member's public port. They are kept open without calls, so that it is
 * known at any moment since when the member cannot be reached: the first speaks for all.
 * Thread-safe.
 */
final class Upstream {

  private static final long REACHABLE = Long.MIN_VALUE;

  private final String address;
  private final List<ManagedChannel> channels;
  private final ManagedChannel channel;
  private volatile long unreachableSinceNanos = REACHABLE;

  private Upstream(String address) {
    this.address = address;
    this.channels = Channels.openBesideUsers(address);
    this.channel = channels.getFirst();
  }

  static Upstream open(String address) {
    Upstream upstream = new Upstream(address);
    upstream.follow(upstream.channel.getState(true));
    upstream.channels.stream().skip(1).forEach(Upstream::keepOpen);
    return upstream;
  }

  String address() {
    return address;
  }

  /** The one for the thread that calls. */
  ManagedChannel channel() {
    return Channels.nearest(channels);
  }

  /** Whether no connection has come about for this long. */
  boolean unreachableFor(Duration time) {
    long since = unreachableSinceNanos;
    return since != REACHABLE && System.nanoTime() - since >= time.toNanos();
  }

  /** Whether there is a connection at this moment, as far as the system tells. */
  boolean connected() {
    return channel.getState(false) == ConnectivityState.READY;
  }

  /** Lets calls in flight end for a while, then cuts them. */
  void close() {
    channels.forEach(ManagedChannel::shutdown);
  }

  void closeNow() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  private static void keepOpen(ManagedChannel channel) {
    ConnectivityState state = channel.getState(true);
    if (state != ConnectivityState.SHUTDOWN) {
      channel.notifyWhenStateChanged(state, () -> keepOpen(channel));
    }
  }

  private void follow(ConnectivityState state) {
    switch (state) {
      case READY -> unreachableSinceNanos = REACHABLE;
      case TRANSIENT_FAILURE -> {
        if (unreachableSinceNanos == REACHABLE) {
          unreachableSinceNanos = System.nanoTime();
        }
      }
      case IDLE -> channel.getState(true);
      case CONNECTING -> {}
      case SHUTDOWN -> {
        return;
      }
    }
    channel.notifyWhenStateChanged(state, () -> follow(channel.getState(true)));
  }
}
