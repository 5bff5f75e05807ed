package social.starling.client.cli;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import social.starling.client.ClientOptions;
import social.starling.client.ConnectionListener;
import social.starling.client.StarlingClient;
import social.starling.common.Address;
import social.starling.common.Addresses;
import social.starling.common.Logging;

/**
 * Whom to reach, and how. What is not given to a subcommand is taken from before its name: {@code
 * starling --router HOST:PORT list} is {@code starling list --router HOST:PORT}.
 */
final class ConnectionOptions {

  private static final String VARIABLE = "STARLING_ROUTER";

  @Option(
      names = "--router",
      paramLabel = "HOST:PORT[,…]",
      description =
          "Routers; the next is tried when one fails (environment: STARLING_ROUTER; default: "
              + ClientOptions.DEFAULT_ROUTER
              + ").")
  private String routers;

  @Option(names = "--direct", description = "Go straight to the servers that the router names.")
  private boolean direct;

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      description = "Of each call, all attempts together (default: 5s; import-posts: 1m).")
  private Duration deadline;

  @Option(names = "--verbose", description = "Log what happens, on standard error.")
  private boolean verbose;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  StarlingClient connect(String user, Io io, ConnectionListener listener) {
    return connect(user, io, ClientOptions.DEFAULT_DEADLINE, listener);
  }

  StarlingClient connect(
      String user, Io io, Duration defaultDeadline, ConnectionListener listener) {
    if (verbose()) {
      Logging.configure(Logging.Format.TEXT, Logging.Level.DEBUG, "starling");
    }
    return StarlingClient.connect(
        ClientOptions.of(Input.name(user))
            .withRouters(addresses(io))
            .withDirect(direct())
            .withDeadline(deadline(defaultDeadline))
            .withListener(listener));
  }

  private Optional<ConnectionOptions> before() {
    return command.root().userObject() instanceof StarlingMain main && main.connection() != this
        ? Optional.of(main.connection())
        : Optional.empty();
  }

  private Optional<String> routers() {
    return Optional.ofNullable(routers).or(() -> before().flatMap(ConnectionOptions::routers));
  }

  private boolean direct() {
    return direct || before().filter(ConnectionOptions::direct).isPresent();
  }

  private boolean verbose() {
    return verbose || before().filter(ConnectionOptions::verbose).isPresent();
  }

  private Optional<Duration> deadline() {
    return Optional.ofNullable(deadline).or(() -> before().flatMap(ConnectionOptions::deadline));
  }

  private List<String> addresses(Io io) {
    Optional<String> given = routers();
    Optional<String> set = Optional.ofNullable(io.environment().get(VARIABLE));
    try {
      return Addresses.parseList(given.or(() -> set).orElse(ClientOptions.DEFAULT_ROUTER)).stream()
          .map(Address::toString)
          .toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          command.commandLine(),
          (given.isPresent() ? "--router: " : VARIABLE + ": ") + e.getMessage());
    }
  }

  private Duration deadline(Duration defaultDeadline) {
    Duration given = deadline().orElse(defaultDeadline);
    if (!given.isPositive()) {
      throw new ParameterException(command.commandLine(), "--deadline: must be more than zero");
    }
    return given;
  }
}
