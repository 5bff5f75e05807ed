package social.starling.bench.compare;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import social.starling.bench.HelpOption;

/** {@code bench compare}. */
@Command(
    name = "compare",
    description = {
      "Measure Starling beside PostgreSQL and Redis.",
      "bench/compare FOLDER does all of it in one run."
    },
    subcommands = {
      CompareStarlingCommand.class,
      ComparePostgresCommand.class,
      CompareRedisCommand.class,
      CompareReportCommand.class
    })
public final class CompareCommand {

  @Mixin private HelpOption help = new HelpOption();
}
