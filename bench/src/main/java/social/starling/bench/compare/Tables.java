package social.starling.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import social.starling.bench.failover.Outcome;
import social.starling.bench.load.Report;

/** The tables of a run, in Markdown. Pure. */
final class Tables {

  private static final String NONE = "–";

  private Tables() {}

  static String text(Comparison comparison) {
    StringBuilder text = new StringBuilder();
    comparison
        .results()
        .forEach((file, result) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "%s: version %s, %,d users, filled in %.0f s\n",
                    file,
                    result.version(),
                    result.users(),
                    result.fillSeconds())));
    text.append("\n### Throughput, %d clients in a closed loop\n\n".formatted(Measurement.CLIENTS));
    append(text, throughput(comparison));
    text.append("\n### Processor time of all servers for each operation, milliseconds\n\n");
    append(text, cpu(comparison));
    text.append(
        "\n### Processor time by process, closed loop, milliseconds for each operation\n\n");
    append(text, byProcess(comparison));
    text.append("\n### Latency in an open loop, milliseconds from the intended time\n\n");
    append(text, latency(comparison));
    text.append("\n### Memory and disk\n\n");
    append(text, sizes(comparison));
    text.append("\n### Fault to next acknowledged write\n\n");
    append(text, failover(comparison));
    text.append("\n### Goals\n\n");
    append(text, goals(comparison));
    return text.toString();
  }

  private static List<List<String>> throughput(Comparison comparison) {
    return perWorkload(
        comparison,
        cell -> String.format(Locale.ROOT, "%,.0f/s", cell.perSecond()),
        List.of("other programs took at most"),
        system ->
            List.of(
                String.format(
                    Locale.ROOT,
                    "%.0f %%",
                    java.util.Arrays.stream(Workload.values())
                        .flatMap(workload -> comparison.cell(system, workload, true).stream())
                        .mapToDouble(Cell::othersPercent)
                        .max()
                        .orElse(0))));
  }

  private static List<List<String>> cpu(Comparison comparison) {
    return perWorkload(
        comparison,
        cell ->
            String.format(
                Locale.ROOT, "%.3f (generator %.3f)", cell.serverCpu(), cell.generatorCpu()),
        List.of(),
        system -> List.of());
  }

  private static List<List<String>> byProcess(Comparison comparison) {
    return perWorkload(
        comparison,
        cell ->
            cell.cpuByProcess().entrySet().stream()
                .map(entry ->
                    String.format(Locale.ROOT, "%s %.3f", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", ")),
        List.of(),
        system -> List.of());
  }

  private static List<List<String>> perWorkload(
      Comparison comparison,
      Function<Cell, String> shown,
      List<String> moreHeads,
      Function<String, List<String>> more) {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of(""));
    for (Workload workload : Workload.values()) {
      head.add(workload.words());
    }
    head.addAll(moreHeads);
    rows.add(head);
    for (String system : comparison.systems()) {
      List<String> row = new ArrayList<>(List.of(system));
      for (Workload workload : Workload.values()) {
        row.add(comparison.cell(system, workload, true).map(shown).orElse(NONE));
      }
      row.addAll(more.apply(system));
      rows.add(row);
    }
    return rows;
  }

  private static List<List<String>> latency(Comparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("", "workload", "what", "p50", "p99", "p99.9", "max", "failed"));
    for (Workload workload : Workload.values()) {
      for (String system : comparison.systems()) {
        comparison
            .cell(system, workload, false)
            .ifPresent(cell -> cell.kinds().forEach(line -> rows.add(latency(cell, line))));
      }
    }
    return rows;
  }

  private static List<String> latency(Cell cell, Report.Line line) {
    long failed = line.failures().values().stream().mapToLong(Long::longValue).sum();
    List<String> row = new ArrayList<>();
    row.add(cell.system());
    row.add(String.format(Locale.ROOT, "%s, %,d/s", cell.workload().words(), cell.rate()));
    row.add(line.kind());
    for (double value : new double[] {line.p50(), line.p99(), line.p999(), line.max()}) {
      row.add(line.answered() == 0 ? NONE : millis(value));
    }
    row.add(Long.toString(failed));
    return row;
  }

  private static List<List<String>> sizes(Comparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "",
            "memory of all servers, after the mix",
            "all volumes, after the mix",
            "growth by each post"));
    for (String system : comparison.systems()) {
      rows.add(
          List.of(
              system,
              comparison
                  .cell(system, Workload.MIX, true)
                  .map(cell -> mib(cell.memory()))
                  .orElse(NONE),
              comparison
                  .cell(system, Workload.MIX, true)
                  .map(cell -> mib(cell.volume()))
                  .orElse(NONE),
              comparison
                  .cell(system, Workload.POSTS, true)
                  // Redis writes its log anew now and then, which makes it smaller.
                  .filter(cell -> cell.bytesPerPost() > 0)
                  .map(cell -> String.format(Locale.ROOT, "%,.0f bytes", cell.bytesPerPost()))
                  .orElse(NONE)));
    }
    return rows;
  }

  private static List<List<String>> failover(Comparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "", "fault", "runs", "median", "max", "posts acknowledged", "lost", "calls failed"));
    for (Outcome outcome : comparison.outcomes()) {
      rows.add(
          List.of(
              outcome.system(),
              outcome.fault(),
              Integer.toString(outcome.next().size()),
              String.format(Locale.ROOT, "%,.0f ms", outcome.median()),
              String.format(Locale.ROOT, "%,.0f ms", outcome.max()),
              String.format(Locale.ROOT, "%,d", outcome.acknowledged()),
              Long.toString(outcome.lost())
                  + (outcome.wrong().isEmpty() ? "" : "; " + outcome.wrong().getFirst()),
              Integer.toString(outcome.failedCalls())));
    }
    return rows;
  }

  private static List<List<String>> goals(Comparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("goal", "measured", "holds"));
    for (Goals.Goal goal : Goals.of(comparison)) {
      rows.add(List.of(goal.words(), goal.measured(), goal.holds() ? "yes" : "**no**"));
    }
    return rows;
  }

  private static void append(StringBuilder text, List<List<String>> rows) {
    for (int i = 0; i < rows.size(); i++) {
      text.append("| ").append(String.join(" | ", rows.get(i))).append(" |\n");
      if (i == 0) {
        text.append("|").append(" --- |".repeat(rows.getFirst().size())).append('\n');
      }
    }
  }

  private static String millis(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.0f", value);
  }

  private static String mib(double value) {
    return String.format(Locale.ROOT, "%,.0f MiB", value);
  }

  /** For programs: everything, and the goals. */
  record Document(Map<String, Result> results, List<Goals.Goal> goals) {}
}
