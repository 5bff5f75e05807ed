package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.AdminGrpc.AdminImplBase;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.CoordinationGrpc.CoordinationImplBase;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.ReportDeadResponse;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/** Deaths reach a coordinator that is away, and one that was started anew, over a real port. */
@Timeout(60)
class CoordinatorLinkTest {

  private static final Credential CREDENTIAL = Credential.of("a-credential-of-tests");

  private final int port = freePort();
  private final CoordinatorLink link = new CoordinatorLink("127.0.0.1:" + port, CREDENTIAL);
  private FakeCoordinator coordinator;

  /** One process: it knows of no death when it starts. */
  private final class FakeCoordinator {
    final List<String> deaths = new CopyOnWriteArrayList<>();
    final GrpcServer server =
        GrpcServers.internalServer(
            "127.0.0.1",
            port,
            CREDENTIAL,
            new AdminImplBase() {
              @Override
              public void reportDead(
                  ReportDeadRequest request, StreamObserver<ReportDeadResponse> caller) {
                deaths.add(request.getMember() + " " + request.getInstance());
                caller.onNext(ReportDeadResponse.getDefaultInstance());
                caller.onCompleted();
              }
            },
            new CoordinationImplBase() {
              @Override
              public void watchMap(WatchMapRequest request, StreamObserver<ClusterMap> watcher) {
                watcher.onNext(ClusterMap.getDefaultInstance());
              }
            });

    void die() throws InterruptedException {
      server.stop(Duration.ofMillis(1));
    }
  }

  @AfterEach
  void end() throws InterruptedException {
    link.close();
    if (coordinator != null) {
      coordinator.die();
    }
  }

  @Test
  void shouldReportADeathOnceACoordinatorIsThere() {
    link.reportDead("alpha", "alpha-1", "i1");
    coordinator = new FakeCoordinator();
    await().until(() -> coordinator.deaths.contains("alpha-1 i1"));
  }

  @Test
  void shouldReportTheNewestDeathOfEachMemberToACoordinatorThatWasStartedAnew() throws Exception {
    coordinator = new FakeCoordinator();
    link.reportDead("alpha", "alpha-1", "i1");
    link.reportDead("alpha", "alpha-1", "i2");
    link.reportDead("alpha", "alpha-2", "i3");
    await().until(() -> coordinator.deaths.contains("alpha-2 i3"));
    assertThat(coordinator.deaths).contains("alpha-1 i1", "alpha-1 i2");

    coordinator.die();
    coordinator = new FakeCoordinator();

    await().until(() -> coordinator.deaths.size() >= 2);
    assertThat(coordinator.deaths).containsOnly("alpha-1 i2", "alpha-2 i3");
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
