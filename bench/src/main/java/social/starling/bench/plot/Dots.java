package social.starling.bench.plot;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import social.starling.bench.Median;

/** A row of dots for each of several things, one dot for each run, and a line at the median. */
public final class Dots {

  private static final int WIDTH = 760;
  private static final int LEFT = 190;
  private static final int RIGHT = 110;
  private static final int ROW = 30;
  private static final int TOP = 40;
  private static final int BOTTOM = 40;

  private Dots() {}

  /**
   * Draws.
   *
   * @param rows milliseconds, by what they are of
   */
  public static String draw(String title, Map<String, List<Double>> rows) {
    int height = TOP + BOTTOM + ROW * rows.size();
    Svg svg = new Svg(WIDTH, height).title(title);
    List<Double> all = rows.values().stream().flatMap(List::stream).toList();
    Scale x = Scale.around(all, LEFT, WIDTH - RIGHT);
    for (double mark : x.marks()) {
      svg.line(x.at(mark), TOP, x.at(mark), height - BOTTOM, "#dddddd", 1);
      svg.small(x.at(mark), height - BOTTOM + 16, Scale.word(mark) + " ms", Svg.Anchor.MIDDLE);
    }
    double y = TOP + ROW / 2.0;
    int number = 0;
    for (Map.Entry<String, List<Double>> row : rows.entrySet()) {
      String colour = Svg.colour(number++);
      svg.small(LEFT - 10, y + 4, row.getKey(), Svg.Anchor.END);
      for (double value : row.getValue()) {
        svg.dot(x.at(value), y, 5, colour);
      }
      if (!row.getValue().isEmpty()) {
        double median = Median.of(row.getValue());
        svg.line(x.at(median), y - 11, x.at(median), y + 11, "#000000", 2);
        svg.small(
            WIDTH - RIGHT + 10,
            y + 4,
            String.format(Locale.ROOT, "%.0f ms", median),
            Svg.Anchor.START);
      }
      y += ROW;
    }
    return svg.file();
  }
}
