package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static social.starling.coordinator.FakeMember.hello;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Dead;
import social.starling.proto.coordinator.v1.Expand;
import social.starling.proto.coordinator.v1.ForgetClusterRequest;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberMessage;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.Promote;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.RecoverRequest;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.Role;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.SlotRange;
import social.starling.proto.coordinator.v1.Suspicion;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerMessage;
import social.starling.proto.coordinator.v1.SynchronizerStatus;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/** The coordinator over real connections, with members that only talk. */
class CoordinatorTest {

  @TempDir Path directory;
  private CoordinatorFixture fixture;

  @BeforeEach
  void start() {
    fixture = new CoordinatorFixture(directory.resolve("state"));
  }

  @AfterEach
  void stop() throws InterruptedException {
    fixture.close();
  }

  @Test
  void shouldMakeTheFirstUnusedMemberMasterAndTellTheOther() {
    fixture.record("alpha");

    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);

    assertThat(two.configuration()).isEqualTo(one.configuration());
    Configuration first = two.configuration().orElseThrow();
    assertThat(first.getMaster()).isEqualTo("alpha-1");
    assertThat(first.getMasterInstance()).isEqualTo("i1");
    assertThat(first.getInSyncList())
        .containsExactly(InSyncMember.newBuilder().setMember("alpha-1").setVolume("v1").build());
    one.awaitHearing("alpha-2", Hearing.HEARD);
    two.awaitHearing("alpha-1", Hearing.HEARD);
    one.awaitThat(
        "address of the other",
        m -> m.members().get().getMembers(1).getInternalAddress().equals("127.0.0.1:22"));
    assertThat(two.members().get().getSlotsList())
        .containsExactly(SlotRange.newBuilder().setFrom(0).setTo(1024).build());
    assertThat(two.members().get().getNumber()).isZero();
  }

  @Test
  void shouldNameExactlyOneFirstMasterWhenBothOpenAtOnce() {
    for (int round = 0; round < 20; round++) {
      String cluster = "race" + round;
      fixture.record(cluster);
      List<FakeMember> both = new CopyOnWriteArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (String member : List.of(cluster + "-1", cluster + "-2")) {
        ManagedChannel channel = fixture.channel();
        channel.getState(true);
        threads.add(
            Thread.ofVirtual()
                .start(() ->
                    both.add(
                        new FakeMember(
                            channel, hello(member, "i-" + member, "v-" + member).build()))));
      }
      await().until(() -> both.size() == 2);
      both.forEach(member -> member.awaitEpoch(1));
      assertThat(both.get(0).configuration()).isEqualTo(both.get(1).configuration());
      assertThat(both.get(0).configuration().get().getInSyncCount()).isEqualTo(1);
    }
  }

  @Test
  void shouldAnswerEveryRequestWithTheCurrentConfigurationAndPushIt() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);

    ReconfigureResponse expanded = fixture.coordination().reconfigure(expand(1));
    assertThat(expanded.getExecuted()).isTrue();
    assertThat(expanded.getConfiguration().getEpoch()).isEqualTo(2);
    one.awaitEpoch(2);
    two.awaitEpoch(2);

    ReconfigureResponse promoted = fixture.coordination().reconfigure(promote(2, "alpha-2", "v2"));
    assertThat(promoted.getConfiguration().getMaster()).isEqualTo("alpha-2");
    one.awaitEpoch(3);

    ReconfigureResponse late = fixture.coordination().reconfigure(promote(2, "alpha-1", "v1"));
    assertThat(late.getExecuted()).isFalse();
    assertThat(late.getRefusal()).contains("current");
    assertThat(late.getConfiguration()).isEqualTo(promoted.getConfiguration());
  }

  @Test
  void shouldTellOfABrokenSessionAtOnceAndOfProofOfDeath() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);
    two.awaitHearing("alpha-1", Hearing.HEARD);

    one.die();
    two.awaitHearing("alpha-1", Hearing.SUSPECTED);
    assertThat(two.heardOf("alpha-1").get().getInstance()).isEqualTo("i1");

    fixture.admin().reportDead(dead("alpha-1", "i1"));
    two.awaitThat("proof", m -> !m.dead().isEmpty());
    fixture.admin().reportDead(dead("alpha-1", "i1"));
    FakeMember again = fixture.member(hello("alpha-2", "i2-again", "v2"));
    again.awaitThat("proof", m -> !m.dead().isEmpty());
    Dead report = Dead.newBuilder().setMember("alpha-1").setInstance("i1").build();
    assertThat(two.dead()).containsExactly(report);
    assertThat(again.dead()).containsExactly(report);
  }

  @Test
  void shouldEndTheSessionOfAProcessThatIsReportedDeadAndRefuseItsReturn() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);

    fixture.admin().reportDead(dead("alpha-1", "i1"));

    two.awaitHearing("alpha-1", Hearing.SUSPECTED);
    assertThat(code(one.awaitRefusal())).isEqualTo(Status.Code.FAILED_PRECONDITION);
    FakeMember ghost = fixture.member(hello("alpha-1", "i1", "v1"));
    assertThat(ghost.awaitRefusal()).hasMessageContaining("reported dead");
    fixture.member(hello("alpha-1", "i1-new", "v1")).awaitEpoch(1);
    two.awaitHearing("alpha-1", Hearing.HEARD);
    assertThat(two.heardOf("alpha-1").get().getInstance()).isEqualTo("i1-new");
  }

  @Test
  void shouldRememberTheLastSixteenDeaths() {
    fixture.record("alpha");
    for (int i = 0; i < 20; i++) {
      fixture.admin().reportDead(dead("alpha-1", "p" + i));
    }
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2"));
    two.awaitThat(
        "the newest", m -> m.dead().stream().anyMatch(d -> d.getInstance().equals("p19")));
    assertThat(two.dead()).hasSize(16).extracting(Dead::getInstance).doesNotContain("p3");
  }

  @Test
  void shouldLetTheNewerSessionOfAMemberTakeThePlaceOfTheOlder() {
    fixture.record("alpha");
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);
    FakeMember old = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember young =
        fixture.member(hello("alpha-1", "i1b", "v1").setInternalAddress("127.0.0.1:77"));
    young.awaitEpoch(1);

    assertThat(code(old.awaitRefusal())).isEqualTo(Status.Code.ABORTED);
    two.awaitThat("new process", m -> m.heardOf("alpha-1").get().getInstance().equals("i1b"));
    assertThat(two.heardOf("alpha-1").get().getHearing()).isEqualTo(Hearing.HEARD);
    two.awaitThat(
        "new address",
        m -> m.members().get().getMembers(0).getInternalAddress().equals("127.0.0.1:77"));
    assertThat(young.isOpen()).isTrue();
  }

  @Test
  void shouldSuspectASilentMemberAfterTheTimeoutAndGiveItUpAfterThreeSeconds() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);
    long silentSince = System.nanoTime();

    two.keepBeating();
    long suspected = two.awaitArrival(m -> heard(m, "alpha-1") == Hearing.SUSPECTED);
    long lost = two.awaitArrival(m -> heard(m, "alpha-1") == Hearing.LOST);

    assertThat(millis(suspected - silentSince)).isGreaterThanOrEqualTo(900);
    assertThat(millis(lost - silentSince)).isGreaterThanOrEqualTo(2900);
    assertThat(one.heardOf("alpha-2").get().getHearing()).isEqualTo(Hearing.HEARD);
    assertThat(two.messages().stream().filter(CoordinatorMessage::hasHeartbeat).count())
        .isGreaterThan(15);
  }

  @Test
  void shouldRefuseWhoIsNotRecorded() {
    FakeMember stranger = fixture.member(hello("alpha-1", "i1", "v1"));
    assertThat(code(stranger.awaitRefusal())).isEqualTo(Status.Code.NOT_FOUND);
    fixture.record("alpha");
    FakeMember third = fixture.member(hello("alpha-3", "i3", "v3"));
    assertThat(third.awaitRefusal())
        .hasMessageContaining("alpha-3")
        .hasMessageContaining("alpha-1");
    FakeMember nameless = fixture.member(hello("alpha-1", "", "v1"));
    assertThat(code(nameless.awaitRefusal())).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThatThrownBy(() -> fixture.coordination().reconfigure(promote(1, "alpha-3", "v3")))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.NOT_FOUND));
    assertThatThrownBy(() -> fixture.admin().reportDead(dead("alpha-3", "i")))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.NOT_FOUND));
    assertThatThrownBy(() -> fixture.admin().reportDead(dead("alpha-1", "")))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.INVALID_ARGUMENT));
  }

  @Test
  void shouldRefuseASessionThatDoesNotBeginWithOneHello() {
    fixture.record("alpha");
    FakeMember twice = fixture.member(hello("alpha-1", "i1", "v1"));
    twice.send(MemberMessage.newBuilder().setHello(hello("alpha-1", "i1", "v1")).build());
    assertThat(code(twice.awaitRefusal())).isEqualTo(Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void shouldNeverBeginAnewOverAUsedVolume() {
    fixture.record("alpha");
    FakeMember used = fixture.member(hello("alpha-1", "i1", "v1").setUsed(true));
    assertThat(used.awaitRefusal()).hasMessageContaining("rebuild-coordinator");
    FakeMember unused = fixture.member(hello("alpha-2", "i2", "v2"));
    assertThat(unused.awaitRefusal()).hasMessageContaining("rebuild-coordinator");
    assertThat(status().getClusters(0).getConfiguration().getEpoch()).isZero();
  }

  @Test
  void shouldDecideNothingForAClusterWhoseVolumesPromisedMoreThanIsRecorded() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2").setPromised(9).setUsed(true));

    assertThat(two.awaitRefusal()).hasMessageContaining("promised epoch 9");
    assertThat(one.awaitRefusal()).hasMessageContaining("older than the volumes");
    assertThatThrownBy(() -> fixture.coordination().reconfigure(promote(1, "alpha-1", "v1")))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.FAILED_PRECONDITION));
    fixture.record("beta");
    fixture.member(hello("beta-1", "i1", "b1")).awaitEpoch(1);
  }

  @Test
  void shouldSendTheWholeMapAtOnceAndAtEachChangeAndEachSecond() {
    List<ClusterMap> maps = new CopyOnWriteArrayList<>();
    CoordinationGrpc.newStub(fixture.channel())
        .watchMap(WatchMapRequest.getDefaultInstance(), collecting(maps));
    await().until(() -> !maps.isEmpty());
    assertThat(maps.getFirst().getClustersCount()).isZero();
    assertThat(maps.getFirst().getSlotsCount()).isZero();
    assertThat(maps.getFirst().getExpectedClusters()).isEqualTo(1);

    fixture.record("alpha");
    fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    await()
        .until(() ->
            maps.getLast().getClusters(0).getConfiguration().getEpoch() == 1
                && maps.getLast().getClusters(0).getMembers(0).getPublicAddress().length() > 0);
    assertThat(maps.getLast().getSlotsList())
        .containsExactly(SlotOwner.newBuilder().setFrom(0).setTo(1024).setCluster("alpha").build());
    assertThat(maps).extracting(ClusterMap::getVersion).isSorted();

    int seen = maps.size();
    long version = maps.getLast().getVersion();
    await().atMost(Duration.ofSeconds(4)).until(() -> maps.size() >= seen + 2);
    assertThat(maps.getLast().getVersion()).isEqualTo(version);
  }

  @Test
  void shouldRecordAClusterOnceAndNeverReuseItsNumber() {
    assertThat(fixture.record("alpha")).isZero();
    assertThat(fixture.record("alpha")).isZero();
    assertThat(fixture.record("beta")).isEqualTo(1);
    assertThatThrownBy(() ->
            fixture
                .admin()
                .recordCluster(
                    RecordClusterRequest.newBuilder()
                        .setName("alpha")
                        .addMembers("alpha-1")
                        .addMembers("alpha-9")
                        .build()))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.ALREADY_EXISTS));

    fixture.admin().forgetCluster(ForgetClusterRequest.newBuilder().setName("beta").build());
    assertThat(fixture.record("beta")).isEqualTo(2);
    assertThatThrownBy(() ->
            fixture
                .admin()
                .forgetCluster(ForgetClusterRequest.newBuilder().setName("gamma").build()))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.NOT_FOUND));
  }

  @Test
  void shouldRefuseNamesThatAreNone() {
    for (List<String> names :
        List.of(
            List.of("Alpha", "a-1", "a-2"),
            List.of("", "a-1", "a-2"),
            List.of("a", "a-1", "a-1"),
            List.of("a", "a-1"),
            List.of("a", "a-1", "a-2", "a-3"),
            List.of("a", "a 1", "a-2"),
            List.of("a".repeat(64), "a-1", "a-2"))) {
      assertThatThrownBy(() ->
              fixture
                  .admin()
                  .recordCluster(
                      RecordClusterRequest.newBuilder()
                          .setName(names.getFirst())
                          .addAllMembers(names.subList(1, names.size()))
                          .build()))
          .as(names.toString())
          .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.INVALID_ARGUMENT));
    }
  }

  @Test
  void shouldForgetAClusterOnlyWhenItsMasterSaysThatNoUserLivesThere() {
    fixture.record("alpha");
    ForgetClusterRequest forget = ForgetClusterRequest.newBuilder().setName("alpha").build();
    FakeOwner owner = new FakeOwner();
    try (FakeMemberAdmin admin = new FakeMemberAdmin(owner)) {
      Hello.Builder hello = hello("alpha-1", "i1", "v1").setInternalAddress("127.0.0.1:1");
      fixture.member(hello).awaitEpoch(1);
      assertThatThrownBy(() -> fixture.admin().forgetCluster(forget))
          .hasMessageContaining("could not be asked")
          .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.FAILED_PRECONDITION));
      FakeMember one = fixture.member(hello.setInternalAddress(admin.address())).awaitEpoch(1);
      owner.take(2, RemoteMasters.bits(ByteString.copyFrom(new byte[] {2})));
      assertThat(owner.login(1)).isTrue();
      assertThatThrownBy(() -> fixture.admin().forgetCluster(forget))
          .hasMessageContaining("users live in 1 slots")
          .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.FAILED_PRECONDITION));
      assertThat(status().getSlotsCount()).isEqualTo(1);
      one.awaitThat("slots", m -> m.members().get().getSlotsVersion() > owner.version());

      admin.serve(new FakeOwner());
      fixture.admin().forgetCluster(forget);
      assertThat(code(one.awaitRefusal())).isEqualTo(Status.Code.NOT_FOUND);
      assertThat(status().getClustersCount()).isZero();
      assertThat(status().getSlotsCount()).isZero();
    }
  }

  @Test
  void shouldGiveAClusterThatJoinsItsShareOnceItIsServed() {
    fixture.record("alpha");
    FakeOwner alpha = new FakeOwner();
    try (FakeMemberAdmin admin = new FakeMemberAdmin(alpha)) {
      FakeMember one =
          fixture
              .member(hello("alpha-1", "i1", "v1").setInternalAddress(admin.address()))
              .awaitEpoch(1);
      one.status(MemberStatus.newBuilder().setEpoch(1).setRole(Role.OPEN));
      one.awaitThat("slots", m -> m.members().get().getSlotsCount() == 1);
      alpha.take(one.members().get().getSlotsVersion(), everySlot());

      fixture.record("beta");
      FakeMember two = fixture.member(hello("beta-1", "i2", "b1")).awaitEpoch(1);
      two.awaitThat(
          "its share",
          m -> {
            one.status(MemberStatus.newBuilder().setEpoch(1).setRole(Role.OPEN));
            two.status(MemberStatus.newBuilder().setEpoch(1).setRole(Role.OPEN));
            return m.members().get().getSlotsCount() == 1;
          });
      SlotRange share = two.members().get().getSlots(0);
      assertThat(share).isEqualTo(SlotRange.newBuilder().setFrom(512).setTo(1024).build());
      assertThat(alpha.owned().length()).isEqualTo(512);
      one.awaitThat("the rest", m -> m.members().get().getSlots(0).getTo() == 512);
      assertThat(one.members().get().getSlotsVersion()).isGreaterThan(alpha.version());
      assertThat(status().getSlotsList()).hasSize(2);
    }
  }

  @Test
  void shouldTellASynchronizerTheMapAndOthersWhereItIs() {
    fixture.record("alpha");
    List<ClusterMap> maps = new CopyOnWriteArrayList<>();
    StreamObserver<SynchronizerMessage> session =
        CoordinationGrpc.newStub(fixture.channel()).synchronizerSession(collecting(maps));
    session.onNext(
        SynchronizerMessage.newBuilder()
            .setHello(
                SynchronizerHello.newBuilder()
                    .setCluster("alpha")
                    .setInstance("s1")
                    .setInternalAddress("127.0.0.1:99"))
            .build());
    await().until(() -> !maps.isEmpty());
    assertThat(maps.getLast().getClusters(0).getSynchronizer()).isEqualTo("127.0.0.1:99");
    session.onNext(
        SynchronizerMessage.newBuilder()
            .setStatus(
                SynchronizerStatus.newBuilder()
                    .addPeers(PeerProgress.newBuilder().setCluster("beta").setConnected(true)))
            .build());
    await().until(() -> status().getClusters(0).getSynchronizer().getStatus().getPeersCount() == 1);
    fixture.record("beta");
    await().until(() -> maps.getLast().getClustersCount() == 2);
    assertThat(gauge("starling_coordinator_synchronizer_heard", "cluster", "alpha")).isEqualTo(1);

    session.onCompleted();
    await()
        .until(() -> status().getClusters(0).getSynchronizer().getHearing() == Hearing.SUSPECTED);
    assertThat(gauge("starling_coordinator_synchronizer_heard", "cluster", "alpha")).isZero();
  }

  @Test
  void shouldRefuseASynchronizerThatDoesNotSayWhoseItIs() {
    List<Throwable> ends = new CopyOnWriteArrayList<>();
    for (SynchronizerMessage first :
        List.of(
            SynchronizerMessage.newBuilder()
                .setStatus(SynchronizerStatus.getDefaultInstance())
                .build(),
            SynchronizerMessage.newBuilder()
                .setHello(SynchronizerHello.newBuilder().setCluster("alpha").setInstance("s1"))
                .build())) {
      CoordinationGrpc.newStub(fixture.channel()).synchronizerSession(ending(ends)).onNext(first);
    }
    await().until(() -> ends.size() == 2);
    assertThat(ends)
        .extracting(CoordinatorTest::code)
        .containsExactlyInAnyOrder(Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND);
  }

  private static <T> StreamObserver<T> ending(List<Throwable> ends) {
    return new StreamObserver<>() {
      @Override
      public void onNext(T value) {}

      @Override
      public void onError(Throwable error) {
        ends.add(error);
      }

      @Override
      public void onCompleted() {}
    };
  }

  private static BitSet everySlot() {
    BitSet all = new BitSet();
    all.set(0, 1024);
    return all;
  }

  @Test
  void shouldTellTheWholeStatus() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1").setPid(42)).awaitEpoch(1);
    one.status(MemberStatus.newBuilder().setEpoch(1).setRole(Role.OPEN).setLastIndex(17));
    await().until(() -> status().getClusters(0).getMembers(0).getStatus().getLastIndex() == 17);

    GetStatusResponse status = status();
    assertThat(status.getClusters(0).getMembers(0).getHearing()).isEqualTo(Hearing.HEARD);
    assertThat(status.getClusters(0).getMembers(0).getHello().getPid()).isEqualTo(42);
    assertThat(status.getClusters(0).getMembers(0).getHeardMillisAgo()).isBetween(0L, 10_000L);
    assertThat(status.getClusters(0).getMembers(1).hasHello()).isFalse();
    assertThat(status.getClusters(0).getMembers(1).getHeardMillisAgo()).isEqualTo(-1);
    assertThat(status.getSlotsCount()).isEqualTo(1);
    assertThat(status.getExpectedClusters()).isEqualTo(1);
  }

  @Test
  void shouldKeepEverythingOverARestart() throws InterruptedException {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    fixture.coordination().reconfigure(expand(1));
    fixture.coordination().reconfigure(promote(2, "alpha-2", "v2"));
    one.awaitEpoch(3);
    Configuration before = one.configuration().orElseThrow();

    fixture = fixture.restart();

    assertThat(status().getClusters(0).getConfiguration()).isEqualTo(before);
    FakeMember back =
        fixture.member(hello("alpha-1", "i1", "v1").setUsed(true).setPromised(3)).awaitEpoch(3);
    assertThat(back.configuration()).contains(before);
    assertThat(fixture.record("beta")).isEqualTo(1);
  }

  @Test
  void shouldRecoverOnlyWhenNoRecordedVolumeIsHeardAndTheLossIsAccepted() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);
    two.awaitHearing("alpha-1", Hearing.HEARD);
    RecoverRequest recover =
        RecoverRequest.newBuilder().setCluster("alpha").setMember("alpha-2").build();
    RecoverRequest accepted = recover.toBuilder().setAcceptLoss(true).build();

    assertThatThrownBy(() -> fixture.admin().recover(accepted))
        .hasMessageContaining("alpha-1 is heard")
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.FAILED_PRECONDITION));
    one.die();
    two.awaitHearing("alpha-1", Hearing.SUSPECTED);
    two.status(MemberStatus.newBuilder().setVolume("v2-copied").setLastIndex(40));
    await().until(() -> status().getClusters(0).getMembers(1).getStatus().getLastIndex() == 40);
    assertThatThrownBy(() -> fixture.admin().recover(recover))
        .hasMessageContaining("v1 of alpha-1")
        .hasMessageContaining("--accept-loss")
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.FAILED_PRECONDITION));
    assertThat(status().getClusters(0).getConfiguration().getEpoch()).isEqualTo(1);
    assertThatThrownBy(
            () -> fixture.admin().recover(accepted.toBuilder().setMember("alpha-1").build()))
        .hasMessageContaining("not heard");

    Configuration recovered = fixture.admin().recover(accepted).getConfiguration();
    assertThat(recovered)
        .isEqualTo(
            Configuration.newBuilder()
                .setCluster("alpha")
                .setEpoch(2)
                .setMaster("alpha-2")
                .setMasterInstance("i2")
                .addInSync(InSyncMember.newBuilder().setMember("alpha-2").setVolume("v2-copied"))
                .setPreviousMaster("alpha-1")
                .setPreviousInstance("i1")
                .build());
    two.awaitEpoch(2);
  }

  @Test
  void shouldRecoverWhenTheRecordedMemberIsHeardWithAnotherVolume() {
    fixture.record("alpha");
    fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    FakeMember fresh = fixture.member(hello("alpha-1", "i1b", "v1-new")).awaitEpoch(1);
    assertThat(
            fixture
                .admin()
                .recover(
                    RecoverRequest.newBuilder()
                        .setCluster("alpha")
                        .setMember("alpha-1")
                        .setAcceptLoss(true)
                        .build())
                .getGivenUpList())
        .first()
        .asString()
        .contains("volume v1 of alpha-1");
    fresh.awaitEpoch(2);
  }

  @Test
  void shouldMeasureWhatItDecidesAndHears() {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    fixture.coordination().reconfigure(expand(1));
    fixture.coordination().reconfigure(expand(1));

    assertThat(
            fixture
                .meters
                .get("starling_coordinator_reconfigurations")
                .tags("kind", "expand", "outcome", "executed")
                .counter()
                .count())
        .isEqualTo(1);
    assertThat(
            fixture
                .meters
                .get("starling_coordinator_reconfigurations")
                .tags("kind", "expand", "outcome", "refused")
                .counter()
                .count())
        .isEqualTo(1);
    assertThat(fixture.meters.get("starling_coordinator_compare_and_set").timer().count())
        .isGreaterThanOrEqualTo(4);
    assertThat(gauge("starling_coordinator_epoch", "cluster", "alpha")).isEqualTo(2);
    assertThat(gauge("starling_coordinator_in_sync", "cluster", "alpha")).isEqualTo(2);
    assertThat(gauge("starling_coordinator_heard", "member", "alpha-1")).isEqualTo(1);
    assertThat(gauge("starling_coordinator_heard", "member", "alpha-2")).isZero();
    assertThat(fixture.meters.get("starling_coordinator_sessions").gauge().value()).isEqualTo(1);
    one.die();
    await().until(() -> gauge("starling_coordinator_heard", "member", "alpha-1") == 0);
  }

  @Test
  void shouldDemandTheCredential() {
    ManagedChannel wrong =
        Channels.open(
            "127.0.0.1:" + fixture.coordinator().port(),
            Credential.of("some-other-credential").clientInterceptor());
    try {
      assertThatThrownBy(() ->
              AdminGrpc.newBlockingStub(wrong).getStatus(GetStatusRequest.getDefaultInstance()))
          .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.UNAUTHENTICATED));
      FakeMember member = new FakeMember(wrong, hello("alpha-1", "i1", "v1").build());
      assertThat(code(member.awaitRefusal())).isEqualTo(Status.Code.UNAUTHENTICATED);
    } finally {
      wrong.shutdownNow();
    }
  }

  @Test
  void shouldEndSessionsInOrderWhenItStops() throws InterruptedException {
    fixture.record("alpha");
    FakeMember one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1);
    fixture.coordinator().close();
    one.awaitThat("end", FakeMember::isCompleted);
  }

  @Test
  void shouldTellOfADeathAndAPromotionWithinMilliseconds() {
    fixture.record("alpha");
    fixture.member(hello("alpha-1", "p0", "v1")).awaitEpoch(1);
    FakeMember two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1);
    fixture.coordination().reconfigure(expand(1));
    List<Long> deaths = new ArrayList<>();
    List<Long> promotions = new ArrayList<>();
    for (int round = 1; round <= 200; round++) {
      String instance = "q" + round;
      long begun = System.nanoTime();
      fixture.admin().reportDead(dead("alpha-1", instance));
      deaths.add(
          two.awaitArrival(m -> m.hasDead() && m.getDead().getInstance().equals(instance)) - begun);
    }
    long epoch = 2;
    fixture.coordination().reconfigure(promote(epoch++, "alpha-2", "v2"));
    for (int round = 1; round <= 200; round++) {
      long next = epoch + 1;
      long begun = System.nanoTime();
      fixture.coordination().reconfigure(promote(epoch, "alpha-2", "v2"));
      promotions.add(
          two.awaitArrival(m -> m.hasConfiguration() && m.getConfiguration().getEpoch() == next)
              - begun);
      epoch = next;
    }
    System.out.printf(
        "report of death -> other session: %s%npromotion asked -> pushed: %s%n",
        summary(deaths), summary(promotions));
    assertThat(deaths).allMatch(nanos -> millis(nanos) < 1000);
    assertThat(promotions).allMatch(nanos -> millis(nanos) < 1000);
  }

  private double gauge(String name, String tag, String value) {
    return fixture.meters.get(name).tag(tag, value).gauge().value();
  }

  private static String summary(List<Long> nanos) {
    List<Long> sorted = nanos.stream().sorted().toList();
    return "median %.2f ms, max %.2f ms of %d"
        .formatted(sorted.get(sorted.size() / 2) / 1e6, sorted.getLast() / 1e6, sorted.size());
  }

  private GetStatusResponse status() {
    return fixture.admin().getStatus(GetStatusRequest.getDefaultInstance());
  }

  private static ReconfigureRequest expand(long epoch) {
    return ReconfigureRequest.newBuilder()
        .setCluster("alpha")
        .setEpoch(epoch)
        .setMember("alpha-1")
        .setVolume("v1")
        .setInstance("i1")
        .setExpand(Expand.newBuilder().setPeer("alpha-2").setPeerVolume("v2"))
        .build();
  }

  private static ReconfigureRequest promote(long epoch, String member, String volume) {
    return ReconfigureRequest.newBuilder()
        .setCluster("alpha")
        .setEpoch(epoch)
        .setMember(member)
        .setVolume(volume)
        .setInstance("i-" + member)
        .setPromote(Promote.getDefaultInstance())
        .build();
  }

  private static ReportDeadRequest dead(String member, String instance) {
    return ReportDeadRequest.newBuilder()
        .setCluster("alpha")
        .setMember(member)
        .setInstance(instance)
        .build();
  }

  private static Hearing heard(CoordinatorMessage message, String member) {
    Suspicion suspicion = message.getSuspicion();
    return suspicion.getMember().equals(member)
        ? suspicion.getHearing()
        : Hearing.HEARING_UNSPECIFIED;
  }

  private static <T> StreamObserver<T> collecting(List<T> list) {
    return new StreamObserver<>() {
      @Override
      public void onNext(T value) {
        list.add(value);
      }

      @Override
      public void onError(Throwable error) {}

      @Override
      public void onCompleted() {}
    };
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }

  private static Status.Code code(Throwable error) {
    return error instanceof StatusRuntimeException status
        ? status.getStatus().getCode()
        : Status.Code.UNKNOWN;
  }
}
