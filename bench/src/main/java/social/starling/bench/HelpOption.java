package social.starling.bench;

import picocli.CommandLine.Option;

/** The flag that every command has. */
public final class HelpOption {

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this and exit.")
  private boolean help;
}
