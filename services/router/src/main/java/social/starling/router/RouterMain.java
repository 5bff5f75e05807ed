package social.starling.router;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.common.Address;
import social.starling.common.Addresses;
import social.starling.common.CommonOptions;
import social.starling.common.ExitCode;
import social.starling.common.Logging;
import social.starling.common.Metrics;
import social.starling.common.ProcessMain;
import social.starling.common.Shutdown;
import social.starling.common.StartException;
import social.starling.common.TimingOptions;
import social.starling.common.Version;

/** The router's process. */
@Command(
    name = "router",
    versionProvider = Version.class,
    description = "Forwards each user's calls to the master of the user's cluster.")
public final class RouterMain implements Callable<Integer> {

  @Mixin private CommonOptions common;
  @Mixin private TimingOptions timing;

  @Option(
      names = "--public-port",
      defaultValue = "4600",
      paramLabel = "PORT",
      description =
          "Port for users (Sns and Router); 0 takes any free one. Default: ${DEFAULT-VALUE}.")
  private int publicPort;

  @Option(
      names = "--internal-port",
      defaultValue = "0",
      paramLabel = "PORT",
      description = "A router has no internal service; only 0 (none) is accepted.")
  private int internalPort;

  @Option(
      names = "--coordinators",
      required = true,
      paramLabel = "HOST:PORT[,HOST:PORT]",
      description = "Internal addresses of the coordinators.")
  private String coordinators;

  public static void main(String[] args) {
    System.exit(ProcessMain.run(new RouterMain(), args));
  }

  @Override
  public Integer call() {
    Logging.configure(common.logFormat(), common.logLevel(), "router");
    Logger log = LoggerFactory.getLogger(RouterMain.class);
    RouterProcess.Settings settings = settings();
    PrometheusMeterRegistry registry = Metrics.registry("router", Map.of());
    try (Shutdown shutdown = Shutdown.install();
        RouterProcess router = RouterProcess.start(settings, registry)) {
      shutdown.step("router", router::stop);
      log.atInfo()
          .addKeyValue("address", common.advertised(router.publicPort()))
          .addKeyValue("http", common.advertised(router.httpPort()))
          .addKeyValue("coordinators", settings.coordinators())
          .addKeyValue("version", Version.text())
          .log("the router listens");
      return shutdown.await();
    }
  }

  private RouterProcess.Settings settings() {
    if (internalPort != 0) {
      throw new StartException(
          ExitCode.USAGE, "a router has no internal port; leave --internal-port away or 0");
    }
    timing.timing();
    return new RouterProcess.Settings(
        common.host(),
        publicPort,
        common.httpPort(),
        addresses(),
        common.credential(),
        Patience.DEFAULT);
  }

  private List<Address> addresses() {
    try {
      return Addresses.parseList(coordinators);
    } catch (IllegalArgumentException e) {
      throw new StartException(ExitCode.USAGE, "--coordinators: " + e.getMessage(), e);
    }
  }
}
