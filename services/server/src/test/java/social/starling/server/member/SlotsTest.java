package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Errors;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.replication.v1.MemberAdminGrpc;
import social.starling.proto.replication.v1.ReleaseSlotsRequest;
import social.starling.proto.replication.v1.ReleaseSlotsResponse;
import social.starling.proto.sns.v1.LoginRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;
import social.starling.replication.RequestId;

@Timeout(60)
class SlotsTest {

  @TempDir Path directory;

  private static ReleaseSlotsResponse release(Node node, long version, BitSet slots) {
    return MemberAdminGrpc.newBlockingStub(node.internalChannel)
        .releaseSlots(
            ReleaseSlotsRequest.newBuilder()
                .setVersion(version)
                .setSlots(SlotTaking.toProto(slots).getBits())
                .build());
  }

  private static BitSet slots(int from, int to) {
    BitSet slots = new BitSet(Slots.COUNT);
    slots.set(from, to);
    return slots;
  }

  private static BitSet released(ReleaseSlotsResponse answer) {
    return SlotTaking.fromProto(answer.getReleased());
  }

  private static Request login(String user) {
    return Request.newBuilder().setUser(user).setLogin(Login.getDefaultInstance()).build();
  }

  private static void refused(Node node, String user, WriteId write, Reason reason) {
    assertThatThrownBy(() -> node.as(user).login(LoginRequest.newBuilder().setWrite(write).build()))
        .isInstanceOf(StatusRuntimeException.class)
        .satisfies(e -> assertThat(Errors.reason(e)).contains(reason));
  }

  @Test
  void beforeTheSlotsAreDealtUsersAreToldToWait() throws Exception {
    try (Pair pair = new Pair(directory, "alpha", 1, List.of())) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      refused(node, "alice", pair.nextWrite(), Reason.WAITING_FOR_CLUSTERS);

      pair.coordinator.deal(2, TestCoordinator.slots(0, Slots.COUNT));

      pair.login("alice");
      assertThat(node.member.state().slotsVersion()).isEqualTo(2);
    }
  }

  @Test
  void theSlotsThatAClusterIsGivenAreItsOwnOnBothMembersAndAfterAFailover() throws Exception {
    try (Pair pair = new Pair(directory, "alpha", 1, TestCoordinator.slots(0, 512))) {
      pair.started();
      await().atMost(Pair.SOON).until(() -> pair.node(2).member.state().slotsVersion() == 1);
      assertThat(pair.node(2).member.state().slots()).isEqualTo(slots(0, 512));

      pair.node(1).kill();

      Node master = pair.master();
      pair.login(Pair.nameIn(TestCoordinator.slots(0, 512), "alice"));
      refused(
          master,
          Pair.nameIn(TestCoordinator.slots(512, 1024), "bob"),
          pair.nextWrite(),
          Reason.WRONG_CLUSTER);
    }
  }

  @Test
  void whatIsDealtWhileTheMasterChangesIsTakenByTheNewOne() throws Exception {
    try (Pair pair = new Pair(directory, "alpha", 1, TestCoordinator.slots(0, 512)).started()) {
      await().atMost(Pair.SOON).until(() -> pair.node(2).member.state().slotsVersion() == 1);

      pair.node(1).kill();
      pair.coordinator.deal(2, TestCoordinator.slots(0, 600));

      await().atMost(Pair.SOON).until(() -> pair.node(2).member.state().slotsVersion() == 2);
      assertThat(pair.node(2).member.state().slots()).isEqualTo(slots(0, 600));
    }
  }

  @Test
  void slotsAreGivenUpButNotThoseInUse() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.login("alice");
      BitSet asked = slots(0, Slots.COUNT);

      ReleaseSlotsResponse answer = release(node, 2, asked);

      BitSet used = new BitSet();
      used.set(Slots.of("alice"));
      assertThat(SlotTaking.fromProto(answer.getUsed())).isEqualTo(used);
      asked.andNot(used);
      assertThat(released(answer)).isEqualTo(asked);
      // Asked again, because the answer was lost: the same.
      assertThat(release(node, 2, asked)).isEqualTo(answer);
      pair.login("alice");
      refused(node, "bob", pair.nextWrite(), Reason.WRONG_CLUSTER);
    }
  }

  @Test
  void aLoginThatWasOnItsWayWhenItsSlotWasGivenUpIsRefusedAndMaySucceedLater() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      release(node, 2, slots(0, Slots.COUNT));
      WriteId write = pair.nextWrite();
      RequestId id = new RequestId(write.getClient(), write.getSequence());

      // Past the check that comes first, as if the slot had been given up right after it.
      Answer answer = node.member.write(id, login("alice"));

      assertThat(answer.getReason()).isEqualTo(Reason.WRONG_CLUSTER.name());
      assertThat(node.member.state().exists("alice")).isFalse();
      pair.coordinator.deal(3, TestCoordinator.slots(0, Slots.COUNT));
      await().atMost(Pair.SOON).until(() -> node.member.state().slotsVersion() == 3);
      assertThat(node.member.write(id, login("alice")).getCreated()).isTrue();
    }
  }

  @Test
  void slotsThatWereGivenUpStaySoAfterARestart() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.login("alice");
      release(node, 2, slots(0, Slots.COUNT));
      node.kill();

      Node again = pair.start(1);
      pair.awaitServing(1);

      // The coordinator still says version 1, which is older than the giving up.
      refused(again, "bob", pair.nextWrite(), Reason.WRONG_CLUSTER);
      pair.login("alice");
      assertThat(pair.coordinator.hello("alpha-1").getSlotsVersion()).isEqualTo(2);
    }
  }

  @Test
  void aMalformedReleaseIsRefusedAndTheSlaveSendsToTheMaster() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      for (ReleaseSlotsRequest bad :
          List.of(
              ReleaseSlotsRequest.newBuilder().setVersion(2).build(),
              ReleaseSlotsRequest.newBuilder()
                  .setVersion(2)
                  .setSlots(ByteString.copyFrom(new byte[129]))
                  .build(),
              ReleaseSlotsRequest.newBuilder()
                  .setSlots(ByteString.copyFrom(new byte[128]))
                  .build())) {
        assertThatThrownBy(() ->
                MemberAdminGrpc.newBlockingStub(pair.node(1).internalChannel).releaseSlots(bad))
            .isInstanceOfSatisfying(
                StatusRuntimeException.class,
                e -> {
                  assertThat(e.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
                  assertThat(e.getStatus().getDescription()).isNotBlank();
                });
      }
      assertThatThrownBy(() -> release(pair.node(2), 2, slots(0, 5)))
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.NOT_MASTER));
      assertThat(pair.node(1).member.state().slotsVersion()).isEqualTo(1);
    }
  }
}
