package social.starling.client.cli;

import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import social.starling.client.ClientOptions;
import social.starling.client.ConnectionListener;
import social.starling.client.StarlingClient;
import social.starling.common.Address;
import social.starling.common.Addresses;

/** Whom to reach, and how. */
final class ConnectionOptions {

  @Option(
      names = "--router",
      paramLabel = "HOST:PORT[,…]",
      defaultValue = "${env:STARLING_ROUTER:-" + ClientOptions.DEFAULT_ROUTER + "}",
      description =
          "Routers; the next is tried when one fails (env STARLING_ROUTER;"
              + " default "
              + ClientOptions.DEFAULT_ROUTER
              + ").")
  private String routers;

  @Option(names = "--direct", description = "Go straight to the servers that the router names.")
  private boolean direct;

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      description = "Of each call, all attempts together (default: 5s).")
  private Duration deadline;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  StarlingClient connect(String user, ConnectionListener listener) {
    return connect(user, ClientOptions.DEFAULT_DEADLINE, listener);
  }

  StarlingClient connect(String user, Duration defaultDeadline, ConnectionListener listener) {
    return StarlingClient.connect(
        ClientOptions.of(Input.name(user))
            .withRouters(addresses())
            .withDirect(direct)
            .withDeadline(deadline(defaultDeadline))
            .withListener(listener));
  }

  private List<String> addresses() {
    try {
      return Addresses.parseList(routers).stream().map(Address::toString).toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--router: " + e.getMessage());
    }
  }

  private Duration deadline(Duration defaultDeadline) {
    if (deadline != null && !deadline.isPositive()) {
      throw new ParameterException(command.commandLine(), "--deadline: must be more than zero");
    }
    return deadline == null ? defaultDeadline : deadline;
  }
}
