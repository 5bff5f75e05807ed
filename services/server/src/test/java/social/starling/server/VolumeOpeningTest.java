package social.starling.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

@Timeout(30)
class VolumeOpeningTest {

  @TempDir Path directory;

  private final Deque<ClusterStatus> answers = new ArrayDeque<>();
  private Credential credential;
  private GrpcServer coordinator;
  private Path volume;
  private String id;

  @BeforeEach
  void damagedVolume() throws Exception {
    Path file = directory.resolve("credential");
    Files.writeString(file, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    credential = Credential.read(file);
    coordinator =
        GrpcServers.internalServer(
            "127.0.0.1",
            0,
            credential,
            new AdminGrpc.AdminImplBase() {
              @Override
              public void getStatus(
                  GetStatusRequest request, StreamObserver<GetStatusResponse> out) {
                synchronized (answers) {
                  // The last one stays.
                  ClusterStatus next = answers.size() > 1 ? answers.poll() : answers.peek();
                  out.onNext(GetStatusResponse.newBuilder().addClusters(next).build());
                }
                out.onCompleted();
              }
            });
    volume = directory.resolve("volume");
    try (Volume whole = Volume.open(volume, Disk.local())) {
      id = whole.id();
    }
    Files.writeString(volume.resolve("state.db"), "this is not a database");
  }

  @AfterEach
  void end() {
    coordinator.close();
  }

  private Volume open() {
    return open("alpha", volume);
  }

  private Volume open(String cluster, Path at) {
    return new VolumeOpening(
            cluster,
            cluster + "-1",
            List.of(new Address("127.0.0.1", coordinator.port())),
            credential,
            Duration.ofSeconds(3))
        .open(at, Disk.local());
  }

  @Test
  void theVolumeOfAnotherClusterIsRefusedAndLeftAlone() {
    Path used = directory.resolve("used");
    try (Volume own = open("alpha", used)) {
      own.introduce("alpha", 1, "alpha-1");
    }

    assertThatThrownBy(() -> open("beta", used))
        .isInstanceOfSatisfying(StartException.class, e -> assertThat(e.exitCode()).isEqualTo(3))
        .hasMessageContaining("belongs to cluster alpha")
        .hasMessageContaining("--dir");

    try (Volume own = open("alpha", used)) {
      assertThat(own.introduction()).isPresent();
    }
  }

  private void recorded(String master, Hearing hearing, String... inSync) {
    Configuration.Builder known =
        Configuration.newBuilder().setCluster("alpha").setEpoch(7).setMaster(master);
    Arrays.stream(inSync)
        .forEach(each ->
            known.addInSync(InSyncMember.newBuilder().setMember(each).setVolume("v-" + each)));
    answers.add(
        ClusterStatus.newBuilder()
            .setName("alpha")
            .setConfiguration(known)
            .addMembers(MemberReport.newBuilder().setName(master).setHearing(hearing))
            .build());
  }

  @Test
  void aDamagedDatabaseIsGivenUpWhenTheOtherMemberServesWithoutIt() {
    recorded("alpha-2", Hearing.HEARD, "alpha-2");

    try (Volume opened = open()) {
      assertThat(opened.id()).isNotEqualTo(id);
      assertThat(opened.used()).isFalse();
    }
  }

  @Test
  void itWaitsUntilTheOtherMemberHasLeftItOut() {
    recorded("alpha-1", Hearing.SUSPECTED, "alpha-1", "alpha-2");
    recorded("alpha-2", Hearing.HEARD, "alpha-1", "alpha-2");
    recorded("alpha-2", Hearing.HEARD, "alpha-2");

    try (Volume opened = open()) {
      assertThat(opened.id()).isNotEqualTo(id);
    }
  }

  @Test
  void theOnlyCopyInSyncStaysForAPersonToDecide() {
    recorded("alpha-1", Hearing.SUSPECTED, "alpha-1");

    refusedWith("the only copy in sync");
  }

  @Test
  void itStaysWhileNobodyServes() {
    recorded("alpha-2", Hearing.LOST, "alpha-2");

    refusedWith("no other master is heard");
  }

  private void refusedWith(String words) {
    assertThatThrownBy(this::open)
        .isInstanceOfSatisfying(
            StartException.class,
            e -> {
              assertThat(e.exitCode()).isEqualTo(4);
              assertThat(e).hasMessageContaining("damaged").hasMessageContaining(words);
            });
    assertThat(volume.resolve("discard")).doesNotExist();
    assertThat(volume.resolve("volume-id")).hasContent(id);
  }
}
