package social.starling.torture.report;

import com.google.gson.FormattingStyle;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import social.starling.torture.check.Violation;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.History;

/** Tells a person or a program what a run came to. Pure but for {@link #write}. */
public final class Report {

  private static final Gson JSON =
      new GsonBuilder().disableHtmlEscaping().setFormattingStyle(FormattingStyle.COMPACT).create();

  private Report() {}

  /**
   * Writes one page that needs nothing else: styles and pictures are inside, and no script.
   *
   * @throws IOException the file cannot be written
   */
  public static void write(History history, List<Violation> violations, Figures figures, Path html)
      throws IOException {
    Files.writeString(html, new Page(history, violations, figures).html());
  }

  /** A summary for a terminal: verdict, counts, faults, violations. Several lines. */
  public static String text(History history, List<Violation> violations, Figures figures) {
    StringBuilder text = new StringBuilder();
    text.append(verdict(history, violations, figures)).append("\n\n");
    text.append(
        "%-10s %12s %9s %9s %9s%n"
            .formatted("calls", "acknowledged", "refused", "failed", "unknown"));
    figures
        .operations()
        .forEach((name, calls) ->
            text.append(
                "%-10s %12s %9s %9s %9s%n"
                    .formatted(
                        name,
                        Words.count(calls.acknowledged()),
                        Words.count(calls.refused()),
                        Words.count(calls.failed()),
                        Words.count(calls.unknown()))));
    text.append("shown by streams: %s%n".formatted(Words.count(figures.shown())));
    if (!figures.faults().isEmpty()) {
      text.append(
          "%n%-22s %6s %12s %10s %10s%n".formatted("faults", "count", "next write", "p99", "max"));
      for (Figures.Kind kind : figures.faults()) {
        text.append(
            "%-22s %6d %12s %10s %10s%n"
                .formatted(
                    kind.kind(),
                    kind.count(),
                    span(kind, kind.median()),
                    span(kind, kind.p99()),
                    span(kind, kind.max())));
      }
    }
    if (!violations.isEmpty()) {
      text.append('\n');
      for (Violation violation : violations) {
        text.append(
            "%s  %s: %s%n"
                .formatted(
                    Words.moment(violation.at()), violation.checker(), violation.sentence()));
      }
    }
    return text.append("%nagain: %s%n".formatted(history.again())).toString();
  }

  /** The same for programs: one JSON object, on one line; times in milliseconds. */
  public static String json(History history, List<Violation> violations, Figures figures) {
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("seed", figures.seed());
    record.put("begun", history.begun().toString());
    record.put("seconds", figures.nanos() / 1e9);
    record.put("complete", history.stored() != null);
    record.put("command", history.again());
    record.put("operations", figures.operations());
    record.put("shown", figures.shown());
    record.put("streams", figures.streams());
    List<Map<String, Object>> faults = new ArrayList<>();
    for (Figures.Kind kind : figures.faults()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("kind", kind.kind());
      one.put("count", kind.count());
      one.put("recovered", kind.recovered());
      if (kind.recovered() > 0) {
        one.put("medianMillis", kind.median() / 1e6);
        one.put("p99Millis", kind.p99() / 1e6);
        one.put("maxMillis", kind.max() / 1e6);
      }
      faults.add(one);
    }
    record.put("faults", faults);
    record.put("violationsByChecker", byChecker(violations));
    List<Map<String, Object>> found = new ArrayList<>();
    for (Violation violation : violations) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("checker", violation.checker());
      one.put("atMillis", violation.at() / 1e6);
      one.put("sentence", violation.sentence());
      found.add(one);
    }
    record.put("violations", found);
    return JSON.toJson(record);
  }

  static String verdict(History history, List<Violation> violations, Figures figures) {
    int faults = figures.faults().stream().mapToInt(Figures.Kind::count).sum();
    String ran =
        "%s of calls, %s acknowledged, %s faults"
            .formatted(
                Words.moment(figures.nanos()),
                Words.count(figures.total().acknowledged()),
                Words.count(faults));
    String verdict =
        violations.isEmpty()
            ? "No promise was broken"
            : "%d %s"
                .formatted(
                    violations.size(),
                    violations.size() == 1 ? "violation was found" : "violations were found");
    return verdict
        + ": "
        + ran
        + "."
        + (history.stored() == null
            ? " The run broke off: what is there in the end was not asked."
            : "");
  }

  static Map<String, Integer> byChecker(List<Violation> violations) {
    Map<String, Integer> counts = new TreeMap<>();
    violations.forEach(violation -> counts.merge(violation.checker(), 1, Integer::sum));
    return counts;
  }

  static String span(Figures.Kind kind, long nanos) {
    return kind.recovered() == 0 ? "–" : Words.span(nanos);
  }

  static List<Fault> faults(List<Event> events) {
    return events.stream().filter(Fault.class::isInstance).map(Fault.class::cast).toList();
  }
}
