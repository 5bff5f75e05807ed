package social.starling.bench.growth;

import static social.starling.bench.Usage.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import social.starling.bench.HelpOption;
import social.starling.common.ExitCode;

/** {@code bench growth}: how cost grows. */
@Command(
    name = "growth",
    description = {
      "Measure how cost grows with users, follows and posts.",
      "Parts: state (the tables in memory alone), volume (a volume alone), followed (a timeline),",
      "followers (a post), size (memory, volume and restart). The last three start a cluster of",
      "their own. Into the folder come PART.json, a picture of each curve (SVG), and growth.txt",
      "with all parts that are there."
    })
public final class GrowthCommand implements Callable<Integer> {

  @Parameters(
      arity = "0..*",
      paramLabel = "PART",
      description = "What to measure. Default: all of it, at most 9 minutes a part.")
  private List<Part> parts = List.of(Part.values());

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      required = true,
      description = "Where the figures go; also where the clusters' data is meanwhile.")
  private Path out;

  @Option(
      names = "--short",
      description = "Less of everything: at most 2 minutes a part, to see that it works.")
  private boolean brief;

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "Runs of each point, 1 to 100. Default: 3, with --short 1.")
  private Integer runs;

  @Option(
      names = "--limit",
      paramLabel = "DURATION",
      description =
          "Time for each part; what does not fit is left out. Default: 9m, with --short 2m.")
  private Duration limit;

  @Option(
      names = "--starling",
      paramLabel = "FILE",
      defaultValue = "./starling",
      description = "The starling script. Default: ${DEFAULT-VALUE}.")
  private Path starling = Path.of("./starling");

  @Mixin private HelpOption help = new HelpOption();

  @Override
  public Integer call() throws IOException, InterruptedException {
    require(runs == null || runs >= 1 && runs <= 100, "--runs can be 1 to 100");
    require(limit == null || limit.isPositive(), "--limit must be more than zero");
    require(
        Files.isExecutable(starling),
        "there is no program %s; name it with --starling".formatted(starling));
    Files.createDirectories(out);
    Scale usual = brief ? Scale.SHORT : Scale.FULL;
    Scale scale =
        usual.with(runs == null ? usual.runs() : runs, limit == null ? usual.limit() : limit);
    for (Part part : parts) {
      System.err.printf("measuring: %s%n", part.word());
      measure(part, scale).write(out);
    }
    System.out.print(Report.write(out));
    return ExitCode.DONE;
  }

  private Results measure(Part part, Scale scale) throws IOException, InterruptedException {
    List<String> machine = Machine.describe();
    Instant begun = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Budget budget = new Budget(scale.limit());
    List<Curve> curves =
        switch (part) {
          case STATE -> new StateGrowth(scale, budget).measure();
          case VOLUME -> new VolumeGrowth(scale, budget, out).measure();
          case FOLLOWED, FOLLOWERS, SIZE -> onCluster(part, scale, budget);
        };
    return new Results(
        part.word(), begun.toString(), budget.seconds(), machine, curves, budget.notes());
  }

  private List<Curve> onCluster(Part part, Scale scale, Budget budget)
      throws IOException, InterruptedException {
    try (LocalCluster cluster = LocalCluster.start(starling, out)) {
      return switch (part) {
        case FOLLOWED -> new FollowedGrowth(scale, budget).measure(cluster);
        case FOLLOWERS -> new FollowersGrowth(scale, budget).measure(cluster);
        case SIZE -> new SizeGrowth(scale, budget, cluster).measure();
        case STATE, VOLUME -> throw new IllegalArgumentException("it needs no cluster");
      };
    }
  }
}
