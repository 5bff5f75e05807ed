package social.starling.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import social.starling.bench.failover.Outcome;

/**
 * All that was measured in one run. Immutable.
 *
 * @param results by file
 */
record Comparison(Map<String, Result> results) {

  static Comparison read(Path folder) {
    Map<String, Result> found = new LinkedHashMap<>();
    for (String file : Systems.FILES) {
      Result.read(folder.resolve(file)).ifPresent(result -> found.put(file, result));
    }
    return new Comparison(found);
  }

  /** The systems of which something is known, in the order in which they are shown. */
  List<String> systems() {
    return Systems.ALL.stream()
        .filter(system -> cells().stream().anyMatch(cell -> cell.system().equals(system)))
        .toList();
  }

  Optional<Cell> cell(String system, Workload workload, boolean closed) {
    return cells().stream()
        .filter(cell ->
            cell.system().equals(system)
                && cell.workload() == workload
                && cell.isClosed() == closed)
        .findFirst();
  }

  Optional<Outcome> outcome(String system, String fault) {
    return outcomes().stream()
        .filter(outcome -> outcome.system().equals(system) && outcome.fault().equals(fault))
        .findFirst();
  }

  List<Outcome> outcomes() {
    List<Outcome> all = new ArrayList<>();
    results.values().forEach(result -> all.addAll(result.failovers()));
    return all;
  }

  private List<Cell> cells() {
    List<Cell> all = new ArrayList<>();
    results.values().forEach(result -> all.addAll(result.cells()));
    return all;
  }
}
