package social.starling.bench.plot;

import java.util.List;
import java.util.Map;

/** Latency over percentile, both stretched so that the rare and slow can be seen. */
public final class Percentiles {

  private static final int WIDTH = 760;
  private static final int HEIGHT = 380;
  private static final int LEFT = 60;
  private static final int RIGHT = 170;
  private static final int TOP = 40;
  private static final int BOTTOM = 50;
  private static final String GREY = "#dddddd";

  private Percentiles() {}

  /**
   * Draws.
   *
   * @param percentiles 0 to less than 100, ascending
   * @param lines milliseconds at these percentiles, by what they are of
   * @param colours what each colour stands for, in order
   */
  public static String draw(
      String title,
      List<Double> percentiles,
      Map<String, List<Double>> lines,
      List<String> colours) {
    Svg svg = new Svg(WIDTH, HEIGHT).title(title);
    List<Double> all = lines.values().stream().flatMap(List::stream).toList();
    Scale y = Scale.around(all, HEIGHT - BOTTOM, TOP);
    Scale x = new Scale(1, 1 / (1 - percentiles.getLast() / 100), LEFT, WIDTH - RIGHT);
    for (double mark : y.marks()) {
      svg.line(LEFT, y.at(mark), WIDTH - RIGHT, y.at(mark), GREY, 1);
      svg.small(LEFT - 6, y.at(mark) + 4, Scale.word(mark), Svg.Anchor.END);
    }
    for (double percentile : percentiles) {
      double at = x.at(1 / (1 - percentile / 100));
      svg.line(at, TOP, at, HEIGHT - BOTTOM, GREY, 1);
      svg.small(at, HEIGHT - BOTTOM + 16, name(percentile), Svg.Anchor.MIDDLE);
    }
    svg.small(
        LEFT, HEIGHT - 12, "percentile of operations; milliseconds upwards", Svg.Anchor.START);
    double key = TOP + 10;
    for (Map.Entry<String, List<Double>> line : lines.entrySet()) {
      String colour = Svg.colour(Math.max(0, colours.indexOf(line.getKey())));
      StringBuilder points = new StringBuilder();
      for (int i = 0; i < percentiles.size(); i++) {
        points
            .append(Math.round(x.at(1 / (1 - percentiles.get(i) / 100))))
            .append(',')
            .append(Math.round(y.at(line.getValue().get(i))))
            .append(' ');
      }
      svg.path(points.toString().strip(), colour);
      svg.rectangle(WIDTH - RIGHT + 14, key - 9, 10, 10, colour);
      svg.small(WIDTH - RIGHT + 30, key, line.getKey(), Svg.Anchor.START);
      key += 20;
    }
    return svg.file();
  }

  private static String name(double percentile) {
    return percentile == Math.rint(percentile)
        ? Long.toString((long) percentile)
        : Double.toString(percentile);
  }
}
