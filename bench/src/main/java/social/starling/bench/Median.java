package social.starling.bench;

import java.util.Collection;

/** The middle of some values. */
public final class Median {

  private Median() {}

  /** The one in the middle by size, or the mean of the two there; of one value at least. */
  public static double of(Collection<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
