package social.starling.bench.growth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CurveTest {

  @Test
  void shouldTakeTheMedianOfRunsInAnyOrder() {
    assertThat(Point.of(7, List.of(9.0, 1.0, 2.0))).isEqualTo(new Point(7, 2, 1, 9, 3));
    assertThat(Point.of(7, List.of(4.0, 1.0))).isEqualTo(new Point(7, 2.5, 1, 4, 2));
  }

  @Test
  void shouldTellTheSlopeOfALine() {
    assertThat(series(x -> 30 + 0.25 * x).slope()).isCloseTo(0.25, within(1e-9));
    assertThat(new Curve.Series("one", List.of(Point.of(1, 1))).slope()).isZero();
  }

  @Test
  void shouldTellLinearFromQuadraticAndConstant() {
    assertThat(series(x -> 3 * x).exponent(1)).isCloseTo(1, within(1e-9));
    assertThat(series(x -> 0.1 * x * x).exponent(1)).isCloseTo(2, within(1e-9));
    assertThat(series(x -> 42).exponent(1)).isCloseTo(0, within(1e-9));
  }

  @Test
  void shouldLeaveOutWhatIsBelowWhenItTellsTheExponent() {
    Curve.Series flatThenLinear = series(x -> Math.max(400, x));

    assertThat(flatThenLinear.exponent(400)).isCloseTo(1, within(1e-9));
  }

  private static Curve.Series series(DoubleUnaryOperator y) {
    return new Curve.Series(
        "line",
        IntStream.rangeClosed(1, 10)
            .mapToObj(i -> Point.of(i * 100, y.applyAsDouble(i * 100)))
            .toList());
  }
}
