package social.starling.bench.growth;

import java.util.Collections;
import java.util.List;
import social.starling.bench.Median;

/**
 * A measured point of a curve.
 *
 * @param x how much there is of what grows
 * @param y median of the runs
 * @param low of the runs
 * @param high of the runs
 * @param runs how many, 1 or more
 */
record Point(double x, double y, double low, double high, int runs) {

  /** The point of some runs, in any order. */
  static Point of(double x, List<Double> runs) {
    return new Point(x, Median.of(runs), Collections.min(runs), Collections.max(runs), runs.size());
  }

  static Point of(double x, double y) {
    return new Point(x, y, y, y, 1);
  }
}
