package social.starling.common;

import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A listening gRPC server with its health. Made by {@link GrpcServers}. Thread-safe. */
public final class GrpcServer implements AutoCloseable {

  private final Server server;
  private final HealthStatusManager health;
  private final List<String> services;
  private final AtomicBoolean left = new AtomicBoolean();

  GrpcServer(Server server, HealthStatusManager health, List<String> services) {
    this.server = server;
    this.health = health;
    this.services = services;
    ready(false);
  }

  /** The port that it listens on, 1 to 65535. */
  public int port() {
    return server.getPort();
  }

  /** Sets what {@code grpc.health.v1} answers for the whole and for each service. */
  public void ready(boolean ready) {
    ServingStatus status = ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    services.forEach(service -> health.setStatus(service, status));
  }

  /** Says for good that it is not serving; calls still are. */
  public void leave() {
    if (left.compareAndSet(false, true)) {
      health.enterTerminalState();
    }
  }

  /**
   * Takes no new calls, lets those in flight end within the grace, and cuts the rest.
   *
   * @throws InterruptedException when interrupted; what is left is cut
   */
  public void stop(Duration grace) throws InterruptedException {
    leave();
    server.shutdown();
    try {
      if (!server.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
        server.awaitTermination(200, TimeUnit.MILLISECONDS);
      }
    } finally {
      server.shutdownNow();
    }
  }

  /** Cuts everything at once. */
  @Override
  public void close() {
    leave();
    server.shutdownNow();
  }
}
