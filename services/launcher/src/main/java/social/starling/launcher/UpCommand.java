package social.starling.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** {@code starling up}. */
@Command(
    name = "up",
    description = {
      "Start everything on this machine: a coordinator, a router, and for each cluster two servers",
      "and a synchronizer.",
      "Starts again what dies. Ctrl-C ends everything; what was posted stays in DIR."
    })
final class UpCommand implements Callable<Integer> {

  private static final Pattern DOMAIN =
      Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");

  @Option(
      names = "--clusters",
      paramLabel = "N",
      description =
          "Number of clusters of a new DIR, kept from then on. Default: "
              + Plan.DEFAULT_CLUSTERS
              + ". Later ones: starling admin add-cluster.")
  private Integer clusters;

  @Mixin private DirectoryOption dir = new DirectoryOption();

  @Option(
      names = "--router-port",
      paramLabel = "PORT",
      description =
          "Where users call. Default: what it was in DIR, or " + Plan.DEFAULT_ROUTER_PORT + ".")
  private Integer routerPort;

  /** For tests that put a network of their own between the processes. */
  @Option(
      names = "--domain",
      paramLabel = "DOMAIN",
      hidden = true,
      description =
          "The processes know each other as NAME.DOMAIN instead of 127.0.0.1; kept from then on.")
  private String domain;

  @Option(
      names = "--detach",
      description = "Return when everything is ready; it goes on in the background.")
  private boolean detach;

  @Override
  public Integer call() throws Exception {
    if (routerPort != null && (routerPort < 1 || routerPort > 65_535)) {
      throw new StartException(
          ExitCode.USAGE, "--router-port is %d; it can be 1 to 65535".formatted(routerPort));
    }
    if (domain != null && !DOMAIN.matcher(domain).matches()) {
      throw new StartException(
          ExitCode.USAGE,
          "--domain is %s; it can have lower-case letters, digits, dots and hyphens"
              .formatted(domain));
    }
    DataDirectory directory = dir.directory();
    Terminal terminal = System.out::println;
    directory.create();
    if (detach) {
      return new Background(directory, terminal).run(arguments());
    }
    Plan.Wish wish =
        new Plan.Wish(optional(clusters), optional(routerPort))
            .withDomain(Optional.ofNullable(domain));
    return new Up(directory, Distribution.current(), terminal).run(wish);
  }

  private List<String> arguments() {
    List<String> arguments =
        new ArrayList<>(List.of("up", "--dir", dir.directory().root().toString()));
    if (clusters != null) {
      arguments.addAll(List.of("--clusters", clusters.toString()));
    }
    if (routerPort != null) {
      arguments.addAll(List.of("--router-port", routerPort.toString()));
    }
    if (domain != null) {
      arguments.addAll(List.of("--domain", domain));
    }
    return arguments;
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
