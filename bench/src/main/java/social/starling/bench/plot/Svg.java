package social.starling.bench.plot;

import java.util.Locale;

/** A drawing that is being made. Lengths in pixels, from the top left. Used by one thread. */
final class Svg {

  /** Colours that differ for the colour-blind too (Okabe and Ito). */
  private static final String[] COLOURS = {
    "#0072b2", "#56b4e9", "#e69f00", "#d55e00", "#cc79a7", "#009e73", "#999999"
  };

  /** Where a text stands: its beginning, its middle or its end is at the place. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  private final int width;
  private final int height;
  private final StringBuilder shapes = new StringBuilder();

  Svg(int width, int height) {
    this.width = width;
    this.height = height;
  }

  static String colour(int number) {
    return COLOURS[number % COLOURS.length];
  }

  Svg rectangle(double x, double y, double w, double h, String colour) {
    return add(
        "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s'/>", x, y, w, h, colour);
  }

  Svg line(double x1, double y1, double x2, double y2, String colour, double thickness) {
    return add(
        "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s' stroke-width='%.1f'/>",
        x1, y1, x2, y2, colour, thickness);
  }

  Svg dot(double x, double y, double radius, String colour) {
    return add(
        "<circle cx='%.1f' cy='%.1f' r='%.1f' fill='%s' fill-opacity='0.6'/>",
        x, y, radius, colour);
  }

  /**
   * A line through points.
   *
   * @param points "x,y x,y …"
   */
  Svg path(String points, String colour) {
    return add("<polyline points='%s' fill='none' stroke='%s' stroke-width='2'/>", points, colour);
  }

  Svg text(double x, double y, String text, Anchor anchor) {
    return text(x, y, text, anchor, "#222222", 12);
  }

  Svg title(String text) {
    return text(10, 20, text, Anchor.START, "#000000", 15);
  }

  Svg small(double x, double y, String text, Anchor anchor) {
    return text(x, y, text, anchor, "#555555", 11);
  }

  /** The whole file. */
  String file() {
    return """
    <svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d'
      font-family='sans-serif'>
    <rect width='100%%' height='100%%' fill='#ffffff'/>
    %s</svg>
    """
        .formatted(width, height, width, height, shapes);
  }

  private Svg text(double x, double y, String text, Anchor anchor, String colour, int size) {
    return add(
        "<text x='%.1f' y='%.1f' text-anchor='%s' fill='%s' font-size='%d'>%s</text>",
        x,
        y,
        anchor.name().toLowerCase(Locale.ROOT),
        colour,
        size,
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
  }

  private Svg add(String shape, Object... values) {
    shapes.append(String.format(Locale.ROOT, shape, values)).append('\n');
    return this;
  }
}
