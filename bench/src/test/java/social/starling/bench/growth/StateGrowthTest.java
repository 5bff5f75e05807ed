package social.starling.bench.growth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class StateGrowthTest {

  private static final Scale SMALL =
      new Scale(
          1,
          Duration.ZERO,
          Duration.ZERO,
          List.of(10, 400),
          List.of(0, 100),
          List.of(100, 2_000),
          10,
          List.of(1_000, 50_000),
          Duration.ofMinutes(1));

  @Test
  void shouldMeasureEachCurveAtEachStep() {
    Budget budget = new Budget(Duration.ofMinutes(30));

    List<Curve> curves = new StateGrowth(SMALL, budget).measure();

    assertThat(curves)
        .extracting(Curve::name)
        .containsExactly(
            "state-timeline",
            "state-timeline-bytes",
            "state-post",
            "state-follow",
            "state-memory-users",
            "state-memory-follows",
            "state-memory-posts",
            "state-memory-clients");
    assertThat(points(curves, "state-timeline"))
        .extracting(Point::x)
        .containsExactly(1.0, 2.0, 5.0, 10.0, 400.0);
    assertThat(points(curves, "state-timeline")).allMatch(point -> point.low() > 0);
    assertThat(points(curves, "state-memory-users")).hasSize(3);
    assertThat(points(curves, "state-memory-posts").getLast().y()).isBetween(1.0, 50.0);
    assertThat(budget.notes()).isEmpty();
  }

  @Test
  void shouldSayWhatItLeavesOutWhenTheTimeIsOver() {
    Budget budget = new Budget(Duration.ZERO);

    assertThat(new StateGrowth(SMALL, budget).measure()).isEmpty();

    assertThat(budget.notes()).hasSize(3).allMatch(note -> note.startsWith("Left out"));
  }

  @Test
  void shouldLetEveryoneFollowOthersEachOnce() {
    for (int user : new int[] {0, 1, 9_998, 9_999}) {
      List<Integer> followed =
          java.util.stream.IntStream.rangeClosed(1, 20)
              .mapToObj(each -> StateGrowth.followed(user, each, 10_000))
              .toList();
      assertThat(followed).doesNotHaveDuplicates().doesNotContain(user).allMatch(i -> i < 10_000);
    }
  }

  private static List<Point> points(List<Curve> curves, String name) {
    return curves.stream()
        .filter(curve -> curve.name().equals(name))
        .findFirst()
        .orElseThrow()
        .series()
        .getFirst()
        .points();
  }
}
