package social.starling.bench.compare;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.failover.PeerCampaign;
import social.starling.bench.load.Population;
import social.starling.bench.postgres.PostgresFeed;
import social.starling.bench.postgres.PostgresPair;
import social.starling.bench.postgres.PostgresPrograms;
import social.starling.common.ExitCode;

/** {@code bench compare postgres}. */
@Command(
    name = "postgres",
    description = {
      "Measure PostgreSQL with a synchronous standby.",
      "Both are started from the installed package, filled, measured and ended."
    })
final class ComparePostgresCommand implements Callable<Integer> {

  @Mixin private CompareOptions options = new CompareOptions();
  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "64",
      description = "Size of the pool. Default: ${DEFAULT-VALUE}.")
  private int connections = Measurement.CLIENTS;

  @Override
  public Integer call() throws InterruptedException {
    Optional<PostgresPrograms> programs = PostgresPrograms.find();
    if (programs.isEmpty()) {
      System.out.println(PostgresPrograms.MISSING);
      return ExitCode.DONE;
    }
    Population users = options.users();
    try (PostgresPair pair =
        new PostgresPair(programs.get(), options.folder().resolve("postgres-data"), users.size())) {
      // Interrupted, this program leaves nothing behind.
      Runtime.getRuntime().addShutdownHook(new Thread(pair::close));
      pair.start();
      Probe probe = new Probe(pair::cpuSeconds, pair::memoryBytes, pair::volumeBytes);
      long began = System.nanoTime();
      Result.Builder results;
      try (PostgresFeed feed =
          PostgresFeed.open(pair, users, CompareOptions.POSTS_EACH, connections)) {
        results =
            new Result.Builder(
                options.folder().resolve(Systems.POSTGRES_FILE),
                pair.version(),
                users.size(),
                (System.nanoTime() - began) / 1e9,
                probe);
        new Measurement(options.extent(), users.size()).all(Systems.POSTGRES, feed, probe, results);
      }
      for (PeerCampaign.Plan plan :
          List.of(Faults.kills(options.extent()), Faults.stops(options.extent()))) {
        try (PeerCampaign campaign =
            new PeerCampaign(Systems.POSTGRES, pair, plan, System.out::println)) {
          results.add(List.of(campaign.run()));
        }
      }
    }
    return ExitCode.DONE;
  }
}
