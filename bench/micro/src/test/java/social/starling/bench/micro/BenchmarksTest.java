package social.starling.bench.micro;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class BenchmarksTest {

  @Test
  void shouldRunEachOnce() throws RunnerException, IOException {
    Options once =
        new OptionsBuilder()
            .include(".*")
            .mode(Mode.SingleShotTime)
            .forks(0)
            .warmupIterations(0)
            .measurementIterations(1)
            .measurementTime(TimeValue.milliseconds(1))
            .param("batch", "3")
            .param("followers", "20")
            .param("followed", "30")
            .param("entries", "2")
            .param("changes", "3")
            .param("clients", "20")
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .build();

    Collection<RunResult> results = new Runner(once).run();

    Set<String> run =
        results.stream()
            .map(result -> result.getParams().getBenchmark())
            .map(name -> name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1))
            .collect(Collectors.toSet());
    assertThat(run)
        .containsExactlyInAnyOrder(
            "ApplyBenchmark.followAndUnfollow",
            "ApplyBenchmark.post",
            "EffectsBenchmark.write",
            "EncodingBenchmark.appendFromBytes",
            "EncodingBenchmark.appendToBytes",
            "EncodingBenchmark.recordOfPost",
            "EncodingBenchmark.timelineToBytes",
            "JournalBenchmark.write",
            "RulesBenchmark.commit",
            "TimelineBenchmark.newest",
            "TimelineBenchmark.older",
            "TimelineBenchmark.sinceCursor")
        .hasSameSizeAs(listed());
    assertThat(results)
        .allSatisfy(result -> assertThat(result.getPrimaryResult().getScore()).isPositive());
  }

  /** What the annotation processor found. */
  private static List<String> listed() throws IOException {
    try (InputStream list = BenchmarksTest.class.getResourceAsStream("/META-INF/BenchmarkList")) {
      return new String(list.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
