package social.starling.bench.fortunes;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import social.starling.bench.HelpOption;

/** {@code bench fortunes}: what {@code bench/demo/fortunes} needs beside the starling command. */
@Command(
    name = "fortunes",
    description = "Turn a folder of fortunes into posts, and compare posts with that folder.",
    subcommands = {PrepareCommand.class, CompareCommand.class},
    synopsisSubcommandLabel = "COMMAND")
public final class FortunesCommand implements Runnable {

  @Mixin private HelpOption help = new HelpOption();

  @picocli.CommandLine.Spec private picocli.CommandLine.Model.CommandSpec spec;

  @Override
  public void run() {
    throw new picocli.CommandLine.ParameterException(
        spec.commandLine(), "name a command: prepare or compare");
  }
}
