package social.starling.bench.growth;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A curve as SVG: medians as dots on a line, and bars from the lowest to the highest run. */
final class Picture {

  private static final int WIDTH = 720;
  private static final int HEIGHT = 420;
  private static final int LEFT = 80;
  private static final int RIGHT = 20;
  private static final int TOP = 40;
  private static final int BOTTOM = 90;
  private static final int LEGEND = 16;
  private static final List<String> COLOURS =
      List.of("#1b6ca8", "#c8553d", "#3a7d44", "#8a5a9e", "#b08900");

  private final Curve curve;
  private final StringBuilder svg = new StringBuilder();

  private Picture(Curve curve) {
    this.curve = curve;
  }

  static String of(Curve curve) {
    return new Picture(curve).draw();
  }

  private String draw() {
    int height = HEIGHT + LEGEND * curve.series().size();
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
            + " font-family=\"sans-serif\" font-size=\"12\">",
        WIDTH, height, WIDTH, height);
    add("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", WIDTH, height);
    add("<text x=\"%d\" y=\"22\" font-size=\"15\">%s</text>", LEFT, escaped(curve.title()));
    List<Point> shown = curve.series().stream().flatMap(line -> shown(line).stream()).toList();
    if (!shown.isEmpty()) {
      Axis x =
          Axis.over(
              curve.logarithmic(), shown.stream().map(Point::x).toList(), LEFT, WIDTH - RIGHT);
      Axis y =
          Axis.over(
              curve.logarithmic(),
              shown.stream()
                  .<Double>mapMulti((point, each) -> {
                    each.accept(point.low());
                    each.accept(point.high());
                  })
                  .toList(),
              HEIGHT - BOTTOM,
              TOP);
      axes(x, y);
      for (int i = 0; i < curve.series().size(); i++) {
        line(curve.series().get(i), i, x, y);
      }
    }
    return svg.append("</svg>\n").toString();
  }

  /** A logarithm has no place for nothing. */
  private List<Point> shown(Curve.Series line) {
    return line.points().stream()
        .filter(point -> !curve.logarithmic() || point.x() > 0 && point.low() > 0)
        .toList();
  }

  private void axes(Axis x, Axis y) {
    for (double tick : x.ticks()) {
      double at = x.pixel(tick);
      add(
          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#dddddd\"/>",
          at, at, TOP, HEIGHT - BOTTOM);
      add(
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          at, HEIGHT - BOTTOM + 18, Axis.text(tick));
    }
    for (double tick : y.ticks()) {
      double at = y.pixel(tick);
      add(
          "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>",
          LEFT, WIDTH - RIGHT, at, at);
      add(
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
          LEFT - 6, at + 4, Axis.text(tick));
    }
    add(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 38, escaped(curve.x()));
    add(
        "<text transform=\"translate(18 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
        (TOP + HEIGHT - BOTTOM) / 2, escaped(curve.y()));
  }

  private void line(Curve.Series line, int number, Axis x, Axis y) {
    String colour = COLOURS.get(number % COLOURS.size());
    List<Point> points = shown(line);
    add(
        "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/>",
        colour,
        points.stream()
            .map(point -> formatted("%.1f,%.1f", x.pixel(point.x()), y.pixel(point.y())))
            .collect(Collectors.joining(" ")));
    for (Point point : points) {
      double at = x.pixel(point.x());
      add(
          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>",
          at, at, y.pixel(point.low()), y.pixel(point.high()), colour);
      add(
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"><title>%s: %s</title></circle>",
          at, y.pixel(point.y()), colour, Axis.text(point.x()), Axis.text(point.y()));
    }
    int legend = HEIGHT - BOTTOM + 60 + number * LEGEND;
    add(
        "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"4\" fill=\"%s\"/>",
        LEFT, legend - 6, colour);
    add("<text x=\"%d\" y=\"%d\">%s</text>", LEFT + 18, legend, escaped(line.name()));
  }

  private void add(String format, Object... values) {
    svg.append(formatted(format, values)).append('\n');
  }

  private static String formatted(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
