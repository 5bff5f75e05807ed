package social.starling.bench.growth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** What was measured, for people: a text with all points, and a picture of each curve. */
final class Report {

  /** Below this, what does not depend on what grows is most of a cost. */
  private static final double MANY = 200;

  private final StringBuilder text = new StringBuilder();

  private Report() {}

  /** Writes both into the folder, from what the parts left there; returns the text. */
  static String write(Path folder) throws IOException {
    Report report = new Report();
    for (Results results : Results.read(folder)) {
      report.add(results);
      for (Curve curve : results.curves()) {
        Files.writeString(folder.resolve(curve.name() + ".svg"), Picture.of(curve));
      }
    }
    Files.writeString(folder.resolve("growth.txt"), report.text);
    return report.text.toString();
  }

  private void add(Results results) {
    line("== %s, %s, %.0f s", results.part(), results.begun(), results.seconds());
    results.machine().forEach(sentence -> line("   %s", sentence));
    results.notes().forEach(sentence -> line("   %s", sentence));
    for (Curve curve : results.curves()) {
      line("");
      line("%s (%s.svg): %s, by %s", curve.title(), curve.name(), curve.y(), curve.x());
      for (Curve.Series series : curve.series()) {
        line("  %s%s", series.name(), shape(curve, series));
        for (Point point : series.points()) {
          line(
              point.runs() == 1 ? "  %12.0f %12.3f" : "  %12.0f %12.3f   %.3f to %.3f, %d runs",
              point.x(),
              point.y(),
              point.low(),
              point.high(),
              point.runs());
        }
      }
    }
    line("");
  }

  /** How it grows, in one number. */
  private static String shape(Curve curve, Curve.Series series) {
    List<Point> points = series.points();
    if (points.size() < 2) {
      return "";
    }
    if (!curve.logarithmic()) {
      return String.format(
          Locale.ROOT, ": %.3f per 1,000 %s on average", series.slope() * 1000, curve.x());
    }
    boolean many = points.stream().filter(point -> point.x() >= MANY).count() >= 2;
    return many
        ? String.format(
            Locale.ROOT,
            ": grows with the power %.2f of the number from %.0f on",
            series.exponent(MANY),
            MANY)
        : String.format(
            Locale.ROOT, ": grows with the power %.2f of the number", series.exponent(1));
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
