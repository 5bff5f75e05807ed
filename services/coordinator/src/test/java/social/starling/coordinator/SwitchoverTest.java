package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static social.starling.coordinator.FakeMember.hello;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.Expand;
import social.starling.proto.coordinator.v1.Handover;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.SwitchoverRequest;
import social.starling.proto.coordinator.v1.SwitchoverResponse;
import social.starling.proto.replication.v1.HandoverRequest;
import social.starling.proto.replication.v1.HandoverResponse;
import social.starling.proto.replication.v1.MemberAdminGrpc.MemberAdminImplBase;

class SwitchoverTest {

  @TempDir Path directory;
  private CoordinatorFixture fixture;
  private GrpcServer server;
  private volatile Supplier<HandoverResponse> master;

  @BeforeEach
  void start() {
    fixture = new CoordinatorFixture(directory.resolve("state"));
    fixture.record("alpha");
    server =
        GrpcServers.internalServer(
            "127.0.0.1",
            0,
            CoordinatorFixture.CREDENTIAL,
            new MemberAdminImplBase() {
              @Override
              public void handover(
                  HandoverRequest request, StreamObserver<HandoverResponse> caller) {
                caller.onNext(master.get());
                caller.onCompleted();
              }
            });
  }

  @AfterEach
  void stop() throws InterruptedException {
    fixture.close();
    server.stop(Duration.ofMillis(100));
  }

  @Test
  void shouldAskTheMasterAndAnswerWhenTheOtherIsNamed() {
    openBoth();
    master =
        () -> {
          fixture.coordination().reconfigure(handover());
          return HandoverResponse.newBuilder().setDone(true).build();
        };

    SwitchoverResponse response = switchOver();

    assertThat(response.getConfiguration().getMaster()).isEqualTo("alpha-2");
    assertThat(response.getConfiguration().getReleased()).isTrue();
    assertThat(response.getConfiguration().getEpoch()).isEqualTo(3);
    assertThat(response.getMillis()).isBetween(0L, 10_000L);
  }

  @Test
  void shouldSayWhyTheMasterDoesNotHandOver() {
    openBoth();
    master = () -> HandoverResponse.newBuilder().setMessage("its storage hangs").build();
    assertThatThrownBy(this::switchOver)
        .hasMessageContaining("its storage hangs")
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.FAILED_PRECONDITION));
  }

  @Test
  void shouldSayThatNobodyElseIsInSync() {
    member("alpha-1", "v1").awaitEpoch(1);
    assertThatThrownBy(this::switchOver)
        .hasMessageContaining("no other member is in sync")
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.FAILED_PRECONDITION));
  }

  @Test
  void shouldSayThatTheMasterCannotBeAsked() throws InterruptedException {
    openBoth();
    server.stop(Duration.ofMillis(100));
    assertThatThrownBy(this::switchOver)
        .hasMessageContaining("could not be asked")
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.UNAVAILABLE));
  }

  @Test
  void shouldSayThatTheClusterIsNotRecorded() {
    assertThatThrownBy(() ->
            fixture.admin().switchover(SwitchoverRequest.newBuilder().setCluster("omega").build()))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.NOT_FOUND));
  }

  private void openBoth() {
    FakeMember one = member("alpha-1", "v1").awaitEpoch(1);
    member("alpha-2", "v2").awaitEpoch(1);
    fixture
        .coordination()
        .reconfigure(
            request()
                .setEpoch(1)
                .setExpand(Expand.newBuilder().setPeer("alpha-2").setPeerVolume("v2"))
                .build());
    one.awaitEpoch(2);
  }

  private FakeMember member(String name, String volume) {
    Hello.Builder hello = hello(name, "i-" + name, volume);
    return fixture.member(hello.setInternalAddress("127.0.0.1:" + server.port()));
  }

  private SwitchoverResponse switchOver() {
    return fixture.admin().switchover(SwitchoverRequest.newBuilder().setCluster("alpha").build());
  }

  private static ReconfigureRequest handover() {
    return request()
        .setEpoch(2)
        .setHandover(Handover.newBuilder().setPeer("alpha-2").setPeerInstance("i-alpha-2"))
        .build();
  }

  private static ReconfigureRequest.Builder request() {
    return ReconfigureRequest.newBuilder()
        .setCluster("alpha")
        .setMember("alpha-1")
        .setVolume("v1")
        .setInstance("i-alpha-1");
  }

  private static Status.Code code(Throwable error) {
    return ((StatusRuntimeException) error).getStatus().getCode();
  }
}
