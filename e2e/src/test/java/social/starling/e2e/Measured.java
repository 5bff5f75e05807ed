package social.starling.e2e;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Figures of a run. They are told; none of them decides whether a case passes. Thread-safe. */
final class Measured {

  private record Figure(String unit, List<Double> values) {

    double median() {
      List<Double> sorted = new ArrayList<>(values);
      Collections.sort(sorted);
      int middle = sorted.size() / 2;
      return sorted.size() % 2 == 1
          ? sorted.get(middle)
          : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    double max() {
      return Collections.max(values);
    }
  }

  private final Map<String, Figure> figures = new LinkedHashMap<>();
  private final Path file;

  /** None yet; the file is written anew with each figure. */
  Measured(Path file) {
    this.file = file;
  }

  void time(String what, Duration time) {
    value(what, "ms", time.toMillis());
  }

  synchronized void value(String what, String unit, double value) {
    figures.computeIfAbsent(what, _ -> new Figure(unit, new ArrayList<>())).values().add(value);
    write();
  }

  private void write() {
    List<Map<String, Object>> rows = new ArrayList<>();
    figures.forEach((what, figure) -> {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("what", what);
      row.put("unit", figure.unit());
      row.put("median", figure.median());
      row.put("max", figure.max());
      row.put("values", figure.values());
      rows.add(row);
    });
    try {
      Files.writeString(
          file, new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(rows));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of them, for a person. */
  synchronized String table() {
    StringBuilder table = new StringBuilder();
    table.append(row("what", "unit", "runs", "median", "max"));
    figures.forEach((what, figure) ->
        table.append(
            row(
                what,
                figure.unit(),
                "" + figure.values().size(),
                number(figure.median()),
                number(figure.max()))));
    return table.toString();
  }

  private static String number(double value) {
    return value == Math.rint(value) || value >= 100
        ? "%,.0f".formatted(value)
        : "%.2f".formatted(value);
  }

  private static String row(String what, String unit, String runs, String median, String max) {
    return String.format(
        Locale.ROOT, "  %-72s %-6s %5s %10s %10s%n", what, unit, runs, median, max);
  }
}
