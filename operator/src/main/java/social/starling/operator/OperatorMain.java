package social.starling.operator;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.OperatorException;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.security.Security;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.common.Addresses;
import social.starling.common.CommonOptions;
import social.starling.common.ExitCode;
import social.starling.common.HttpEndpoint;
import social.starling.common.Logging;
import social.starling.common.Metrics;
import social.starling.common.ProcessMain;
import social.starling.common.Shutdown;
import social.starling.common.StartException;
import social.starling.common.Version;
import social.starling.operator.cluster.ClusterReconciler;
import social.starling.operator.coordination.Coordinators;
import social.starling.operator.model.Settings;

/** {@code starling-operator}: cares for the clusters of one namespace. */
@Command(
    name = "starling-operator",
    versionProvider = Version.class,
    description =
        "Turns SnsCluster objects into pods, volumes and services, and recreates what dies.",
    sortOptions = false)
public final class OperatorMain implements Callable<Integer> {

  private static final Duration LEASE = Duration.ofSeconds(10);
  private static final Duration RENEW = Duration.ofSeconds(7);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration LAST_WORK = Duration.ofSeconds(2);

  @Mixin private CommonOptions common;

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description = "The namespace to care for. Default: the one it runs in.")
  private String namespace;

  @Option(
      names = "--coordinators",
      required = true,
      paramLabel = "HOST:PORT[,…]",
      description = "Internal addresses of all coordinators, as members are told them too.")
  private String coordinators;

  @Option(
      names = "--credential-secret",
      defaultValue = "starling-credential",
      paramLabel = "NAME",
      description =
          "Secret with the key 'credential', for the pods it makes. Default: ${DEFAULT-VALUE}.")
  private String credentialSecret;

  @Option(
      names = "--server-image",
      required = true,
      paramLabel = "IMAGE",
      description = "Image of members.")
  private String serverImage;

  @Option(
      names = "--synchronizer-image",
      required = true,
      paramLabel = "IMAGE",
      description = "Image of synchronizers.")
  private String synchronizerImage;

  @Option(
      names = "--image-pull-policy",
      defaultValue = "IfNotPresent",
      paramLabel = "POLICY",
      description = "Of the pods it makes. Default: ${DEFAULT-VALUE}.")
  private String imagePullPolicy;

  @Option(
      names = "--image-pull-secrets",
      split = ",",
      paramLabel = "NAME[,…]",
      description = "Secrets for the pods it makes.")
  private List<String> imagePullSecrets = List.of();

  @Option(
      names = "--replace-after",
      defaultValue = "30s",
      paramLabel = "TIME",
      description =
          "How long the node of a member must have been lost before another volume is filled in its"
              + " place. Default: ${DEFAULT-VALUE}.")
  private Duration replaceAfter;

  @Option(
      names = "--lease-name",
      defaultValue = "starling-operator",
      paramLabel = "NAME",
      description = "Lease by which operators decide who leads. Default: ${DEFAULT-VALUE}.")
  private String leaseName;

  @Option(
      names = "--identity",
      paramLabel = "NAME",
      description = "Names this process in the Lease and in events. Default: the host's name.")
  private String identity;

  private OperatorMain() {}

  /** Runs the process. */
  public static void main(String[] args) {
    // Coordinators move; what the name server says is asked again each time.
    Security.setProperty("networkaddress.cache.ttl", "1");
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    System.exit(ProcessMain.run(new OperatorMain(), args));
  }

  @Override
  public Integer call() {
    Logging.configure(common.logFormat(), common.logLevel(), "operator");
    Logger log = LoggerFactory.getLogger(OperatorMain.class);
    PrometheusMeterRegistry registry = Metrics.registry("operator", Map.of());
    try (Shutdown shutdown = Shutdown.install();
        KubernetesClient client = client()) {
      Settings settings = settings(client);
      String self = identity == null ? hostName() : identity;
      AtomicBoolean leads = new AtomicBoolean();
      AtomicBoolean stopping = new AtomicBoolean();
      Coordinators known = new Coordinators(Addresses.parseList(coordinators), common.credential());
      ClusterReconciler reconciler =
          new ClusterReconciler(client, known, settings, Clock.systemUTC(), self, registry);
      Operator operator =
          new Operator(options ->
              options
                  .withKubernetesClient(client)
                  .withCloseClientOnStop(false)
                  .withReconciliationTerminationTimeout(LAST_WORK)
                  .withLeaderElectionConfiguration(
                      election(settings.namespace(), self, leads, stopping, shutdown, log)));
      operator.register(reconciler, options -> options.settingNamespace(settings.namespace()));
      AtomicBoolean started = new AtomicBoolean();
      HttpEndpoint http =
          new HttpEndpoint(
              common.host(),
              common.httpPort(),
              registry,
              () -> notReady(operator, started.get(), known));
      Gauge.builder("starling.operator.leads", leads, l -> l.get() ? 1 : 0)
          .description("1 on the operator that does the work.")
          .register(registry);
      LeaseRelease lease = new LeaseRelease(client, settings.namespace(), leaseName, self);
      shutdown
          .step(
              "stop working",
              () -> {
                stopping.set(true);
                operator.stop();
              })
          .step("release the lease", lease::release)
          .step("coordinators", known::close)
          .step("http port", http::close);
      known.start(reconciler::wake);
      start(operator);
      started.set(true);
      log.atInfo()
          .addKeyValue("namespace", settings.namespace())
          .addKeyValue("identity", self)
          .addKeyValue("http", common.advertised(http.port()))
          .log("started");
      Metrics.bindJvm(registry);
      return shutdown.await();
    }
  }

  private static void start(Operator operator) {
    try {
      operator.start();
    } catch (OperatorException e) {
      Throwable cause = e;
      while (cause.getCause() != null && cause.getCause() != cause) {
        cause = cause.getCause();
      }
      throw new StartException(
          ExitCode.FAILED, "the API server could not be watched: " + cause.getMessage(), e);
    }
  }

  private static KubernetesClient client() {
    return new KubernetesClientBuilder()
        .withConfig(new ConfigBuilder().withUserAgent("starling-operator").build())
        .build();
  }

  private Settings settings(KubernetesClient client) {
    String where = namespace == null ? client.getNamespace() : namespace;
    if (where == null) {
      throw new StartException(
          ExitCode.USAGE, "it is not known which namespace to care for; name it with --namespace");
    }
    if (!List.of("IfNotPresent", "Always", "Never").contains(imagePullPolicy)) {
      throw new StartException(
          ExitCode.USAGE,
          "--image-pull-policy '%s' is none of IfNotPresent, Always and Never"
              .formatted(imagePullPolicy));
    }
    return new Settings(
        where,
        coordinators,
        credentialSecret,
        serverImage,
        synchronizerImage,
        imagePullPolicy,
        imagePullSecrets,
        replaceAfter,
        common.logFormat().name().toLowerCase(Locale.ROOT),
        common.logLevel().name().toLowerCase(Locale.ROOT));
  }

  private LeaderElectionConfiguration election(
      String where,
      String self,
      AtomicBoolean leads,
      AtomicBoolean stopping,
      Shutdown shutdown,
      Logger log) {
    return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(leaseName)
        .withLeaseNamespace(where)
        .withIdentity(self)
        .withLeaseDuration(LEASE)
        .withRenewDeadline(RENEW)
        .withRetryPeriod(RETRY)
        .withExitOnStopLeading(false)
        .withLeaderCallbacks(
            new LeaderCallbacks(
                () -> {
                  leads.set(true);
                  log.info("leads");
                },
                () -> {
                  leads.set(false);
                  if (!stopping.get()) {
                    log.error("another operator may lead by now: this process ends");
                    shutdown.stop(ExitCode.FAILED);
                  }
                },
                leader -> log.atInfo().addKeyValue("leader", leader).log("leader")))
        .build();
  }

  private static Optional<String> notReady(
      Operator operator, boolean started, Coordinators coordinators) {
    if (!started) {
      return Optional.of("starting");
    }
    if (!operator.getRuntimeInfo().allEventSourcesAreHealthy()) {
      return Optional.of("the API server is not watched at the moment");
    }
    return coordinators.heard() ? Optional.empty() : Optional.of("no coordinator is heard");
  }

  private static String hostName() {
    String name = System.getenv("HOSTNAME");
    return name == null || name.isBlank() ? "operator-" + UUID.randomUUID() : name;
  }
}
