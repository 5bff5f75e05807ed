package social.starling.bench.plot;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Bars from left to right, one group below the other, each group with a scale of its own. */
public final class Bars {

  private static final int WIDTH = 760;
  private static final int LEFT = 150;
  private static final int RIGHT = 90;
  private static final int ROW = 22;
  private static final int HEAD = 34;

  /**
   * Bars that are compared with each other.
   *
   * @param values by what they are of, in order
   */
  public record Group(String name, Map<String, Double> values) {}

  private Bars() {}

  /**
   * Draws.
   *
   * @param format of a value, as in {@code String.format}
   * @param colours what each colour stands for, in order
   */
  public static String draw(String title, List<Group> groups, String format, List<String> colours) {
    int height = 40;
    for (Group group : groups) {
      height += HEAD + ROW * group.values().size();
    }
    Svg svg = new Svg(WIDTH, height).title(title);
    double y = 40;
    for (Group group : groups) {
      svg.text(10, y + 16, group.name(), Svg.Anchor.START);
      y += HEAD - 10;
      double most = group.values().values().stream().mapToDouble(v -> v).max().orElse(0);
      for (Map.Entry<String, Double> bar : group.values().entrySet()) {
        double length = most > 0 ? bar.getValue() / most * (WIDTH - LEFT - RIGHT) : 0;
        svg.small(LEFT - 8, y + 14, bar.getKey(), Svg.Anchor.END);
        svg.rectangle(
            LEFT, y + 2, length, ROW - 6, Svg.colour(Math.max(0, colours.indexOf(bar.getKey()))));
        svg.small(
            LEFT + length + 6,
            y + 14,
            String.format(Locale.ROOT, format, bar.getValue()),
            Svg.Anchor.START);
        y += ROW;
      }
      y += 10;
    }
    return svg.file();
  }
}
