package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class EpochTableTest {

  /** A journal as a plain list of epochs; index 0 stands for what was before the first entry. */
  private static final class Plain {
    final List<Long> epochs = new ArrayList<>(List.of(0L));
    int base;

    int last() {
      return epochs.size() - 1;
    }
  }

  private static EpochTable empty() {
    return new EpochTable(JournalState.empty("v"));
  }

  @Property
  void shouldAgreeWithAPlainListOfEpochs(
      @ForAll @Size(max = 60) List<@IntRange(max = 99) Integer> steps,
      @ForAll @IntRange(max = 30) int limit,
      @ForAll @IntRange(max = 12) int epoch) {
    EpochTable table = empty();
    Plain plain = new Plain();
    long current = 1;
    for (int step : steps) {
      if (step < 60) {
        plain.epochs.add(current);
        table.append(plain.last(), current);
      } else if (step < 75) {
        current++;
      } else if (step < 90) {
        int keep = Math.max(plain.base, plain.last() - step % 7);
        plain.epochs.subList(keep + 1, plain.epochs.size()).clear();
        table.truncateAfter(keep);
      } else {
        plain.base = Math.max(plain.base, plain.last() - step % 5);
        table.trim(plain.base);
      }
    }

    assertThat(table.lastIndex()).isEqualTo(plain.last());
    assertThat(table.baseIndex()).isEqualTo(plain.base);
    for (int index = plain.base; index <= plain.last(); index++) {
      assertThat(table.epochAt(index)).isEqualTo(plain.epochs.get(index));
    }
    int agree = Math.min(limit, plain.last());
    while (agree > plain.base && plain.epochs.get(agree) > epoch) {
      agree--;
    }
    assertThat(table.lastIndexOf(epoch, limit)).isEqualTo(Math.max(agree, plain.base));
    int below = Math.max(limit, plain.base) + 1;
    boolean isBelow = below <= plain.last() && plain.epochs.get(below) < epoch;
    assertThat(table.firstBelow(epoch, limit)).isEqualTo(isBelow ? below : 0);
  }

  @Example
  void shouldBeginWithWhatTheVolumeHolds() {
    EpochTable table =
        new EpochTable(
            new JournalState(
                "v", 9, 10, 2, 20, 0, 0,
                List.of(new EpochStart(3, 12), new EpochStart(5, 18)), 15));

    assertThat(table.epochAt(10)).isEqualTo(2);
    assertThat(table.epochAt(11)).isEqualTo(2);
    assertThat(table.epochAt(12)).isEqualTo(3);
    assertThat(table.epochAt(17)).isEqualTo(3);
    assertThat(table.lastEpoch()).isEqualTo(5);
  }

  @Example
  void shouldKnowTheEpochOfTheBaseWhenEverythingIsTrimmedToIt() {
    EpochTable table = empty();
    table.append(1, 1);
    table.append(2, 5);
    table.append(3, 5);
    table.trim(2);

    assertThat(table.lastIndexOf(3, 3)).as("all that is left is of epoch 5").isEqualTo(2);
  }

  @Example
  void shouldRefuseWhatDoesNotFollow() {
    EpochTable table = empty();
    table.append(1, 4);

    assertThatThrownBy(() -> table.append(3, 4)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> table.append(2, 3)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> table.epochAt(2)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
