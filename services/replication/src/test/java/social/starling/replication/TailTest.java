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

class TailTest {

  private static Entry entry(long index, int length) {
    return new Entry(index, 1, RequestId.NONE, 0, index, new byte[length]);
  }

  /** What the store would answer: all entries that were ever evicted are there. */
  private static JournalReader store(List<Entry> all) {
    return (from, to, maxBytes) -> {
      List<Entry> found = new ArrayList<>();
      long weight = 0;
      for (long i = from; i <= to && i <= all.size() && weight < maxBytes; i++) {
        found.add(all.get((int) i - 1));
        weight += found.getLast().weight();
      }
      return found;
    };
  }

  @Property
  void shouldReadWhatWasAppendedWhereverItIs(
      @ForAll @Size(max = 120) List<@IntRange(max = 99) Integer> steps,
      @ForAll @IntRange(min = 1, max = 130) int from,
      @ForAll @IntRange(max = 40) int more,
      @ForAll @IntRange(min = 1, max = 600) int maxBytes) {
    List<Entry> all = new ArrayList<>();
    Tail tail = new Tail(store(all));
    long evictable = 0;
    for (int step : steps) {
      if (step < 75) {
        all.add(entry(all.size() + 1L, step));
        tail.append(all.getLast());
      } else if (step < 90) {
        long keep = Math.max(evictable, all.size() - step % 10);
        all.subList((int) keep, all.size()).clear();
        tail.truncateAfter(keep);
      } else {
        evictable = Math.max(evictable, all.size() - step % 10);
        tail.shrink(evictable, step % 5 * 100);
      }
    }
    long to = Math.min(from + more, all.size());

    List<Entry> found = new ArrayList<>();
    long next = from;
    while (next <= to) {
      List<Entry> piece = tail.read(next, to, maxBytes);
      assertThat(piece).isNotEmpty();
      long weight = piece.stream().mapToLong(Entry::weight).sum();
      assertThat(weight - piece.getLast().weight()).isLessThan(maxBytes);
      found.addAll(piece);
      next = piece.getLast().index() + 1;
    }

    assertThat(found).isEqualTo(from > to ? List.of() : all.subList(from - 1, (int) to));
  }

  @Example
  void shouldKeepWhatMayNotBeEvictedHoweverMuchItIs() {
    Tail tail = new Tail((from, to, maxBytes) -> List.of());
    for (int i = 1; i <= 1_000; i++) {
      tail.append(entry(i, 100));
    }
    tail.shrink(400, 0);

    assertThat(tail.read(400, 1_000, Integer.MAX_VALUE)).as("evicted").isEmpty();
    assertThat(tail.read(401, 1_000, Integer.MAX_VALUE)).hasSize(600);
  }

  @Example
  void shouldRefuseAGap() {
    Tail tail = new Tail((from, to, maxBytes) -> List.of());
    tail.append(entry(5, 0));

    assertThatThrownBy(() -> tail.append(entry(7, 0))).isInstanceOf(IllegalStateException.class);
  }
}
