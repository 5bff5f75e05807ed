package social.starling.coordinator;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.common.CommonOptions;
import social.starling.common.Credential;
import social.starling.common.ExitCode;
import social.starling.common.HttpEndpoint;
import social.starling.common.Logging;
import social.starling.common.Metrics;
import social.starling.common.ProcessMain;
import social.starling.common.Shutdown;
import social.starling.common.StartException;
import social.starling.common.Timing;
import social.starling.common.TimingOptions;

/** The coordinator as a process. */
@Command(
    name = "coordinator",
    description =
        "Records clusters, and decides which member is master and which volumes are in sync.",
    sortOptions = false)
public final class CoordinatorMain implements Callable<Integer> {

  private static final Logger LOG = LoggerFactory.getLogger(CoordinatorMain.class);

  /** A coordinator that was told to end takes up to 5 s. */
  private static final Duration REBUILD_PATIENCE = Duration.ofSeconds(10);

  /**
   * Whoever asked for it waits for the pod that does it, and would have to begin from the start.
   */
  private static final Duration API_PATIENCE_OF_REBUILD = Duration.ofMinutes(1);

  /** A coordinator that ends is started again, but later each time. */
  private static final Duration API_PATIENCE = Duration.ofMinutes(2);

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where the state is kept. One coordinator at a time uses it.")
  private Path directory;

  @Option(
      names = "--kubernetes-namespace",
      paramLabel = "NAMESPACE",
      description =
          "Instead of --dir: keep the state in ConfigMaps of this namespace. Several coordinators"
              + " may use it at once.")
  private String namespace;

  @Option(
      names = "--init",
      description =
          "Make a new state if there is none: only for an installation that holds nothing yet.")
  private boolean initialise;

  @Option(
      names = "--rebuild",
      paramLabel = "FILE",
      description =
          "Write the state that FILE describes, and end: in the place of the one in DIR if there is"
              + " one, or into a namespace that has none. `starling admin rebuild-coordinator` makes"
              + " such files.")
  private Path rebuilt;

  @Option(
      names = "--expected-clusters",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "Users' names are dealt out to clusters when so many are recorded, 1 to 1024. Default:"
              + " ${DEFAULT-VALUE}.")
  private int expectedClusters;

  @Option(
      names = "--internal-port",
      defaultValue = "0",
      paramLabel = "PORT",
      description =
          "Port for servers, routers and administration; 0 takes any free one. Default:"
              + " ${DEFAULT-VALUE}.")
  private int internalPort;

  @Mixin private CommonOptions common;
  @Mixin private TimingOptions times;

  /** Runs until a signal; exits with the code of {@link ExitCode}. */
  public static void main(String[] args) {
    System.exit(ProcessMain.run(new CoordinatorMain(), args));
  }

  @Override
  public Integer call() throws InterruptedException {
    Logging.configure(common.logFormat(), common.logLevel(), "coordinator");
    if (expectedClusters < 1 || expectedClusters > SlotTable.NUMBERS) {
      throw new StartException(
          ExitCode.USAGE,
          "--expected-clusters is %d, and must be 1 to %d"
              .formatted(expectedClusters, SlotTable.NUMBERS));
    }
    checkState();
    if (rebuilt != null) {
      return rebuild();
    }
    Credential credential = common.credential();
    Timing timing = times.timing();
    try (Shutdown shutdown = Shutdown.install()) {
      try (State state = state()) {
        return run(shutdown, state, credential, timing);
      }
    }
  }

  /** What is open while this process runs. */
  private record State(Store store, Runnable closing) implements AutoCloseable {

    @Override
    public void close() {
      closing.run();
    }
  }

  private State state() throws InterruptedException {
    if (namespace == null) {
      StateDirectory opened = StateDirectory.open(directory, initialise);
      return new State(opened.store(), opened::close);
    }
    try {
      Store opened =
          KubernetesStore.open(KubernetesStore.connect(), namespace, initialise, API_PATIENCE);
      return new State(opened, opened::close);
    } catch (NoClassDefFoundError e) {
      throw noKubernetesClient(e);
    }
  }

  private void checkState() {
    if ((directory == null) == (namespace == null)) {
      throw new StartException(
          ExitCode.USAGE, "say where the state is kept: --dir DIR, or --kubernetes-namespace NAME");
    }
  }

  private int rebuild() throws InterruptedException {
    List<Document> documents = RebuiltDocuments.read(rebuilt);
    if (namespace != null) {
      return rebuildNamespace(documents);
    }
    Optional<Path> kept = StateDirectory.replace(directory, documents, REBUILD_PATIENCE);
    LOG.atInfo()
        .addKeyValue("dir", directory)
        .addKeyValue("documents", documents.size())
        .addKeyValue("before", kept.map(Path::toString).orElse("nothing"))
        .log("state rebuilt");
    return ExitCode.DONE;
  }

  private int rebuildNamespace(List<Document> documents) throws InterruptedException {
    try {
      KubernetesStore.rebuild(namespace, documents, Clock.systemUTC(), API_PATIENCE_OF_REBUILD);
    } catch (NoClassDefFoundError e) {
      throw noKubernetesClient(e);
    }
    LOG.atInfo()
        .addKeyValue("namespace", namespace)
        .addKeyValue("documents", documents.size())
        .log("state rebuilt");
    return ExitCode.DONE;
  }

  private static StartException noKubernetesClient(NoClassDefFoundError e) {
    return new StartException(
        ExitCode.USAGE,
        "--kubernetes-namespace is for the coordinator's image: this one has no Kubernetes client",
        e);
  }

  private int run(Shutdown shutdown, State state, Credential credential, Timing timing) {
    PrometheusMeterRegistry meters = Metrics.registry("coordinator", Map.of());
    try {
      Coordinator coordinator =
          new Coordinator(
              new Coordinator.Settings(common.host(), internalPort, expectedClusters, timing),
              state.store(),
              credential,
              meters,
              failure -> shutdown.stop(ExitCode.STORAGE));
      shutdown.step("sessions", coordinator::close);
      coordinator.start();
      HttpEndpoint http =
          new HttpEndpoint(common.host(), common.httpPort(), meters, coordinator::trouble);
      shutdown.step("http", http::close);
      shutdown.step("state", state::close);
      LOG.atInfo()
          .addKeyValue("internal", common.advertised(coordinator.port()))
          .addKeyValue("http", common.advertised(http.port()))
          .addKeyValue("state", namespace == null ? directory : "namespace " + namespace)
          .log("ready");
    } catch (StoreException e) {
      throw new StartException(ExitCode.STORAGE, e.getMessage(), e);
    }
    Metrics.bindJvm(meters);
    return shutdown.await();
  }
}
