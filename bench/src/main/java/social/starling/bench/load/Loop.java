package social.starling.bench.load;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.IoHandlerFactory;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import social.starling.common.Address;
import social.starling.common.Addresses;

/**
 * One thread with all connections: answers arrive on it, and what they cause is sent from it, so
 * that a call costs no hand-over between threads. Everything of a running load is owned by this
 * thread; {@link #call} brings work there.
 */
final class Loop implements AutoCloseable {

  private static final Duration RECONNECT = Duration.ofMillis(20);

  private final EventLoopGroup group;
  private final EventLoop thread;
  private final Class<? extends Channel> socket;
  private final int connections;
  private final Map<String, List<ManagedChannel>> channels = new HashMap<>();
  private int turn;

  /**
   * @param connections to each address, 1 or more
   */
  Loop(int connections) {
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory handler = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.socket = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    this.group =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("load", true), handler);
    this.thread = group.next();
    this.connections = connections;
  }

  /** Runs something on the thread and waits for what it returns. */
  <T> T call(Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, thread).join();
  }

  /** Runs something on the thread: now, when that is where it is called. */
  void enter(Runnable work) {
    if (thread.inEventLoop()) {
      work.run();
    } else {
      thread.execute(work);
    }
  }

  void after(long nanos, Runnable work) {
    thread.schedule(work, nanos, TimeUnit.NANOSECONDS);
  }

  /** A connection to an address: one after the other. On the thread only. */
  ManagedChannel channel(String address) {
    List<ManagedChannel> open = channels.computeIfAbsent(address, this::open);
    turn = turn + 1 < connections ? turn + 1 : 0;
    return open.get(turn);
  }

  private List<ManagedChannel> open(String address) {
    List<ManagedChannel> open = new ArrayList<>();
    Address target = Addresses.parse(address);
    for (int i = 0; i < connections; i++) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(target.host(), target.port())
              .usePlaintext()
              .eventLoopGroup(group)
              .channelType(socket)
              .directExecutor()
              .disableRetry()
              .proxyDetector(ignored -> null)
              .build();
      watch(channel);
      open.add(channel);
    }
    return open;
  }

  // gRPC's own waits between attempts to connect are a second and more.
  private void watch(ManagedChannel channel) {
    ConnectivityState state = channel.getState(false);
    if (state == ConnectivityState.SHUTDOWN) {
      return;
    }
    if (state == ConnectivityState.TRANSIENT_FAILURE) {
      after(
          RECONNECT.toNanos(),
          () -> {
            channel.resetConnectBackoff();
            channel.notifyWhenStateChanged(state, () -> watch(channel));
          });
    } else {
      channel.notifyWhenStateChanged(state, () -> watch(channel));
    }
  }

  @Override
  public void close() {
    call(() -> {
      channels.values().forEach(open -> open.forEach(ManagedChannel::shutdownNow));
      return channels.size();
    });
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
