package social.starling.bench.compare;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.failover.PeerCampaign;
import social.starling.bench.failover.StarlingFailover;
import social.starling.bench.installation.Installation;
import social.starling.bench.installation.RecordedProcess;
import social.starling.bench.load.Population;
import social.starling.bench.load.StarlingFeed;
import social.starling.bench.peer.Usages;
import social.starling.common.ExitCode;

/** {@code bench compare starling}. */
@Command(
    name = "starling",
    description = "Measure a running 'starling up' that 'bench setup' has filled.")
final class CompareStarlingCommand implements Callable<Integer> {

  @Mixin private CompareOptions options = new CompareOptions();
  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "The DIR of the running 'starling up'.")
  private Path dir;

  @Option(
      names = "--fill-seconds",
      paramLabel = "S",
      defaultValue = "0",
      description = "What 'bench setup' took; for the record.")
  private double fillSeconds;

  @Override
  public Integer call() throws InterruptedException {
    Population users = options.users();
    Installation installation = Installation.read(dir);
    Probe probe =
        new Probe(
            () -> cpu(installation),
            () ->
                installation.processes().stream()
                    .mapToLong(process -> Usages.memoryBytes(process.pid()))
                    .sum(),
            () -> Usages.diskBytes(List.of(dir)));
    Result.Builder results =
        new Result.Builder(
            options.folder().resolve(Systems.STARLING_FILE),
            "as built",
            users.size(),
            fillSeconds,
            probe);
    Measurement measurement = new Measurement(options.extent(), users.size());
    for (boolean direct : List.of(true, false)) {
      try (StarlingFeed feed =
          StarlingFeed.open(installation.router(), users, direct, CompareOptions.TIMELINE)) {
        measurement.all(direct ? Systems.STARLING : Systems.STARLING_ROUTED, feed, probe, results);
      }
    }
    for (PeerCampaign.Plan plan :
        List.of(Faults.kills(options.extent()), Faults.stops(options.extent()))) {
      results.add(
          StarlingFailover.measure(
              dir, plan, Systems.STARLING, Systems.STARLING_ROUTED, System.out::println));
    }
    return ExitCode.DONE;
  }

  private static Map<String, Double> cpu(Installation installation) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    for (RecordedProcess process : installation.processes()) {
      seconds.put(process.name(), Usages.cpuSeconds(process.pid()));
    }
    return seconds;
  }
}
