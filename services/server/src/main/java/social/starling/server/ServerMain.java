package social.starling.server;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.common.Addresses;
import social.starling.common.ClusterName;
import social.starling.common.CommonOptions;
import social.starling.common.Credential;
import social.starling.common.ExitCode;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.HttpEndpoint;
import social.starling.common.Logging;
import social.starling.common.Metrics;
import social.starling.common.ProcessMain;
import social.starling.common.Shutdown;
import social.starling.common.StartException;
import social.starling.common.TimingOptions;
import social.starling.server.api.LiveStreams;
import social.starling.server.api.Presence;
import social.starling.server.api.SnsService;
import social.starling.server.exchange.ExchangeService;
import social.starling.server.member.Listening;
import social.starling.server.member.Member;
import social.starling.server.member.MemberAdminService;
import social.starling.server.member.MemberSettings;
import social.starling.server.member.ReplicationService;
import social.starling.server.storage.Disk;
import social.starling.server.storage.StorageException;
import social.starling.server.storage.Volume;

/** {@code starling-server}: one member of a cluster. */
@Command(
    name = "starling-server",
    description = "One member of a cluster: holds its users on a volume of its own.",
    sortOptions = false,
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:ended as asked",
      "1:failed",
      "2:usage or configuration error",
      "3:refused: the volume is in use, or of a newer format",
      "4:the storage failed"
    })
public final class ServerMain implements Callable<Integer> {

  /** How long a stopping master tries to hand over, again and again. */
  private static final Duration HANDOVER = Duration.ofMillis(2_000);

  private static final Duration LEAVE = Duration.ofMillis(800);
  private static final Duration DRAIN = Duration.ofMillis(500);

  /** How long a damaged volume waits for the other member to serve. */
  private static final Duration OTHER_MEMBER = Duration.ofSeconds(15);

  private static final Duration CUT = Duration.ofMillis(50);

  @Mixin private CommonOptions common;
  @Mixin private TimingOptions timing;

  @Option(names = "--cluster", required = true, paramLabel = "NAME", description = "Its cluster.")
  private String cluster;

  @Option(names = "--member", required = true, paramLabel = "NAME", description = "Its own name.")
  private String member;

  @Option(
      names = "--instance",
      paramLabel = "ID",
      description =
          "Names this very process; whoever starts it may report its death by it."
              + " Default: a random one.")
  private String instance;

  @Option(names = "--dir", required = true, paramLabel = "DIR", description = "Its volume.")
  private Path dir;

  @Option(
      names = "--coordinators",
      required = true,
      paramLabel = "HOST:PORT[,…]",
      description = "Internal addresses of all coordinators.")
  private String coordinators;

  @Option(
      names = "--public-port",
      defaultValue = "0",
      paramLabel = "PORT",
      description = "For users; 0 takes any free one. Default: ${DEFAULT-VALUE}.")
  private int publicPort;

  @Option(
      names = "--internal-port",
      defaultValue = "0",
      paramLabel = "PORT",
      description = "For other processes; 0 takes any free one. Default: ${DEFAULT-VALUE}.")
  private int internalPort;

  @Option(
      names = "--min-in-sync",
      defaultValue = "1",
      paramLabel = "1|2",
      description =
          "With 2, writes are refused while there is one copy only. Default: ${DEFAULT-VALUE}.")
  private int minInSync;

  @Option(
      names = "--max-journal-mib",
      defaultValue = "64",
      paramLabel = "MIB",
      description =
          "Journal kept for members that were away; those who need more take a full copy."
              + " Default: ${DEFAULT-VALUE}.")
  private int maxJournalMib;

  @Option(
      names = "--min-free-mib",
      defaultValue = "64",
      paramLabel = "MIB",
      description =
          "With less free space on the volume, writes are refused. Default: ${DEFAULT-VALUE}.")
  private int minFreeMib;

  @Option(
      names = "--answer-retention",
      defaultValue = "24h",
      paramLabel = "TIME",
      description =
          "A client silent for longer cannot repeat a write any more. Default: ${DEFAULT-VALUE}.")
  private Duration answerRetention;

  private ServerMain() {}

  /** Runs the process. */
  public static void main(String[] args) {
    System.exit(ProcessMain.run(new ServerMain(), args));
  }

  @Override
  public Integer call() throws Exception {
    Logging.configure(common.logFormat(), common.logLevel(), member);
    Logger log = LoggerFactory.getLogger(ServerMain.class);
    checkOptions();
    Credential credential = common.credential();
    // Closed also when the start fails: otherwise that end would be taken for a signal's.
    try (Shutdown shutdown = Shutdown.install()) {
      return run(log, credential, shutdown);
    } catch (StorageException e) {
      throw new StartException(
          ExitCode.STORAGE, "the volume %s failed: %s".formatted(dir, e.getMessage()), e);
    }
  }

  private int run(Logger log, Credential credential, Shutdown shutdown) {
    PrometheusMeterRegistry registry =
        Metrics.registry("server", Map.of("cluster", cluster, "member", member));
    Volume volume =
        new VolumeOpening(
                cluster, member, Addresses.parseList(coordinators), credential, OTHER_MEMBER)
            .open(dir, Disk.local());
    MemberSettings settings =
        new MemberSettings(
            cluster,
            member,
            instance == null ? UUID.randomUUID().toString() : instance,
            Addresses.parseList(coordinators),
            credential,
            timing.timing(),
            minInSync,
            (long) maxJournalMib << 20,
            (long) minFreeMib << 20,
            answerRetention,
            dir.toAbsolutePath().toString(),
            volume.lockedAt());
    Member self = new Member(settings, volume, registry);
    LiveStreams streams = new LiveStreams();
    self.onServingChanged(streams::wakeAll);
    Presence presence = new Presence();
    Gauge.builder("starling.streams", streams::size).register(registry);
    Gauge.builder("starling.users.active", presence::activeUsers).register(registry);
    ExchangeService exchange = new ExchangeService(self, registry);
    ScheduledExecutorService scheduler =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon(true).name("scheduler").factory());
    GrpcServer internal =
        GrpcServers.internalServer(
            common.host(),
            internalPort,
            credential,
            ReplicationService::neverBlocks,
            List.of(),
            new ReplicationService(settings, self, volume),
            new MemberAdminService(settings, self, volume),
            exchange);
    GrpcServer users =
        GrpcServers.publicServer(
            common.host(),
            publicPort,
            SnsService::neverBlocks,
            List.of(Metrics.calls(registry)),
            new SnsService(self, streams, presence, exchange::position, scheduler));
    HttpEndpoint http =
        new HttpEndpoint(common.host(), common.httpPort(), registry, self::notReady);
    self.start(
        new Listening(
            common.advertised(users.port()),
            common.advertised(internal.port()),
            common.advertised(http.port())));
    self.ended()
        .thenAccept(ending -> {
          log.error("this process ends: {}", ending.why());
          shutdown.stop(ending.exitCode());
        });
    shutdown
        .step("hand over", () -> handOver(self, log))
        .step("take no more calls", self::stop)
        .step("leave the in-sync set", () -> leave(self))
        .step("public port", () -> users.stop(self.ended().isDone() ? CUT : DRAIN))
        .step("internal port", () -> internal.stop(CUT))
        .step("member", self::close)
        .step("http port", http::close)
        .step("scheduler", scheduler::shutdownNow);
    scheduler.scheduleWithFixedDelay(
        () -> {
          boolean ready = self.notReady().isEmpty();
          users.ready(ready);
          internal.ready(ready);
        },
        50,
        200,
        TimeUnit.MILLISECONDS);
    HeapBound.ofThisProcess()
        .ifPresent(bound -> scheduler.scheduleWithFixedDelay(bound::look, 1, 1, TimeUnit.SECONDS));
    log.atInfo()
        .addKeyValue("public", common.advertised(users.port()))
        .addKeyValue("internal", common.advertised(internal.port()))
        .addKeyValue("http", common.advertised(http.port()))
        .addKeyValue("volume", volume.id())
        .log("listening");

    Metrics.bindJvm(registry);
    return shutdown.await();
  }

  private static void handOver(Member self, Logger log) throws InterruptedException {
    self.handOverAtTheEnd(HANDOVER).ifPresent(why -> log.warn("no handover: {}", why));
  }

  private static void leave(Member self) throws InterruptedException {
    if (!self.ended().isDone()) {
      self.leave(LEAVE);
    }
  }

  private void checkOptions() {
    ClusterName.check("--cluster", cluster);
    if (minInSync != 1 && minInSync != 2) {
      throw new StartException(ExitCode.USAGE, "--min-in-sync is " + minInSync + "; 1 or 2 can be");
    }
    if (maxJournalMib < 1 || minFreeMib < 1) {
      throw new StartException(
          ExitCode.USAGE, "--max-journal-mib and --min-free-mib must be 1 or more");
    }
  }
}
