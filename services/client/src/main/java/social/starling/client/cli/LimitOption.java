package social.starling.client.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How many posts. */
final class LimitOption {

  private static final int MAX = 100_000;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "20",
      description = "The newest N, 1 to 100,000, oldest first (default: 20).")
  private int limit;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  int value() {
    if (limit < 1 || limit > MAX) {
      throw new ParameterException(
          command.commandLine(), "--limit: must be 1 to 100,000, not " + limit);
    }
    return limit;
  }
}
