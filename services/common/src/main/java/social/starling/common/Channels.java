package social.starling.common;

import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Opens channels tuned for loopback and LAN: they find a restarted process within 200 ms. */
public final class Channels {

  private static final int CONNECT_TIMEOUT_MILLIS = 1000;
  private static final Duration FIRST_RECONNECT = Duration.ofMillis(10);
  private static final Duration MAX_RECONNECT = Duration.ofMillis(200);

  /** Each is a connection to each member. */
  private static final int MAX_BESIDE_USERS = 4;

  static {
    BufferLeaks.ignore();
  }

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
   * Opens channels for who passes on users' calls: {@link #nearest} is the one whose connection is
   * served by the thread that serves the user's, so that a call goes from one to the other without
   * waking anybody. Listeners are called by these threads, with nothing in between: they must never
   * block, or other calls stand still. Calls that block their own thread are fine.
   *
   * @param address {@code host:port}
   * @return one or more
   */
  public static List<ManagedChannel> openBesideUsers(String address) {
    Address parsed = Addresses.parse(address);
    return IntStream.range(0, Math.min(MAX_BESIDE_USERS, UserLoops.count()))
        .mapToObj(loop -> {
          NettyChannelBuilder builder = builder(parsed, Runnable::run);
          UserLoops.connect(builder, loop);
          return watched(builder);
        })
        .toList();
  }

  /** The channel for the thread that calls, of those that {@link #openBesideUsers} opened. */
  public static ManagedChannel nearest(List<ManagedChannel> channels) {
    return channels.get(UserLoops.current() % channels.size());
  }

  private static ManagedChannel open(
      Address address, Executor executor, ClientInterceptor... interceptors) {
    return watched(builder(address, executor).intercept(interceptors));
  }

  private static NettyChannelBuilder builder(Address address, Executor executor) {
    return NettyChannelBuilder.forAddress(address.host(), address.port())
        .usePlaintext()
        .executor(executor)
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
        .maxInboundMessageSize(Limits.MAX_INTERNAL_MESSAGE_BYTES)
        .keepAliveTime(10, TimeUnit.SECONDS)
        .keepAliveTimeout(3, TimeUnit.SECONDS)
        .keepAliveWithoutCalls(true)
        // Repeating a call is decided by those who know what it does.
        .disableRetry()
        .proxyDetector(target -> null);
  }

  private static ManagedChannel watched(NettyChannelBuilder builder) {
    ManagedChannel channel = builder.build();
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
