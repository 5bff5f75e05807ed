package social.starling.synchronizer;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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
import social.starling.common.Limits;
import social.starling.common.Logging;
import social.starling.common.Metrics;
import social.starling.common.ProcessMain;
import social.starling.common.Shutdown;
import social.starling.common.StartException;
import social.starling.common.TimingOptions;
import social.starling.common.Version;

/** The synchronizer's process. */
@Command(
    name = "synchronizer",
    versionProvider = Version.class,
    description = "Carries changes between its cluster and the others. Keeps nothing.",
    sortOptions = false)
public final class SynchronizerMain implements Callable<Integer> {

  @Mixin private CommonOptions common;
  @Mixin private TimingOptions timing;

  @Option(names = "--cluster", required = true, paramLabel = "NAME", description = "Its cluster.")
  private String cluster;

  @Option(
      names = "--instance",
      paramLabel = "ID",
      description = "Names this very process. Default: a random one.")
  private String instance;

  @Option(
      names = "--coordinators",
      required = true,
      paramLabel = "HOST:PORT[,…]",
      description = "Internal addresses of all coordinators.")
  private String coordinators;

  @Option(
      names = "--internal-port",
      defaultValue = "0",
      paramLabel = "PORT",
      description =
          "For the synchronizers of other clusters; 0 takes any free one. Default:"
              + " ${DEFAULT-VALUE}.")
  private int internalPort;

  private SynchronizerMain() {}

  /** Runs the process. */
  public static void main(String[] args) {
    System.exit(ProcessMain.run(new SynchronizerMain(), args));
  }

  @Override
  public Integer call() {
    Logging.configure(common.logFormat(), common.logLevel(), "synchronizer-" + cluster);
    Logger log = LoggerFactory.getLogger(SynchronizerMain.class);
    SynchronizerProcess.Settings settings = settings();
    PrometheusMeterRegistry registry = Metrics.registry("synchronizer", Map.of("cluster", cluster));
    try (Shutdown shutdown = Shutdown.install();
        SynchronizerProcess process = SynchronizerProcess.start(settings, registry)) {
      shutdown.step("synchronizer", process::stop);
      log.atInfo()
          .addKeyValue("internal", common.advertised(process.internalPort()))
          .addKeyValue("http", common.advertised(process.httpPort()))
          .addKeyValue("coordinators", settings.coordinators())
          .addKeyValue("version", Version.text())
          .log("listening");
      return shutdown.await();
    }
  }

  private SynchronizerProcess.Settings settings() {
    try {
      Limits.checkName(cluster);
    } catch (RuntimeException e) {
      throw new StartException(
          ExitCode.USAGE, "--cluster '" + cluster + "' is not 1 to 30 of A-Z, a-z, 0-9 and _", e);
    }
    return new SynchronizerProcess.Settings(
        common.host(),
        common.advertise(),
        internalPort,
        common.httpPort(),
        cluster,
        instance == null ? UUID.randomUUID().toString() : instance,
        addresses(),
        common.credential(),
        timing.timing().heartbeat(),
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
