package social.starling.common;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Starts the two kinds of gRPC server. Both have health, reflection, a virtual thread for each call
 * unless it is said otherwise, and faults answered as statuses: what a handler throws, a message
 * that is too large (RESOURCE_EXHAUSTED) and one that cannot be read (INVALID_ARGUMENT).
 */
public final class GrpcServers {

  /**
   * Of one connection. A router has a few to each member, for all of its users: what is beyond
   * waits unseen in its connection, so this is more than a router takes on and a server has
   * streams.
   */
  private static final int MAX_CALLS_PER_CONNECTION = 32_768;

  private static final int MAX_METADATA_BYTES = 8 * 1024;

  static {
    BufferLeaks.ignore();
  }

  private GrpcServers() {}

  /**
   * Starts a server for users: identity is established, messages may have 64 KiB.
   *
   * @param port 0 takes any free one
   * @throws StartException when the port cannot be used
   */
  public static GrpcServer publicServer(String host, int port, BindableService... services) {
    return publicServer(host, port, method -> false, List.of(), services);
  }

  /**
   * As above.
   *
   * @param neverBlocks methods whose handlers are called by the threads of the network, with
   *     nothing in between: they must never block, or other calls stand still
   * @param interceptors see each call of the services given from outside, with the status that it
   *     ends with; the first is the outermost
   */
  public static GrpcServer publicServer(
      String host,
      int port,
      Predicate<MethodDescriptor<?, ?>> neverBlocks,
      List<ServerInterceptor> interceptors,
      BindableService... services) {
    return start(
        host,
        port,
        "--public-port",
        Limits.MAX_MESSAGE_BYTES,
        neverBlocks,
        null,
        interceptors,
        services);
  }

  /**
   * Starts a server for other processes: each call but a health check needs the credential,
   * messages may have 16 MiB.
   *
   * @param port 0 takes any free one
   * @throws StartException when the port cannot be used
   */
  public static GrpcServer internalServer(
      String host, int port, Credential credential, BindableService... services) {
    return internalServer(host, port, credential, List.of(), services);
  }

  /** As above, with interceptors as for the public server. */
  public static GrpcServer internalServer(
      String host,
      int port,
      Credential credential,
      List<ServerInterceptor> interceptors,
      BindableService... services) {
    return internalServer(host, port, credential, method -> false, interceptors, services);
  }

  /** As above, with methods that never block as for the public server. */
  public static GrpcServer internalServer(
      String host,
      int port,
      Credential credential,
      Predicate<MethodDescriptor<?, ?>> neverBlocks,
      List<ServerInterceptor> interceptors,
      BindableService... services) {
    return start(
        host,
        port,
        "--internal-port",
        Limits.MAX_INTERNAL_MESSAGE_BYTES,
        neverBlocks,
        credential.serverInterceptor(),
        interceptors,
        services);
  }

  private static ServerCallExecutorSupplier executors(
      Predicate<MethodDescriptor<?, ?>> neverBlocks) {
    Executor virtualThreads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("grpc-", 0).factory());
    return new ServerCallExecutorSupplier() {
      @Override
      public <Q, A> Executor getExecutor(ServerCall<Q, A> call, Metadata metadata) {
        return neverBlocks.test(call.getMethodDescriptor()) ? Runnable::run : virtualThreads;
      }
    };
  }

  private static GrpcServer start(
      String host,
      int port,
      String flag,
      int maxMessage,
      Predicate<MethodDescriptor<?, ?>> neverBlocks,
      ServerInterceptor gate,
      List<ServerInterceptor> interceptors,
      BindableService... services) {
    if (port < 0 || port > 65535) {
      throw Ports.cannotListen(host, port, flag, null);
    }
    HealthStatusManager health = new HealthStatusManager();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
            // Serializes the events of a call itself; only finding the method is left to this one.
            .executor(Runnable::run)
            .callExecutor(executors(neverBlocks))
            .maxInboundMessageSize(maxMessage)
            .maxInboundMetadataSize(MAX_METADATA_BYTES)
            .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
            .permitKeepAliveTime(5, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            // Notices clients that vanished, whose streams would stay open for ever.
            .keepAliveTime(20, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS);
    List<ServerInterceptor> outermostFirst = new ArrayList<>(interceptors);
    outermostFirst.add(new Faults());
    if (gate == null) {
      outermostFirst.add(Identity.interceptor());
    }
    List<String> names = new ArrayList<>();
    for (BindableService service : services) {
      ServerServiceDefinition definition = ReadableMessages.of(service.bindService());
      names.add(definition.getServiceDescriptor().getName());
      builder.addService(ServerInterceptors.intercept(definition, outermostFirst.reversed()));
    }
    builder.addService(health.getHealthService());
    builder.addService(ProtoReflectionServiceV1.newInstance());
    if (gate == null) {
      UserLoops.serve(builder);
    } else {
      builder.intercept(gate);
    }
    try {
      return new GrpcServer(builder.build().start(), health, List.copyOf(names));
    } catch (IOException | RuntimeException e) {
      throw Ports.cannotListen(host, port, flag, e);
    }
  }
}
