package social.starling.bench.growth;

import java.util.List;

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
    List<Double> sorted = runs.stream().sorted().toList();
    int middle = sorted.size() / 2;
    double median =
        sorted.size() % 2 == 1
            ? sorted.get(middle)
            : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    return new Point(x, median, sorted.getFirst(), sorted.getLast(), sorted.size());
  }

  static Point of(double x, double y) {
    return new Point(x, y, y, y, 1);
  }
}
