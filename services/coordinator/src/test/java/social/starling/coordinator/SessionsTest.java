package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import social.starling.common.Timing;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Members;

/** Sessions in virtual time, with streams that only remember. */
class SessionsTest {

  private long now = 1;
  private final AtomicInteger addresses = new AtomicInteger();
  private final Sessions sessions =
      new Sessions(Timing.DEFAULT, () -> now, addresses::incrementAndGet);
  private RecordedCluster cluster = at(1);

  /** A member's session: what was sent to it. */
  private final class Member {
    final TestStream<CoordinatorMessage> stream = new TestStream<>();
    final Sessions.Session session = sessions.greet(new Outbox<>(stream, 128));

    Member open(String member, String instance) {
      sessions.open(
          session, FakeMember.hello(member, instance, "v").build(), name -> Optional.of(cluster));
      return this;
    }

    List<CoordinatorMessage.MessageCase> kinds() {
      return stream.sent.stream().map(CoordinatorMessage::getMessageCase).toList();
    }

    List<Long> epochs() {
      return stream.sent.stream()
          .filter(CoordinatorMessage::hasConfiguration)
          .map(m -> m.getConfiguration().getEpoch())
          .toList();
    }

    long heartbeats() {
      return stream.sent.stream().filter(CoordinatorMessage::hasHeartbeat).count();
    }
  }

  @BeforeEach
  void record() {
    sessions.changed(cluster);
  }

  @Test
  void shouldTellANewSessionEverythingInOrder() {
    new Member().open("alpha-1", "i1");
    sessions.reportDead(new MemberKey("alpha", "alpha-1"), "i0");
    Member two = new Member().open("alpha-2", "i2");
    assertThat(two.kinds())
        .containsExactly(
            CoordinatorMessage.MessageCase.CONFIGURATION,
            CoordinatorMessage.MessageCase.MEMBERS,
            CoordinatorMessage.MessageCase.SUSPICION,
            CoordinatorMessage.MessageCase.DEAD);
    assertThat(addresses).hasValue(2);
  }

  @Test
  void shouldNeverSendAnOlderConfigurationAfterANewerOne() {
    Member one = new Member().open("alpha-1", "i1");
    cluster = at(3);
    sessions.changed(cluster);
    sessions.changed(at(2));
    sessions.changed(at(3));
    assertThat(one.epochs()).containsExactly(1L, 3L);
  }

  @Test
  void shouldTellWhoStaysOfANewMemberAndEndTheFormerOnesSession() {
    Member one = new Member().open("alpha-1", "i1");
    Member two = new Member().open("alpha-2", "i2");

    cluster = cluster.with(List.of("alpha-1", "alpha-3"));
    sessions.changed(cluster);

    Members told = one.stream.sent.getLast().getMembers();
    assertThat(told.getMembersList())
        .extracting(social.starling.proto.coordinator.v1.Member::getName)
        .containsExactly("alpha-1", "alpha-3");
    assertThat(told.getMembersVersion()).isEqualTo(2);
    assertThat(two.stream.code()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(sessions.presence(new MemberKey("alpha", "alpha-2"))).isEmpty();
    assertThatThrownBy(() -> new Member().open("alpha-2", "i2b"))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.UNKNOWN));
    new Member().open("alpha-3", "i3");
    assertThat(sessions.hearing(new MemberKey("alpha", "alpha-3"))).isEqualTo(Hearing.HEARD);
  }

  @Test
  void shouldSendAHeartbeatEachIntervalAndSayWhenToCallAgain() {
    Member one = new Member().open("alpha-1", "i1");
    for (int millis = 0; millis < 1000; millis += 10) {
      pass(10);
      sessions.heard(one.session, MemberStatus.getDefaultInstance());
      assertThat(sessions.tick()).isBetween(0L, Duration.ofMillis(100).toNanos());
    }
    assertThat(one.heartbeats()).isEqualTo(10);
  }

  @Test
  void shouldCutASessionThatDoesNotSayWhoItIs() {
    Member silent = new Member();
    pass(4900);
    sessions.tick();
    assertThat(silent.stream.code()).isEqualTo(Status.Code.OK);
    pass(200);
    sessions.tick();
    assertThat(silent.stream.code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    silent.open("alpha-1", "late");
    assertThat(silent.stream.sent).isEmpty();
    assertThat(sessions.count()).isZero();
  }

  @Test
  void shouldRefuseMoreNamelessSessionsThanItsBound() {
    for (int i = 0; i < 1024; i++) {
      assertThat(new Member().stream.code()).isEqualTo(Status.Code.OK);
    }
    assertThatThrownBy(Member::new)
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.EXHAUSTED));
  }

  @Test
  void shouldNotTakeTheEndOfAReplacedSessionForTheMembersEnd() {
    Member two = new Member().open("alpha-2", "i2");
    Member old = new Member().open("alpha-1", "i1");
    new Member().open("alpha-1", "i1b");
    sessions.ended(old.session);
    sessions.heard(old.session, MemberStatus.newBuilder().setUsers(9).build());
    assertThat(sessions.hearing(new MemberKey("alpha", "alpha-1"))).isEqualTo(Hearing.HEARD);
    assertThat(sessions.presence(new MemberKey("alpha", "alpha-1")).get().status()).isEmpty();
    assertThat(old.stream.code()).isEqualTo(Status.Code.ABORTED);
    assertThat(two.stream.sent)
        .filteredOn(CoordinatorMessage::hasSuspicion)
        .extracting(message -> message.getSuspicion().getInstance())
        .containsExactly("i1", "i1b");
  }

  @Test
  void shouldSuspectAtOnceWhoseSessionEndsAndNameItsProcess() {
    Member two = new Member().open("alpha-2", "i2");
    Member one = new Member().open("alpha-1", "i1");
    sessions.ended(one.session);
    sessions.ended(one.session);
    assertThat(two.stream.sent.getLast().getSuspicion().getHearing()).isEqualTo(Hearing.SUSPECTED);
    assertThat(two.stream.sent.getLast().getSuspicion().getInstance()).isEqualTo("i1");
  }

  @Test
  void shouldOpenNothingWhenTheClusterWasForgottenMeanwhile() {
    Member one = new Member();
    assertThatThrownBy(() ->
            sessions.open(
                one.session,
                FakeMember.hello("alpha-1", "i1", "v").build(),
                name -> Optional.empty()))
        .isInstanceOf(Refusal.class);
    assertThat(sessions.count()).isZero();
  }

  @Test
  void shouldTellThatAClusterIsDownWhenBothMembersAreDeadOrLost() {
    Member one = new Member().open("alpha-1", "i1");
    Member two = new Member().open("alpha-2", "i2");
    int before = addresses.get();
    sessions.reportDead(new MemberKey("alpha", "alpha-1"), "i1");
    assertThat(sessions.isDown("alpha")).isFalse();
    sessions.ended(two.session);
    assertThat(sessions.isDown("alpha")).isFalse();
    sessions.reportDead(new MemberKey("alpha", "alpha-2"), "i2");
    assertThat(sessions.isDown("alpha")).isTrue();
    assertThat(addresses).hasValue(before + 1);

    new Member().open("alpha-2", "i3");
    assertThat(sessions.isDown("alpha")).isFalse();
    sessions.ended(one.session);
    tickOften();
    assertThat(sessions.isDown("alpha")).isTrue();
  }

  @Test
  void shouldTellThatAClusterIsDownWhenNobodyInSyncIsHeardForLong() {
    cluster = at(2, "alpha-1");
    sessions.changed(cluster);
    Member one = new Member().open("alpha-1", "i1");
    Member two = new Member().open("alpha-2", "i2");
    sessions.reportDead(new MemberKey("alpha", "alpha-1"), "i1");
    assertThat(sessions.isDown("alpha")).isFalse();
    for (int i = 0; i < 31; i++) {
      pass(100);
      sessions.heard(two.session, MemberStatus.getDefaultInstance());
      sessions.tick();
    }
    assertThat(sessions.isDown("alpha")).isTrue();
    assertThat(one.stream.error).isNotNull();
    new Member().open("alpha-1", "i1b");
    assertThat(sessions.isDown("alpha")).isFalse();
  }

  @Test
  void shouldNotTellThatAClusterIsDownBeforeItHadTimeToBeHeard() {
    sessions.tick();
    assertThat(sessions.isDown("alpha")).isFalse();
    tickOften();
    assertThat(sessions.isDown("alpha")).isTrue();
    sessions.forgotten(cluster);
    assertThat(sessions.isDown("alpha")).isFalse();
  }

  /** Three and a half seconds, without this coordinator standing still. */
  private void tickOften() {
    for (int i = 0; i < 35; i++) {
      pass(100);
      sessions.tick();
    }
  }

  private void pass(int millis) {
    now += Duration.ofMillis(millis).toNanos();
  }

  private static RecordedCluster at(long epoch, String inSync) {
    RecordedCluster plain = at(epoch);
    return plain.with(
        plain.configuration().toBuilder()
            .addInSync(InSyncMember.newBuilder().setMember(inSync).setVolume("v"))
            .build());
  }

  private static RecordedCluster at(long epoch) {
    return new RecordedCluster(
        epoch + 1,
        "alpha",
        0,
        List.of("alpha-1", "alpha-2"),
        1,
        Configuration.newBuilder()
            .setCluster("alpha")
            .setEpoch(epoch)
            .setMaster(epoch == 0 ? "" : "alpha-1")
            .build());
  }
}
