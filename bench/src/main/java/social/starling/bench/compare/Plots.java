package social.starling.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import social.starling.bench.load.Kind;
import social.starling.bench.plot.Bars;
import social.starling.bench.plot.Dots;
import social.starling.bench.plot.Percentiles;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** The plots of a run. */
final class Plots {

  private Plots() {}

  /** Writes them into a folder; those of which nothing is known are left out. */
  static void write(Comparison comparison, Path folder) {
    save(
        folder.resolve("throughput.svg"),
        bars(
            comparison,
            "Operations per second, %d clients".formatted(Measurement.CLIENTS),
            Cell::perSecond,
            "%,.0f"));
    save(
        folder.resolve("cpu.svg"),
        bars(
            comparison,
            "Processor time of all servers for each operation, milliseconds",
            Cell::serverCpu,
            "%.3f"));
    latency(comparison, folder, Workload.POSTS, Kind.POST, "latency-posts.svg");
    latency(comparison, folder, Workload.TIMELINES, Kind.TIMELINE, "latency-timelines.svg");
    if (!comparison.outcomes().isEmpty()) {
      Map<String, List<Double>> rows = new LinkedHashMap<>();
      for (String fault : List.of("kill", "stop")) {
        for (String system : Systems.ALL) {
          comparison
              .outcome(system, fault)
              .ifPresent(outcome -> rows.put(system + ", " + fault, outcome.next()));
        }
      }
      save(
          folder.resolve("failover.svg"),
          Dots.draw("From a fault of the master to the next acknowledged write", rows));
    }
  }

  private static String bars(
      Comparison comparison, String title, ToDoubleFunction<Cell> value, String format) {
    List<Bars.Group> groups = new ArrayList<>();
    for (Workload workload : Workload.values()) {
      Map<String, Double> values = new LinkedHashMap<>();
      for (String system : comparison.systems()) {
        comparison
            .cell(system, workload, true)
            .ifPresent(cell -> values.put(system, value.applyAsDouble(cell)));
      }
      if (!values.isEmpty()) {
        groups.add(new Bars.Group(workload.words(), values));
      }
    }
    return Bars.draw(title, groups, format, Systems.ALL);
  }

  private static void latency(
      Comparison comparison, Path folder, Workload workload, Kind kind, String file) {
    Map<String, List<Double>> lines = new LinkedHashMap<>();
    for (String system : comparison.systems()) {
      comparison
          .cell(system, workload, false)
          .map(cell -> cell.percentiles().get(kind.word()))
          .ifPresent(found -> lines.put(system, found));
    }
    if (!lines.isEmpty()) {
      save(
          folder.resolve(file),
          Percentiles.draw(
              "Latency of %s, %,d/s".formatted(workload.words(), workload.rate()),
              Cell.AT,
              lines,
              Systems.ALL));
    }
  }

  private static void save(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot write %s: %s".formatted(file, e.getMessage()), e);
    }
  }
}
