package social.starling.torture.report;

import java.util.List;
import social.starling.torture.check.Checker;
import social.starling.torture.check.Violation;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.History;

/** The page of a report. */
final class Page {

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1f2328; --soft: #6b7280;
        --line: #e3e1da; --good: #2f7d6b; --bad: #c2410c; --fault: #8a6d1d; --max: #d08770;
        --p99: #7c5cbf; --p50: #2f7d6b; --card: #ffffff; }
      @media (prefers-color-scheme: dark) { :root { --paper: #16181c; --ink: #e6e6e3;
        --soft: #9aa0a8; --line: #30343b; --good: #4fb39c; --bad: #f0783c; --fault: #c9a445;
        --max: #d08770; --p99: #a78bfa; --p50: #4fb39c; --card: #1e2126; } }
      body { margin: 0 auto; max-width: 1160px; padding: 24px; background: var(--paper);
        color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
      h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 10px; }
      .well h1 { color: var(--good); } .broken h1 { color: var(--bad); }
      .soft { color: var(--soft); } code { font: 13px ui-monospace, monospace; }
      pre { background: var(--card); border: 1px solid var(--line); padding: 10px 12px;
        border-radius: 6px; overflow-x: auto; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      th, td { padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line); text-align: right;
        vertical-align: top; }
      th { color: var(--soft); font-weight: 500; }
      th:first-child, td:first-child, td.words { text-align: left; }
      details { background: var(--card); border: 1px solid var(--line); border-radius: 6px;
        margin: 8px 0; padding: 8px 12px; } summary { cursor: pointer; }
      summary b { color: var(--bad); } details td { font-size: 13px; }
      svg { width: 100%; min-width: 720px; height: auto; }
      svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
      svg .tick, svg .heading { fill: var(--soft); } svg .grid { stroke: var(--line); }
      svg .fault { fill: var(--fault); } svg .good { fill: var(--good); }
      svg .bad { fill: var(--bad); } svg .violation { stroke: var(--bad); stroke-width: 1.5;
        stroke-dasharray: 3 3; }
      svg path { fill: none; stroke-width: 1.5; } svg .max { stroke: var(--max); }
      svg .p99 { stroke: var(--p99); } svg .p50 { stroke: var(--p50); }
      .key span { display: inline-block; width: 10px; height: 10px; margin: 0 4px 0 14px;
        border-radius: 2px; }
      tr.fault td { color: var(--fault); }
      """;

  private final History history;
  private final List<Violation> violations;
  private final Figures figures;
  private final StringBuilder html = new StringBuilder(1 << 17);

  Page(History history, List<Violation> violations, Figures figures) {
    this.history = history;
    this.violations = violations;
    this.figures = figures;
  }

  String html() {
    String verdict = Report.verdict(history, violations, figures);
    int colon = verdict.indexOf(':');
    add("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    add("<title>%s – starling torture</title>", Words.escaped(verdict.substring(0, colon)));
    html.append("<style>\n").append(STYLE).append("</style></head>\n");
    add("<body class=\"%s\">", violations.isEmpty() ? "well" : "broken");
    add("<h1>%s</h1>", Words.escaped(verdict.substring(0, colon)));
    add("<p>%s</p>", Words.escaped(verdict.substring(colon + 2)));
    add(
        "<p class=\"soft\">Seed %d, begun %s; %d users, %d sessions, %s streams, %s posts shown by"
            + " them.</p>",
        figures.seed(),
        history.begun(),
        figures.users(),
        figures.sessions(),
        Words.count(figures.streams()),
        Words.count(figures.shown()));
    add("<pre><code>%s</code></pre>", Words.escaped(history.again()));
    addPicture();
    addFaults();
    addCalls();
    addViolations();
    add("</body></html>");
    return html.toString();
  }

  private void add(String format, Object... parameters) {
    html.append(parameters.length == 0 ? format : format.formatted(parameters)).append('\n');
  }

  private void addPicture() {
    Charts charts = new Charts(figures, Report.faults(history.events()), violations);
    add("<h2>What happened when</h2>");
    add(
        "<p class=\"soft key\">%s<span style=\"background:var(--good)\"></span>answered"
            + "<span style=\"background:var(--bad)\"></span>failed or unknown, and violations"
            + "<span style=\"background:var(--max)\"></span>max"
            + "<span style=\"background:var(--p99)\"></span>p99"
            + "<span style=\"background:var(--p50)\"></span>p50</p>",
        charts.perColumn() == 1
            ? ""
            : "A column is the worst of %d seconds.".formatted(charts.perColumn()));
    html.append("<div class=\"scroll\">\n").append(charts.draw()).append("</div>\n");
  }

  private void addFaults() {
    add("<h2>Faults, and the time to the next acknowledged write</h2>");
    add(
        "<p class=\"soft\">From the beginning of the fault to the answer of a write that began"
            + " after it, in the last of the clusters where writes may stop.</p>");
    add(
        "<div class=\"scroll\"><table><tr><th>fault</th><th>count</th><th>recovered</th>"
            + "<th>median</th><th>p99</th><th>max</th></tr>");
    for (Figures.Kind kind : figures.faults()) {
      add(
          "<tr><td>%s</td><td>%d</td><td>%d</td><td>%s</td><td>%s</td><td>%s</td></tr>",
          Words.escaped(kind.kind()),
          kind.count(),
          kind.recovered(),
          Report.span(kind, kind.median()),
          Report.span(kind, kind.p99()),
          Report.span(kind, kind.max()));
    }
    add("</table></div>");
  }

  private void addCalls() {
    add("<h2>Calls</h2>");
    add(
        "<div class=\"scroll\"><table><tr><th>asked</th><th>acknowledged</th><th>refused</th>"
            + "<th>failed</th><th>unknown</th></tr>");
    figures.operations().forEach(this::addCalls);
    addCalls("all", figures.total());
    add("</table></div>");
  }

  private void addCalls(String name, Figures.Counts calls) {
    add(
        "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>",
        name,
        Words.count(calls.acknowledged()),
        Words.count(calls.refused()),
        Words.count(calls.failed()),
        Words.count(calls.unknown()));
  }

  private void addViolations() {
    add("<h2>Promises</h2>");
    add("<div class=\"scroll\"><table><tr><th>checker</th><th>violations</th></tr>");
    for (String checker : Checker.names()) {
      add(
          "<tr><td>%s</td><td>%d</td></tr>",
          checker, Report.byChecker(violations).getOrDefault(checker, 0));
    }
    add("</table></div>");
    for (Violation violation : violations) {
      add(
          "<details%s><summary><b>%s</b> at %s: %s</summary>",
          violation == violations.getFirst() ? " open" : "",
          Words.escaped(violation.checker()),
          Words.moment(violation.at()),
          Words.escaped(violation.sentence()));
      add("<div class=\"scroll\"><table><tr><th>from</th><th>to</th><th></th></tr>");
      for (Event event : violation.around()) {
        long[] times = Words.times(event);
        add(
            "<tr%s><td>%s</td><td>%s</td><td class=\"words\">%s</td></tr>",
            event instanceof Fault ? " class=\"fault\"" : "",
            Words.moment(times[0]),
            Words.moment(times[1]),
            Words.escaped(Words.what(event)));
      }
      add("</table></div></details>");
    }
  }
}
