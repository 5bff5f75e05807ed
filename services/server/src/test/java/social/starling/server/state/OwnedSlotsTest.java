package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.SlotSet;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;

class OwnedSlotsTest {

  private static final int ALICE = Slots.of("alice");
  private static final int BOB = Slots.of("bob");

  private final Entries entries = new Entries();
  private final State state = StateLoader.empty(place -> new byte[0]);

  private Answer apply(Entry entry) {
    return state.apply(entry).answer();
  }

  private static BitSet slots(int... slots) {
    BitSet set = new BitSet();
    for (int slot : slots) {
      set.set(slot);
    }
    return set;
  }

  private static BitSet told(Answer answer) {
    assertThat(answer.getSlots().getBits().size()).isEqualTo(128);
    return BitSet.valueOf(answer.getSlots().getBits().toByteArray());
  }

  @Test
  void beforeTheSlotsAreDealtOutNobodyRegistersAndARetryLaterDoes() {
    Entry login = entries.login("alice");
    assertThat(apply(login).getReason()).isEqualTo("WAITING_FOR_CLUSTERS");
    assertThat(state.lookup(login.requestId(), Requests.parse(login))).isEmpty();
    assertThat(state.slotsVersion()).isZero();

    assertThat(told(apply(entries.slots(4, slots(ALICE, 9))))).isEqualTo(slots(ALICE, 9));

    assertThat(apply(entries.next(login.requestId(), login.request())).getCreated()).isTrue();
    assertThat(state.slotsVersion()).isEqualTo(4);
    assertThat(state.slots()).isEqualTo(slots(ALICE, 9));
    assertThat(state.usedSlots()).isEqualTo(slots(ALICE));
    assertThat(state.usersPerSlot()[ALICE]).isEqualTo(1);
    assertThat(state.ownsSlot(9)).isTrue();
    assertThat(state.ownsSlot(BOB)).isFalse();
  }

  @Test
  void aNewNameInASlotOfAnotherClusterIsRefusedUntilTheSlotComes() {
    apply(entries.slots(1, slots(ALICE)));
    Entry login = entries.login("bob");
    assertThat(apply(login).getReason()).isEqualTo("WRONG_CLUSTER");

    apply(entries.slots(2, slots(ALICE, BOB)));
    assertThat(apply(entries.next(login.requestId(), login.request())).getCreated()).isTrue();
  }

  @Test
  void slotsInWhichUsersLiveAreNeverGivenUp() {
    apply(entries.slots(1, slots(ALICE, BOB, 9)));
    apply(entries.login("alice"));

    assertThat(told(apply(entries.release(2, slots(ALICE, BOB))))).isEqualTo(slots(ALICE, 9));
    assertThat(apply(entries.login("bob")).getReason()).isEqualTo("WRONG_CLUSTER");
    assertThat(apply(entries.login("ALICE")).getUser()).isEqualTo("alice");
    assertThat(told(apply(entries.slots(3, slots(17))))).isEqualTo(slots(ALICE, 17));
  }

  @Test
  void whatIsNotNewerDoesNothingAndTellsTheSlotsAllTheSame() {
    apply(entries.slots(5, slots(1, 2)));
    for (Entry entry :
        new Entry[] {
          entries.slots(5, slots(3)), entries.release(5, slots(1)), entries.slots(4, slots(4))
        }) {
      Applied applied = state.apply(entry);
      assertThat(told(applied.answer())).isEqualTo(slots(1, 2));
      assertThat(applied.answer().getReason()).isEmpty();
      assertThat(applied.change().effects()).isEmpty();
    }
    assertThat(state.slotsVersion()).isEqualTo(5);
  }

  @Test
  void usersOfOtherClustersUseNoSlotHere() {
    apply(entries.slots(1, slots(ALICE, BOB)));
    apply(entries.received(7, Position.ZERO, new Position(1, 0), Items.name("bob")));
    assertThat(state.usedSlots()).isEqualTo(slots());
    assertThat(told(apply(entries.release(2, slots(BOB))))).isEqualTo(slots(ALICE));
  }

  @Test
  void whatIsNoSetOfSlotsIsRefused() {
    for (OwnSlots.Builder bad :
        new OwnSlots.Builder[] {
          OwnSlots.newBuilder().setVersion(9),
          OwnSlots.newBuilder().setVersion(9).setAll(SlotSet.getDefaultInstance()),
          OwnSlots.newBuilder()
              .setVersion(-1)
              .setRelease(SlotSet.newBuilder().setBits(ByteString.copyFrom(new byte[128])))
        }) {
      assertThat(apply(entries.slots(bad)).getReason()).isEqualTo("INVALID_REQUEST");
    }
    byte[] slots = new Entries().slots().request();
    Entry byAClient = entries.next(new RequestId(Entries.client(Entries.START), 1), slots);
    assertThat(apply(byAClient).getReason()).isEqualTo("INVALID_REQUEST");
    assertThat(state.slotsVersion()).isZero();
  }

  @Test
  void aChangeOfSlotsThatANewerVersionMayKnowStopsTheMember() {
    OwnSlots.Builder unknown =
        OwnSlots.newBuilder()
            .setVersion(9)
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(77, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build());
    assertThatExceptionOfType(UnappliableException.class)
        .isThrownBy(() -> state.apply(entries.slots(unknown)))
        .withMessageContaining("does not know");
  }
}
