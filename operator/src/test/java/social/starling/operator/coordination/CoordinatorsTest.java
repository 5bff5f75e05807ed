package social.starling.operator.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.operator.plan.Coordination;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.MemberReport;

@Timeout(60)
class CoordinatorsTest {

  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir private Path directory;
  private final Queue<String> news = new ConcurrentLinkedQueue<>();
  private Credential credential;
  private FakeCoordinator one;
  private FakeCoordinator two;
  private Coordinators coordinators;

  @BeforeEach
  void start() throws IOException {
    Path file = directory.resolve("credential");
    Files.writeString(file, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    credential = Credential.read(file);
    one = new FakeCoordinator(credential);
    two = new FakeCoordinator(credential);
    coordinators = new Coordinators(List.of(one.address(), two.address()), credential);
    coordinators.start(news::add);
    await().atMost(SOON).until(coordinators::heard);
  }

  @AfterEach
  void end() {
    coordinators.close();
    one.close();
    two.close();
  }

  private static ClusterStatus at(long epoch, Hearing first, Hearing second) {
    return ClusterStatus.newBuilder()
        .setName("alpha")
        .setMembersVersion(1)
        .setConfiguration(Configuration.newBuilder().setEpoch(epoch))
        .addMembers(MemberReport.newBuilder().setName("alpha-1").setHearing(first))
        .addMembers(MemberReport.newBuilder().setName("alpha-2").setHearing(second))
        .build();
  }

  @Test
  void whatOneKnowsAndWhomOneHearsIsEnough() {
    one.say(at(4, Hearing.HEARD, Hearing.LOST));
    two.say(at(5, Hearing.SUSPECTED, Hearing.HEARD));

    Coordination said = coordinators.coordination("alpha", Coordinators.STATUS);

    assertThat(said).isEqualTo(new Coordination.Recorded(at(5, Hearing.HEARD, Hearing.HEARD)));
  }

  @Test
  void theNewestMembersCount() {
    one.say(at(5, Hearing.HEARD, Hearing.HEARD));
    ClusterStatus replaced =
        at(5, Hearing.HEARD, Hearing.HEARD).toBuilder()
            .setMembersVersion(2)
            .setMembers(1, MemberReport.newBuilder().setName("alpha-3"))
            .build();
    two.say(replaced);

    assertThat(coordinators.coordination("alpha", Coordinators.STATUS))
        .isEqualTo(new Coordination.Recorded(replaced));
  }

  @Test
  void aClusterThatNobodyKnowsIsUnrecorded() {
    assertThat(coordinators.coordination("alpha", Coordinators.STATUS))
        .isEqualTo(new Coordination.Unrecorded());
  }

  @Test
  void thoseWhoDoNotAnswerAreSilent() {
    one.close();
    two.close();

    assertThat(coordinators.coordination("alpha", Coordinators.STATUS))
        .isEqualTo(new Coordination.Silent());
    assertThatThrownBy(() -> coordinators.record("alpha", List.of("alpha-1", "alpha-2"), 0))
        .isInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void everyCoordinatorHearsOfADeath() {
    coordinators.reportDead("alpha", "alpha-1", "uid");

    await().atMost(SOON).until(() -> one.asked().contains("dead alpha-1 uid"));
    await().atMost(SOON).until(() -> two.asked().contains("dead alpha-1 uid"));
  }

  @Test
  void anotherCoordinatorRecordsWhenOneIsAway() {
    one.close();

    coordinators.record("alpha", List.of("alpha-1", "alpha-2"), 0);

    assertThat(two.asked()).containsExactly("record alpha [alpha-1, alpha-2] after 0");
  }

  @Test
  void aRefusalIsNotTakenToAnotherCoordinator() {
    one.refuse(Status.FAILED_PRECONDITION);
    two.refuse(Status.FAILED_PRECONDITION);

    assertThatThrownBy(() -> coordinators.forget("alpha"))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION));
    assertThat(one.asked().size() + two.asked().size()).isEqualTo(1);
  }

  @Test
  void forgettingWhatNobodyKnowsIsDone() {
    coordinators.forget("alpha");

    assertThat(one.asked().size() + two.asked().size()).isEqualTo(1);
  }

  @Test
  void aChangeOfTheMapIsNews() {
    one.say(at(4, Hearing.HEARD, Hearing.HEARD));
    await().atMost(SOON).until(() -> news.contains("alpha"));
    news.clear();

    one.say(at(4, Hearing.LOST, Hearing.HEARD));
    one.say(at(5, Hearing.HEARD, Hearing.HEARD));

    await().atMost(SOON).until(() -> news.contains("alpha"));
  }

  @Test
  void nobodyIsHeardWhereNobodyIs() {
    try (Coordinators nobody = new Coordinators(List.of(new Address("127.0.0.1", 1)), credential)) {
      nobody.start(news::add);

      assertThat(nobody.heard()).isFalse();
      assertThat(nobody.coordination("alpha", Coordinators.STATUS))
          .isEqualTo(new Coordination.Silent());
    }
  }
}
