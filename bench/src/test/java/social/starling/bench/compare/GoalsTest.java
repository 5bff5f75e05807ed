package social.starling.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.bench.failover.Outcome;
import social.starling.bench.load.Report;

class GoalsTest {

  @TempDir private Path folder;

  @Test
  void shouldCompareRatesOfTheSameWorkloadAndNothingElse() {
    Comparison comparison =
        comparison(
            List.of(
                closed(Systems.STARLING, Workload.POSTS, 9_000, 0.10),
                closed(Systems.STARLING, Workload.TIMELINES, 30_000, 0.05),
                closed(Systems.STARLING, Workload.MIX, 15_000, 0.06)),
            List.of(
                closed(Systems.POSTGRES, Workload.POSTS, 8_000, 0.17),
                closed(Systems.POSTGRES, Workload.TIMELINES, 11_000, 0.30)));

    assertThat(Goals.of(comparison))
        .contains(
            new Goals.Goal("posts/s above PostgreSQL's", "9,000 to 8,000: 1.13", true),
            new Goals.Goal("servers' CPU per post below PostgreSQL's (ms)", "0.100 to 0.170", true),
            new Goals.Goal(
                "timelines/s at least 3 x PostgreSQL's", "30,000 to 11,000: 2.73", false),
            new Goals.Goal("90/10 mix, direct, at least 12,000/s", "15,000 to 12,000: 1.25", true))
        .noneMatch(goal -> goal.words().contains("Redis"));
  }

  @Test
  void shouldWriteThousandsWithoutExponent() {
    Comparison comparison =
        comparison(
            Map.of(
                Systems.STARLING_FILE, stopped(Systems.STARLING, 1_041.4),
                Systems.REDIS_FILE, stopped(Systems.REDIS_ALWAYS, 999.7)));

    assertThat(Goals.of(comparison))
        .contains(
            new Goals.Goal(
                "stop to next acknowledged write, below Sentinel's at the same time-out (ms)",
                "1,041 to 1,000",
                false));
  }

  private static Result stopped(String system, double millis) {
    Outcome outcome =
        new Outcome(system, "stop", List.of(millis), millis, millis, 0, 1_000, 0, List.of());
    return new Result("1", 10, 1, 1, 1, List.of(), List.of(outcome));
  }

  @Test
  void shouldFindWhatWasWrittenAndDrawIt() throws Exception {
    Result starling =
        new Result(
            "as built",
            10_000,
            1,
            2,
            3,
            List.of(closed(Systems.STARLING, Workload.POSTS, 9_000, 0.10), open()),
            List.of(
                new Outcome(
                    Systems.STARLING,
                    "kill",
                    List.of(100.0, 140.0),
                    120,
                    140,
                    0,
                    1_000,
                    0,
                    List.of())));
    starling.write(folder.resolve(Systems.STARLING_FILE));

    Comparison read = Comparison.read(folder);
    Plots.write(read, folder);

    assertThat(read).isEqualTo(comparison(Map.of(Systems.STARLING_FILE, starling)));
    assertThat(Tables.text(read))
        .contains("| Starling | 9,000/s | – | – |")
        .contains("| Starling | posts, 1,000/s | post | 1.50 | 8.00 | 20 | 31 | 0 |")
        .contains("| Starling | kill | 2 | 120 ms | 140 ms | 1,000 | 0 | 0 |");
    for (String plot : List.of("throughput.svg", "cpu.svg", "latency-posts.svg", "failover.svg")) {
      assertThat(Files.readString(folder.resolve(plot)))
          .startsWith("<svg")
          .contains("Starling")
          .doesNotContain("NaN")
          .doesNotContain("Infinity");
    }
    assertThat(folder.resolve("latency-timelines.svg")).doesNotExist();
  }

  private static Comparison comparison(List<Cell> starling, List<Cell> postgres) {
    return comparison(
        Map.of(
            Systems.STARLING_FILE, new Result("1", 10, 1, 1, 1, starling, List.of()),
            Systems.POSTGRES_FILE, new Result("15", 10, 1, 1, 1, postgres, List.of())));
  }

  private static Comparison comparison(Map<String, Result> results) {
    return new Comparison(results);
  }

  private static Cell closed(String system, Workload workload, double perSecond, double cpu) {
    return new Cell(
        system,
        workload,
        64,
        0,
        perSecond,
        List.of(),
        cpu,
        Map.of("alpha-1", cpu),
        0.01,
        1,
        100,
        200,
        300,
        Map.of());
  }

  private static Cell open() {
    return new Cell(
        Systems.STARLING,
        Workload.POSTS,
        0,
        1_000,
        1_000,
        List.of(new Report.Line("post", 12_000, 1_000, 1.5, 3, 8, 20, 31, 1, 0, Map.of())),
        0.2,
        Map.of("alpha-1", 0.2),
        0.01,
        1,
        100,
        200,
        300,
        Map.of("post", List.of(0.5, 1.5, 3.0, 8.0, 20.0, 30.0)));
  }
}
