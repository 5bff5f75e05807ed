package social.starling.launcher;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import social.starling.common.ProcessMain;

/** Runs {@code up}, {@code down} and {@code status} without the rest of the command line. */
public final class LauncherMain {

  private LauncherMain() {}

  @Command(
      name = "starling",
      description = "Everything of Starling on one machine.",
      synopsisSubcommandLabel = "COMMAND",
      subcommands = {UpCommand.class, DownCommand.class, StatusCommand.class})
  private static final class Starling {

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        description = "Show this and exit.")
    private boolean help;
  }

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    System.exit(ProcessMain.run(new Starling(), args));
  }
}
