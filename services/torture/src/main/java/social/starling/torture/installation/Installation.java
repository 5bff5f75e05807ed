package social.starling.torture.installation;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.Role;
import social.starling.proto.coordinator.v1.SwitchoverRequest;
import social.starling.proto.coordinator.v1.SynchronizerReport;
import social.starling.proto.replication.v1.DigestRequest;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.MemberAdminGrpc;

/**
 * A {@code starling up} on a directory of its own: its processes, what they say of themselves over
 * connections that no fault of the run touches, and signals to them. Thread-safe.
 */
public final class Installation implements AutoCloseable {

  /** The launcher, as a name beside those of the services. */
  public static final String LAUNCHER = "launcher";

  public static final String COORDINATOR = "coordinator";
  public static final String ROUTER = "router";

  private static final String LOOPBACK = "127.0.0.1";

  private static final Duration START = Duration.ofSeconds(120);
  private static final Duration END = Duration.ofSeconds(90);
  private static final Duration DEATH = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final Duration DIGEST = Duration.ofSeconds(60);

  private final Distribution distribution;
  private final Path directory;
  private final int clusters;
  private final int routerPort;
  private final Optional<String> domain;
  private Process launcher;

  /**
   * One that is not started yet.
   *
   * @param directory where everything is kept
   * @param clusters how many there are
   * @param routerPort where the router listens
   * @param domain each process is told to others as NAME.domain; without one as 127.0.0.1
   */
  public Installation(
      Distribution distribution,
      Path directory,
      int clusters,
      int routerPort,
      Optional<String> domain) {
    this.distribution = distribution;
    this.directory = directory;
    this.clusters = clusters;
    this.routerPort = routerPort;
    this.domain = domain;
  }

  /** A port below the range of outgoing connections, none of which may take it. */
  public static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 30_000);
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(LOOPBACK, port));
        return port;
      } catch (IOException e) {
        continue;
      }
    }
  }

  /** The two members of a cluster. */
  public static List<String> members(String cluster) {
    return List.of(cluster + "-1", cluster + "-2");
  }

  /** The other member of its cluster. */
  public static String other(String member) {
    return clusterOf(member) + (member.endsWith("-1") ? "-2" : "-1");
  }

  /** The cluster of a member. */
  public static String clusterOf(String member) {
    return member.substring(0, member.lastIndexOf('-'));
  }

  /** The synchronizer of a cluster. */
  public static String synchronizer(String cluster) {
    return cluster + "-synchronizer";
  }

  public Path directory() {
    return directory;
  }

  /** The router, as clients call it. */
  public String router() {
    return domain.map(name -> ROUTER + "." + name).orElse(LOOPBACK) + ":" + routerPort;
  }

  /**
   * What is recorded of the processes now.
   *
   * @throws IllegalStateException before the first start
   */
  public Recorded recorded() {
    return Recorded.read(directory.resolve("launcher.json"))
        .orElseThrow(() -> new IllegalStateException("nothing was started in " + directory));
  }

  /** The same, or empty before the launcher wrote it first. */
  public Optional<Recorded> recordedIfAny() {
    return Recorded.read(directory.resolve("launcher.json"));
  }

  /**
   * Starts a launcher and returns when everything is ready; processes that run are adopted by it.
   *
   * @throws StartException when it does not become ready
   */
  public void up() throws InterruptedException {
    begin();
    awaitReady();
  }

  /** Starts a launcher, and does not wait. */
  public synchronized void begin() {
    try {
      Files.createDirectories(directory);
      List<String> arguments =
          new ArrayList<>(
              List.of("up", "--dir", directory.toString(), "--router-port", "" + routerPort));
      domain.ifPresent(name -> arguments.addAll(List.of("--domain", name)));
      if (recordedIfAny().isEmpty()) {
        arguments.addAll(List.of("--clusters", "" + clusters));
      }
      launcher =
          new ProcessBuilder(distribution.starling(arguments))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(console().toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits until everything is ready under the launcher that was started last.
   *
   * @throws StartException when that takes too long, or the launcher ends
   */
  public void awaitReady() throws InterruptedException {
    Process started = launcher();
    poll(START, () -> !started.isAlive() || isReadyUnder(started.pid()));
    if (!started.isAlive() || !isReadyUnder(started.pid())) {
      throw new StartException(
          ExitCode.FAILED, "starling up did not become ready; see " + console());
    }
  }

  private Path console() {
    return directory.resolve("console.log");
  }

  private boolean isReadyUnder(long pid) {
    return recordedIfAny()
        .filter(state -> state.ready() && state.launcher().equals(OptionalLong.of(pid)))
        .isPresent();
  }

  /** The launcher that was started last; null before. */
  public synchronized Process launcher() {
    return launcher;
  }

  /** Whether the launcher runs. */
  public synchronized boolean isUp() {
    return launcher != null && launcher.isAlive();
  }

  /** The process of a service, or of the launcher, while it runs. */
  public Optional<ProcessHandle> process(String name) {
    if (name.equals(LAUNCHER)) {
      synchronized (this) {
        return Optional.ofNullable(launcher).map(Process::toHandle).filter(Installation::runs);
      }
    }
    OptionalLong pid = recorded().entry(name).pid();
    return pid.isPresent()
        ? ProcessHandle.of(pid.getAsLong()).filter(Installation::runs)
        : Optional.empty();
  }

  /** Kills processes at once and waits until they are dead; those that do not run are left out. */
  public void kill(List<String> names) throws InterruptedException {
    List<ProcessHandle> processes =
        names.stream().map(this::process).flatMap(Optional::stream).toList();
    processes.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle process : processes) {
      poll(DEATH, () -> !runs(process));
    }
  }

  /** Whether it runs: what nobody has reaped yet does not. */
  public static boolean runs(ProcessHandle process) {
    if (!process.isAlive()) {
      return false;
    }
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Sends a signal to a process by its pid; nothing when it is gone.
   *
   * @param signal its name, such as STOP
   */
  public static void signal(ProcessHandle process, String signal) throws InterruptedException {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private <T> T ask(String name, Duration deadline, Function<ManagedChannel, T> question) {
    int port = recorded().entry(name).internalPort();
    ManagedChannel channel =
        Channels.open(
            LOOPBACK + ":" + port,
            Credential.read(directory.resolve("credential")).clientInterceptor());
    try {
      return question.apply(channel);
    } finally {
      channel.shutdownNow();
    }
  }

  /**
   * What the coordinator knows.
   *
   * @throws StatusRuntimeException when it does not answer
   */
  public GetStatusResponse status() {
    return ask(
        COORDINATOR,
        ANSWER,
        channel ->
            AdminGrpc.newBlockingStub(channel)
                .withDeadlineAfter(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                .getStatus(GetStatusRequest.getDefaultInstance()));
  }

  /**
   * In which cluster a user of some name lives, as the slots are now.
   *
   * @throws StatusRuntimeException when the coordinator does not answer
   */
  public Function<String, String> homes() {
    return Homes.of(status().getSlotsList());
  }

  /** The configuration of a cluster, or empty when the coordinator does not answer. */
  public Optional<Configuration> configuration(String cluster) {
    try {
      return status().getClustersList().stream()
          .filter(status -> status.getName().equals(cluster))
          .map(ClusterStatus::getConfiguration)
          .findFirst();
    } catch (StatusRuntimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Hands over on purpose.
   *
   * @return whether it was done
   */
  public boolean switchover(String cluster) {
    try {
      ask(
          COORDINATOR,
          ANSWER.multipliedBy(3),
          channel ->
              AdminGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(ANSWER.multipliedBy(3).toMillis(), TimeUnit.MILLISECONDS)
                  .switchover(SwitchoverRequest.newBuilder().setCluster(cluster).build()));
      return true;
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  /** A digest of everything that a member holds. */
  public DigestResponse digest(String member) {
    return ask(
        member,
        DIGEST,
        channel ->
            MemberAdminGrpc.newBlockingStub(channel)
                .withDeadlineAfter(DIGEST.toMillis(), TimeUnit.MILLISECONDS)
                .digest(DigestRequest.newBuilder().setFiles(true).build()));
  }

  /**
   * Waits until every process runs, each cluster has an open master and both members in sync, and
   * all synchronizers are connected.
   *
   * @return what is not so when the time is over, in words; empty when all is well
   */
  public Set<String> awaitHealthy(Duration patience) throws InterruptedException {
    Set<String> ill = new TreeSet<>();
    poll(
        patience,
        () -> {
          ill.clear();
          ill.addAll(ailments());
          return ill.isEmpty();
        });
    return ill;
  }

  /** What is not as it should be now, in words. */
  public Set<String> ailments() {
    Set<String> ill = new TreeSet<>();
    try {
      GetStatusResponse status = status();
      if (status.getSlotsCount() == 0) {
        ill.add("slots are not dealt out");
      }
      Recorded state = recorded();
      for (ClusterStatus cluster : status.getClustersList()) {
        ill.addAll(ailments(cluster, status.getClustersCount() - 1, state));
      }
    } catch (StatusRuntimeException e) {
      ill.add("the coordinator does not answer");
    } catch (UncheckedIOException e) {
      ill.add("launcher.json cannot be read");
    }
    return ill;
  }

  private static Set<String> ailments(ClusterStatus cluster, int peers, Recorded state) {
    Set<String> ill = new TreeSet<>();
    Configuration configuration = cluster.getConfiguration();
    if (configuration.getInSyncCount() != 2) {
      ill.add(cluster.getName() + " has one member in sync");
    }
    boolean open =
        cluster.getMembersList().stream()
            .anyMatch(member ->
                member.getName().equals(configuration.getMaster())
                    && member.getStatus().getEpoch() == configuration.getEpoch()
                    && member.getStatus().getRole() == Role.OPEN);
    if (!open) {
      ill.add(cluster.getName() + " has no open master");
    }
    cluster.getMembersList().stream()
        .filter(member ->
            member.getStatus().getEpoch() != configuration.getEpoch()
                || state.entry(member.getName()).pid().orElse(0) != member.getHello().getPid())
        .forEach(member -> ill.add(member.getName() + " is not back"));
    SynchronizerReport synchronizer = cluster.getSynchronizer();
    if (synchronizer.getHello().getPid()
            != state.entry(synchronizer(cluster.getName())).pid().orElse(0)
        || synchronizer.getStatus().getPeersCount() != peers
        || !synchronizer.getStatus().getPeersList().stream().allMatch(PeerProgress::getConnected)) {
      ill.add(synchronizer(cluster.getName()) + " is not connected to all");
    }
    return ill;
  }

  /** Ends everything; what was stored stays. */
  @Override
  public void close() {
    try {
      Process down =
          new ProcessBuilder(distribution.starling(List.of("down", "--dir", directory.toString())))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(console().toFile()))
              .start();
      if (!down.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
        down.destroyForcibly();
      }
      recordedIfAny().stream()
          .flatMap(state -> state.entries().stream().map(Recorded.Entry::name))
          .collect(Collectors.toList())
          .forEach(name -> process(name).ifPresent(ProcessHandle::destroyForcibly));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for a condition; false when the time is over first. */
  public static boolean poll(Duration patience, BooleanSupplier condition)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Thread.sleep(POLL);
    }
    return true;
  }
}
