package social.starling.torture.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import social.starling.torture.check.Violation;
import social.starling.torture.history.Fault;

/**
 * The timeline of a run as one SVG picture: faults as bars by kind, below them the calls and the
 * latencies of each second, all over the same time. A long run has several seconds in one column:
 * the worst of them.
 */
final class Charts {

  private static final int WIDTH = 1100;
  private static final int LEFT = 120;
  private static final int RIGHT = 12;
  private static final int ROW = 16;
  private static final int HEIGHT = 150;
  private static final int GAP = 46;
  private static final int MOST_COLUMNS = 480;
  private static final long[] STEPS = {1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200};

  private final Figures figures;
  private final Map<String, List<Fault>> faults = new TreeMap<>();
  private final List<Violation> violations;
  private final StringBuilder svg = new StringBuilder(1 << 16);
  private final double span;
  private final int perColumn;

  Charts(Figures figures, List<Fault> faults, List<Violation> violations) {
    this.figures = figures;
    this.violations = violations;
    faults.forEach(
        fault -> this.faults.computeIfAbsent(fault.kind(), _ -> new ArrayList<>()).add(fault));
    this.span = Math.max(1e9, figures.nanos());
    this.perColumn = Math.ceilDiv(Math.max(1, figures.seconds().size()), MOST_COLUMNS);
  }

  /** How many seconds a column of the picture stands for. */
  int perColumn() {
    return perColumn;
  }

  String draw() {
    int faultsEnd = 24 + Math.max(1, faults.size()) * ROW;
    int callsTop = faultsEnd + GAP;
    int latencyTop = callsTop + HEIGHT + GAP;
    int height = latencyTop + HEIGHT + 30;
    add(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"faults, calls and latencies over"
            + " time\">",
        WIDTH, height);
    drawTimeAxis(latencyTop + HEIGHT);
    drawFaults();
    drawCalls(callsTop);
    drawLatencies(latencyTop);
    for (Violation violation : violations) {
      add(
          "<line class=\"violation\" x1=\"%.1f\" x2=\"%.1f\" y1=\"16\" y2=\"%d\"><title>%s</title>"
              + "</line>",
          x(violation.at()),
          x(violation.at()),
          latencyTop + HEIGHT,
          Words.escaped(violation.sentence()));
    }
    return svg.append("</svg>").toString();
  }

  private double x(double nanos) {
    return LEFT + Math.clamp(nanos / span, 0, 1) * (WIDTH - LEFT - RIGHT);
  }

  private void add(String format, Object... parameters) {
    svg.append(String.format(Locale.ROOT, format, parameters)).append('\n');
  }

  private void drawTimeAxis(int bottom) {
    long seconds = (long) (span / 1e9);
    long step = STEPS[STEPS.length - 1];
    for (int i = STEPS.length - 1; i >= 0; i--) {
      step = seconds / STEPS[i] <= 14 ? STEPS[i] : step;
    }
    for (long at = 0; at <= seconds; at += step) {
      double x = x(at * 1e9);
      add("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"16\" y2=\"%d\"/>", x, x, bottom);
      add(
          "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          x, bottom + 16, clock(at));
    }
  }

  private static String clock(long seconds) {
    return seconds < 3_600
        ? "%d:%02d".formatted(seconds / 60, seconds % 60)
        : "%d:%02d:%02d".formatted(seconds / 3_600, seconds / 60 % 60, seconds % 60);
  }

  private void drawFaults() {
    int y = 20;
    for (Map.Entry<String, List<Fault>> kind : faults.entrySet()) {
      add(
          "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
          LEFT - 8, y + 10, Words.escaped(kind.getKey()));
      for (Fault fault : kind.getValue()) {
        double from = x(fault.begun());
        add(
            "<rect class=\"fault\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>%s %s %s"
                + "</title></rect>",
            from,
            y,
            Math.max(2, x(fault.ended()) - from),
            ROW - 4,
            Words.moment(fault.begun()),
            Words.escaped(kind.getKey()),
            Words.escaped(String.join(", ", fault.targets()) + " " + fault.detail()));
      }
      y += ROW;
    }
    if (faults.isEmpty()) {
      add("<text class=\"label\" x=\"%d\" y=\"%d\">no faults</text>", LEFT, y + 10);
    }
  }

  /** Acknowledged (and refused) calls upwards, failed and unknown ones on top. */
  private void drawCalls(int top) {
    double most =
        Math.max(1, figures.seconds().stream().mapToLong(s -> all(s.calls())).max().orElse(1));
    heading(top, "calls answered per second, and not answered");
    yTick(top, Words.count((long) most));
    yTick(top + HEIGHT, "0");
    for (int first = 0; first < figures.seconds().size(); first += perColumn) {
      // Of several seconds the one in which the most was missing, or the least was done.
      Figures.Second worst = null;
      for (Figures.Second second : column(first)) {
        worst = worst == null || badness(second) > badness(worst) ? second : worst;
      }
      double from = x(first * 1e9);
      double width = Math.max(0.5, x((first + (double) perColumn) * 1e9) - from - 0.3);
      long good = worst.calls().acknowledged() + worst.calls().refused();
      double goodHeight = HEIGHT * good / most;
      double badHeight = HEIGHT * (all(worst.calls()) - good) / most;
      bar("good", from, top + HEIGHT - goodHeight, width, goodHeight, worst);
      if (badHeight > 0) {
        double shown = Math.max(1.5, badHeight);
        bar("bad", from, top + HEIGHT - goodHeight - shown, width, shown, worst);
      }
    }
  }

  private void bar(
      String kind, double x, double y, double width, double height, Figures.Second of) {
    add(
        "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s: %d"
            + " acknowledged, %d refused, %d failed, %d unknown</title></rect>",
        kind,
        x,
        y,
        width,
        height,
        clock(of.second()),
        of.calls().acknowledged(),
        of.calls().refused(),
        of.calls().failed(),
        of.calls().unknown());
  }

  private static long all(Figures.Counts calls) {
    return calls.acknowledged() + calls.refused() + calls.failed() + calls.unknown();
  }

  private static long badness(Figures.Second second) {
    Figures.Counts calls = second.calls();
    return (calls.failed() + calls.unknown()) * 1_000_000 - calls.acknowledged();
  }

  private List<Figures.Second> column(int first) {
    return figures.seconds().subList(first, Math.min(first + perColumn, figures.seconds().size()));
  }

  private void drawLatencies(int top) {
    heading(top, "latency of acknowledged calls: max, p99, p50");
    double lowest = 1e5; // 0.1 ms
    double highest = 1e8;
    for (Figures.Second second : figures.seconds()) {
      while (second.max() > highest) {
        highest *= 10;
      }
    }
    for (double at = lowest; at <= highest * 1.01; at *= 10) {
      double y = y(top, at, lowest, highest);
      add(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
          LEFT, WIDTH - RIGHT, y, y);
      yTick(
          y,
          at < 1e6
              ? "0.1 ms"
              : at < 1e9 ? "%.0f ms".formatted(at / 1e6) : "%.0f s".formatted(at / 1e9));
    }
    line("max", top, lowest, highest, Figures.Second::max);
    line("p99", top, lowest, highest, Figures.Second::p99);
    line("p50", top, lowest, highest, Figures.Second::p50);
  }

  private void line(
      String kind, int top, double lowest, double highest, ToLongFunction<Figures.Second> value) {
    StringBuilder path = new StringBuilder();
    boolean drawing = false;
    for (int first = 0; first < figures.seconds().size(); first += perColumn) {
      long worst = column(first).stream().mapToLong(value).max().orElse(0);
      if (worst > 0) {
        // A single point shows too: a line of its own to where its column ends.
        double x = x((first + perColumn / 2.0) * 1e9);
        path.append(
            String.format(
                Locale.ROOT,
                "%s%.1f %.1f",
                drawing ? "L" : "M",
                x,
                y(top, worst, lowest, highest)));
        if (!drawing) {
          path.append("h0.5");
        }
      }
      drawing = worst > 0;
    }
    if (!path.isEmpty()) {
      add("<path class=\"%s\" d=\"%s\"/>", kind, path);
    }
  }

  private static double y(int top, double value, double lowest, double highest) {
    double part =
        (Math.log10(Math.max(value, lowest)) - Math.log10(lowest))
            / (Math.log10(highest) - Math.log10(lowest));
    return top + HEIGHT - HEIGHT * part;
  }

  private void heading(int top, String text) {
    add("<text class=\"heading\" x=\"%d\" y=\"%d\">%s</text>", LEFT, top - 10, text);
  }

  private void yTick(double y, String text) {
    add(
        "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
        LEFT - 8, y + 4, text);
  }
}
