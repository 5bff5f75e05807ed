package social.starling.common;

import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Opens channels tuned for loopback and LAN: they find a restarted process within 200 ms. */
public final class Channels {

  private static final int CONNECT_TIMEOUT_MILLIS = 1000;
  private static final Duration FIRST_RECONNECT = Duration.ofMillis(10);
  private static final Duration MAX_RECONNECT = Duration.ofMillis(200);

  private Channels() {}

  /**
   * Opens a channel; it connects at the first call. The caller shuts it down.
   *
   * @param address {@code host:port}
   * @throws IllegalArgumentException with a sentence when the address has another form
   */
  public static ManagedChannel open(String address, ClientInterceptor... interceptors) {
    return open(Addresses.parse(address), interceptors);
  }

  /** As above. */
  public static ManagedChannel open(Address address, ClientInterceptor... interceptors) {
    return open(
        address,
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("channel-", 0).factory()),
        interceptors);
  }

  /**
   * Opens a channel whose listeners are called by the threads of the network, with nothing in
   * between: they must never block, or other calls stand still. Calls that block their own thread
   * are fine.
   *
   * @param address {@code host:port}
   */
  public static ManagedChannel openUnbuffered(String address, ClientInterceptor... interceptors) {
    return open(Addresses.parse(address), Runnable::run, interceptors);
  }

  private static ManagedChannel open(
      Address address, Executor executor, ClientInterceptor... interceptors) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(address.host(), address.port())
            .usePlaintext()
            .executor(executor)
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .maxInboundMessageSize(Limits.MAX_INTERNAL_MESSAGE_BYTES)
            .keepAliveTime(10, TimeUnit.SECONDS)
            .keepAliveTimeout(3, TimeUnit.SECONDS)
            .keepAliveWithoutCalls(true)
            // Repeating a call is decided by those who know what it does.
            .disableRetry()
            .proxyDetector(target -> null)
            .intercept(interceptors)
            .build();
    watch(channel, ConnectivityState.IDLE);
    return channel;
  }

  // gRPC waits 1 s and more between attempts and offers no setting: its waits are cut short here.
  private static void watch(ManagedChannel channel, ConnectivityState last) {
    channel.notifyWhenStateChanged(
        last,
        () -> {
          ConnectivityState now = channel.getState(false);
          if (now == ConnectivityState.SHUTDOWN) {
            return;
          }
          if (now == ConnectivityState.TRANSIENT_FAILURE) {
            Thread.ofVirtual().name("reconnect").start(() -> reconnect(channel));
          } else {
            watch(channel, now);
          }
        });
  }

  private static void reconnect(ManagedChannel channel) {
    Backoff backoff = new Backoff(FIRST_RECONNECT, MAX_RECONNECT, ThreadLocalRandom.current());
    try {
      while (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
        Thread.sleep(backoff.next());
        channel.resetConnectBackoff();
      }
      watch(channel, ConnectivityState.TRANSIENT_FAILURE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
