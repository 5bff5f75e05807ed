package social.starling.common;

import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The threads of the network that serve users, apart from those between Starling's own processes: a
 * flood of users' calls, some of which these threads answer themselves, must not hold up a
 * heartbeat. They live as long as the process.
 */
final class UserLoops {

  private static final Class<? extends ServerChannel> LISTENING =
      Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;

  private static final Class<? extends Channel> CONNECTED =
      Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;

  /** Their threads are started one by one, as connections come. */
  private static final EventLoopGroup GROUP =
      new MultiThreadIoEventLoopGroup(
          Math.max(2, Runtime.getRuntime().availableProcessors()),
          new DefaultThreadFactory("users", true),
          Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

  private static final List<EventLoop> LOOPS = loops();

  private UserLoops() {}

  private static List<EventLoop> loops() {
    List<EventLoop> loops = new ArrayList<>();
    GROUP.forEach(executor -> loops.add((EventLoop) executor));
    return List.copyOf(loops);
  }

  /** How many there are. */
  static int count() {
    return LOOPS.size();
  }

  /** Number of the one whose thread calls; of any one when another calls. */
  static int current() {
    for (int i = 0; i < LOOPS.size(); i++) {
      if (LOOPS.get(i).inEventLoop()) {
        return i;
      }
    }
    return ThreadLocalRandom.current().nextInt(LOOPS.size());
  }

  static void serve(NettyServerBuilder builder) {
    builder.channelType(LISTENING).bossEventLoopGroup(GROUP).workerEventLoopGroup(GROUP);
  }

  /** Has a channel's connection served by one of them. */
  static void connect(NettyChannelBuilder builder, int loop) {
    builder.channelType(CONNECTED).eventLoopGroup(LOOPS.get(loop));
  }
}
