package social.starling.common;

import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;

/**
 * The threads of the network that serve users, apart from those between Starling's own processes: a
 * flood of users' calls, some of which these threads answer themselves, must not hold up a
 * heartbeat. They live as long as the process.
 */
final class UserLoops {

  private static final Class<? extends ServerChannel> CHANNEL =
      Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;

  /** Started one by one, as connections come. */
  private static final EventLoopGroup GROUP =
      new MultiThreadIoEventLoopGroup(
          Math.max(2, Runtime.getRuntime().availableProcessors()),
          new DefaultThreadFactory("users", true),
          Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

  private UserLoops() {}

  static void serve(NettyServerBuilder builder) {
    builder.channelType(CHANNEL).bossEventLoopGroup(GROUP).workerEventLoopGroup(GROUP);
  }
}
