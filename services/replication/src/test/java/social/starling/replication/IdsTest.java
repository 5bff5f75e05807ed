package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class IdsTest {

  private static final long NOW = Ids.ORIGIN_MILLIS + 60_000_000_000L;

  @Property
  void shouldGrowWhateverTheClockDoes(
      @ForAll @Size(max = 50) List<@LongRange(min = -7_200_000, max = 7_200_000) Long> clock,
      @ForAll @IntRange(max = Ids.MAX_CLUSTERS - 1) int cluster) {
    long last = 0;
    for (long offset : clock) {
      long id = Ids.next(last, NOW + offset, cluster);

      assertThat(id).isPositive().isGreaterThan(last);
      assertThat(Ids.cluster(id)).isEqualTo(cluster);
      assertThat(Ids.millis(id)).isGreaterThanOrEqualTo(NOW + offset);
      last = id;
    }
  }

  @Example
  void shouldBeOfTheMomentWhenTheClockGoesOn() {
    long first = Ids.next(0, NOW, 3);
    long second = Ids.next(first, NOW + 1, 3);

    assertThat(Ids.millis(first)).isEqualTo(NOW);
    assertThat(Ids.millis(second)).isEqualTo(NOW + 1);
  }

  @Example
  void shouldCountWithinAMillisecond() {
    long first = Ids.next(0, NOW, 3);

    assertThat(Ids.next(first, NOW, 3)).isEqualTo(first + 1);
    assertThat(Ids.next(first, NOW - 1_000, 3)).as("the clock stepped back").isEqualTo(first + 1);
  }

  @Example
  void shouldRunAheadOfTheClockWhenTheCounterIsUsedUp() {
    long last = 0;
    for (int i = 0; i < 4_096 * 3 + 1; i++) {
      last = Ids.next(last, NOW, 1_023);
    }

    assertThat(Ids.millis(last)).isEqualTo(NOW + 3);
    assertThat(Ids.cluster(last)).isEqualTo(1_023);
    assertThat(Ids.next(last, NOW + 10, 1_023)).isEqualTo(Ids.next(0, NOW + 10, 1_023));
  }

  @Example
  void shouldTakeAClockBeforeTheOriginForTheOrigin() {
    assertThat(Ids.millis(Ids.next(0, 0, 0))).isEqualTo(Ids.ORIGIN_MILLIS);
  }

  @Example
  void shouldRefuseAClusterNumberThatDoesNotFit() {
    assertThatThrownBy(() -> Ids.next(0, NOW, Ids.MAX_CLUSTERS))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Ids.next(0, NOW, -1)).isInstanceOf(IllegalArgumentException.class);
  }
}
