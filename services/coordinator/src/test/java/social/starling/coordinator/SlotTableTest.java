package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.proto.coordinator.v1.GivenNumber;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.SlotRange;
import social.starling.proto.coordinator.v1.Standing;
import social.starling.proto.coordinator.v1.StoredSlots;

class SlotTableTest {

  @Test
  void shouldOwnNothingBeforeSlotsAreDealtOut() {
    SlotTable table = given(2);
    assertThat(table.isDealt()).isFalse();
    assertThat(table.owners()).isEmpty();
    assertThat(table.ranges(0)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000, 1024})
  void shouldDealOutEverySlotOnceAndEvenly(int clusters) {
    List<Integer> numbers = new ArrayList<>();
    SlotTable table = given(clusters);
    for (int number = clusters - 1; number >= 0; number--) {
      numbers.add(number);
    }
    table = table.deal(numbers);

    int next = 0;
    for (SlotOwner range : table.owners()) {
      assertThat(range.getFrom()).isEqualTo(next);
      next = range.getTo();
    }
    assertThat(next).isEqualTo(1024);
    for (int number : numbers) {
      assertThat(size(table, number)).isBetween(1024 / clusters, 1024 / clusters + 1);
    }
  }

  @Test
  void shouldSurviveItsDocument() {
    SlotTable table = given(3).deal(List.of(0, 1, 2)).atRevision(9);
    SlotTable read = SlotTable.read(new Document(SlotTable.KEY, 9, table.content()));
    assertThat(read.owners()).isEqualTo(table.owners());
    assertThat(read.nextNumber()).contains(3);
    assertThat(read.revision()).isEqualTo(9);
    assertThat(read.version()).isEqualTo(table.version()).isEqualTo(2);
    assertThat(read.standing(1)).isEqualTo(Standing.SETTLED);
    assertThat(read.give(3, "late").standing(3)).isEqualTo(Standing.JOINING);
  }

  @Test
  void shouldGiveTheSlotsOfAForgottenClusterToTheOthers() {
    SlotTable table = given(3).deal(List.of(0, 1, 2)).without(1, List.of(0, 2), 0);
    assertThat(table.ownsSlots(1)).isFalse();
    assertThat(size(table, 0) + size(table, 2)).isEqualTo(1024);
    assertThat(size(table, 0)).isBetween(510, 514);
    assertThat(table.without(0, List.of(2), 0).without(2, List.of(), 0).isDealt()).isFalse();
  }

  @Test
  void shouldHaveAnEvenVersionThatRisesWithEachChangeOfAnOwner() {
    SlotTable table = given(2);
    assertThat(table.version()).isZero();
    assertThat(table.releaseVersion()).isEqualTo(1);
    table = table.deal(List.of(0, 1));
    assertThat(table.version()).isEqualTo(2);
    assertThat(table.releaseVersion()).isEqualTo(3);
    assertThat(table.give(2, "late").version()).isEqualTo(2);
    assertThat(table.with(1, Standing.LEAVING).version()).isEqualTo(2);
    BitSet slots = new BitSet();
    slots.set(5, 9);
    SlotTable moved = table.move(slots, 1, 3);
    assertThat(moved.version()).isEqualTo(4);
    assertThat(moved.count(0)).isEqualTo(508);
    assertThat(moved.slotsOf(1).get(5)).isTrue();
    assertThat(moved.raise(4).version()).isEqualTo(6);
    assertThat(moved.raise(7).version()).isEqualTo(8);
    assertThat(moved.raise(7).owners()).isEqualTo(moved.owners());
  }

  @Test
  void shouldGiveFreedSlotsToWhoHasTheFewest() {
    SlotTable table = given(3).deal(List.of(0, 1, 2));
    BitSet most = table.slotsOf(1);
    most.clear(most.length() - 10, most.length());
    table = table.move(most, 0, 0).without(2, List.of(0, 1), 0);
    assertThat(table.count(1)).isEqualTo(10 + 341);
    assertThat(table.count(0)).isEqualTo(1024 - 351);
  }

  @Test
  void shouldNeverGiveANumberTwice() {
    SlotTable table = given(2).deal(List.of(0, 1)).without(1, List.of(0), 0);
    assertThat(table.nextNumber()).contains(2);
    assertThatThrownBy(() -> table.give(1, "again")).isInstanceOf(IllegalArgumentException.class);
    assertThat(given(1024).nextNumber()).isEmpty();
  }

  @Test
  void shouldRefuseADamagedDocument() {
    for (byte[] content :
        List.of(
            new byte[] {1, 2, 3},
            StoredSlots.newBuilder()
                .addNumbers(GivenNumber.newBuilder().setCluster("x"))
                .addSlots(SlotOwner.newBuilder().setFrom(0).setTo(4000).setCluster("x"))
                .build()
                .toByteArray(),
            StoredSlots.newBuilder()
                .addSlots(SlotOwner.newBuilder().setFrom(0).setTo(1024).setCluster("x"))
                .build()
                .toByteArray(),
            StoredSlots.newBuilder().setVersion(3).build().toByteArray(),
            StoredSlots.newBuilder()
                .addNumbers(GivenNumber.newBuilder().setCluster("x").setNumber(1024))
                .build()
                .toByteArray(),
            StoredSlots.newBuilder()
                .addNumbers(GivenNumber.newBuilder().setCluster("x"))
                .addSlots(SlotOwner.newBuilder().setFrom(0).setTo(1000).setCluster("x"))
                .build()
                .toByteArray())) {
      assertThatThrownBy(() -> SlotTable.read(new Document(SlotTable.KEY, 1, content)))
          .isInstanceOf(StoreException.class);
    }
  }

  private static SlotTable given(int clusters) {
    SlotTable table = SlotTable.empty();
    for (int number = 0; number < clusters; number++) {
      table = table.give(number, "c" + number);
    }
    return table;
  }

  private static int size(SlotTable table, int number) {
    return table.ranges(number).stream().mapToInt(SlotTableTest::length).sum();
  }

  private static int length(SlotRange range) {
    return range.getTo() - range.getFrom();
  }
}
