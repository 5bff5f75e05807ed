package social.starling.bench.load;

import picocli.CommandLine.Option;
import social.starling.bench.installation.Target;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Which simulated users, and where. */
final class PopulationOptions {

  @picocli.CommandLine.Mixin private Target target = new Target();

  @Option(
      names = "--users",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Number of simulated users. Default: ${DEFAULT-VALUE}.")
  private int users = 1000;

  @Option(
      names = "--following",
      paramLabel = "N",
      defaultValue = "50",
      description = "How many each of them follows on average. Default: ${DEFAULT-VALUE}.")
  private int following = 50;

  @Option(
      names = "--prefix",
      paramLabel = "NAME",
      defaultValue = "bench_",
      description = "What their names begin with; a number follows. Default: ${DEFAULT-VALUE}.")
  private String prefix = "bench_";

  Target target() {
    return target;
  }

  Population population() {
    try {
      return new Population(prefix, users, following);
    } catch (IllegalArgumentException | io.grpc.StatusRuntimeException e) {
      throw new StartException(ExitCode.USAGE, e.getMessage(), e);
    }
  }
}
