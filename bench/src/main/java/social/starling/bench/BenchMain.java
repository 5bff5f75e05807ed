package social.starling.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import social.starling.bench.compare.CompareCommand;
import social.starling.bench.core.CoreCommand;
import social.starling.bench.crossing.CrossingCommand;
import social.starling.bench.failover.FailoverCommand;
import social.starling.bench.fortunes.FortunesCommand;
import social.starling.bench.growth.GrowthCommand;
import social.starling.bench.load.LoadCommand;
import social.starling.bench.load.SetupCommand;
import social.starling.bench.startup.ProcessesCommand;
import social.starling.bench.startup.StartupCommand;
import social.starling.common.ProcessMain;

/** {@code bench}: measures a running Starling. */
@Command(
    name = "bench",
    description = "Measure a running Starling from outside.",
    subcommands = {
      SetupCommand.class,
      LoadCommand.class,
      FailoverCommand.class,
      CrossingCommand.class,
      ProcessesCommand.class,
      StartupCommand.class,
      CompareCommand.class,
      CoreCommand.class,
      GrowthCommand.class,
      FortunesCommand.class
    })
public final class BenchMain {

  @Mixin private HelpOption help = new HelpOption();

  private BenchMain() {}

  public static void main(String[] args) {
    System.exit(
        ProcessMain.run(new BenchMain(), args.length == 0 ? new String[] {"--help"} : args));
  }
}
