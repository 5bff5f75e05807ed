package social.starling.bench.growth;

import java.util.List;

/**
 * Something measured as something else grows.
 *
 * @param name in letters, digits and hyphens: of the picture's file
 * @param title what a reader should know
 * @param x what grows, with its unit
 * @param y what is measured, with its unit
 * @param logarithmic whether both axes are; the points of x = 0 are then left out of the picture
 */
record Curve(
    String name, String title, String x, String y, boolean logarithmic, List<Series> series) {

  Curve {
    series = List.copyOf(series);
  }

  /**
   * One line.
   *
   * @param points by ascending x
   */
  record Series(String name, List<Point> points) {

    Series {
      points = List.copyOf(points);
    }

    /** Of the straight line nearest to the medians: y per x. Zero for less than two points. */
    double slope() {
      return slope(points.stream().map(p -> new double[] {p.x(), p.y()}).toList());
    }

    /**
     * The exponent b of the y = a·x^b that is nearest, over the points from {@code from} on: 1 is
     * linear, 0 is constant.
     */
    double exponent(double from) {
      return slope(
          points.stream()
              .filter(p -> p.x() >= from && p.x() > 0 && p.y() > 0)
              .map(p -> new double[] {Math.log(p.x()), Math.log(p.y())})
              .toList());
    }

    private static double slope(List<double[]> points) {
      double meanX = points.stream().mapToDouble(p -> p[0]).average().orElse(0);
      double meanY = points.stream().mapToDouble(p -> p[1]).average().orElse(0);
      double above = 0;
      double below = 0;
      for (double[] p : points) {
        above += (p[0] - meanX) * (p[1] - meanY);
        below += (p[0] - meanX) * (p[0] - meanX);
      }
      return below == 0 ? 0 : above / below;
    }
  }
}
