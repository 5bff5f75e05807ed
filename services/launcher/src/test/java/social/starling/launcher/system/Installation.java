package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.Role;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.SwitchoverRequest;
import social.starling.proto.coordinator.v1.SynchronizerReport;
import social.starling.proto.replication.v1.DigestRequest;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.MemberAdminGrpc;

/** A {@code starling up} on a directory of its own, and the means to hurt it. */
final class Installation implements AutoCloseable {

  static final List<String> CLUSTERS = List.of("alpha", "beta", "gamma");
  private static final Path HOME = Path.of("target", "starling").toAbsolutePath();
  private static final Duration HEALING = Duration.ofSeconds(60);

  private final Path directory;
  private final int clusters;
  private final int routerPort;
  private Process launcher;

  /**
   * @param clusters how many it begins with
   */
  Installation(Path directory, int clusters) {
    this.directory = directory;
    this.clusters = clusters;
    this.routerPort = freePort();
  }

  static List<String> members(String cluster) {
    return List.of(cluster + "-1", cluster + "-2");
  }

  /** The names of all clusters that there are. */
  List<String> clusters() {
    List<String> names = new ArrayList<>();
    state().getAsJsonArray("clusters").forEach(name -> names.add(name.getAsString()));
    return names;
  }

  /** The names of all processes except the launcher's. */
  List<String> processes() {
    List<String> names = new ArrayList<>();
    for (JsonElement process : state().getAsJsonArray("processes")) {
      names.add(process.getAsJsonObject().get("name").getAsString());
    }
    return names;
  }

  Path directory() {
    return directory;
  }

  String router() {
    return "127.0.0.1:" + routerPort;
  }

  /** The command line of {@code starling …} with these arguments. */
  List<String> command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + HOME.resolve("jvm/launcher.options")));
    Path cache = HOME.resolve("aot/launcher.aot");
    if (Files.exists(cache)) {
      command.add("-XX:AOTCache=" + cache);
    }
    command.addAll(
        List.of(
            "-cp",
            HOME.resolve("lib/starling.jar").toString(),
            "social.starling.client.cli.StarlingMain"));
    command.addAll(List.of(arguments));
    return command;
  }

  /** A command that was run to its end. */
  record Ran(int exitCode, String out, String err) {}

  Ran run(String... arguments) throws IOException, InterruptedException {
    Path out = Files.createTempFile("starling", ".out");
    Path err = Files.createTempFile("starling", ".err");
    try {
      Process process =
          new ProcessBuilder(command(arguments))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", List.of(arguments)).isTrue();
      return new Ran(
          process.exitValue(), Files.readString(out).strip(), Files.readString(err).strip());
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Starts a launcher and returns when everything is ready. */
  Duration up() throws IOException {
    long begun = System.nanoTime();
    Path console = Files.createDirectories(directory).resolve("console.log");
    List<String> up =
        new ArrayList<>(
            List.of("up", "--dir", directory.toString(), "--router-port", "" + routerPort));
    if (!Files.exists(directory.resolve("launcher.json"))) {
      up.addAll(List.of("--clusters", "" + clusters));
    }
    launcher =
        new ProcessBuilder(command(up.toArray(String[]::new)))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(console.toFile()))
            .start();
    await()
        .atMost(Duration.ofSeconds(90))
        .pollInterval(Duration.ofMillis(20))
        .failFast("the launcher ended: see " + console, () -> !launcher.isAlive())
        .until(() -> isReady(launcher.pid()));
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  String console() throws IOException {
    return Files.readString(directory.resolve("console.log"));
  }

  Process launcher() {
    return launcher;
  }

  private boolean isReady(long pid) throws IOException {
    if (!Files.exists(directory.resolve("launcher.json"))) {
      return false;
    }
    JsonObject state = state();
    return state.get("ready").getAsBoolean()
        && state.getAsJsonObject("launcher").get("pid").getAsLong() == pid;
  }

  JsonObject state() {
    try {
      return JsonParser.parseString(Files.readString(directory.resolve("launcher.json")))
          .getAsJsonObject();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private JsonObject process(String name) {
    for (JsonElement element : state().getAsJsonArray("processes")) {
      JsonObject process = element.getAsJsonObject();
      if (process.get("name").getAsString().equals(name)) {
        return process;
      }
    }
    throw new AssertionError("launcher.json has no " + name);
  }

  /** The pid of a service's process; 0 when none is recorded. */
  long pid(String name) {
    JsonElement process = process(name).get("process");
    return process.isJsonNull() ? 0 : process.getAsJsonObject().get("pid").getAsLong();
  }

  /** Whether a process runs: what nobody has reaped yet does not. */
  static boolean isAlive(long pid) {
    if (ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
      return false;
    }
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
    }
  }

  String publicAddress(String name) {
    return "127.0.0.1:" + process(name).get("publicPort").getAsInt();
  }

  /** Kills processes at once, with SIGKILL; returns the time just before, as nanoTime. */
  long kill(String... names) {
    List<ProcessHandle> handles =
        List.of(names).stream()
            .map(name -> name.equals("launcher") ? launcher.pid() : pid(name))
            .map(pid -> ProcessHandle.of(pid).orElseThrow())
            .toList();
    long at = System.nanoTime();
    handles.forEach(ProcessHandle::destroyForcibly);
    return at;
  }

  /** Sends a signal by name and returns the time just before, as nanoTime. */
  long signal(long pid, String signal) throws IOException, InterruptedException {
    long at = System.nanoTime();
    int code = new ProcessBuilder("kill", "-" + signal, "" + pid).start().waitFor();
    assertThat(code).isZero();
    return at;
  }

  private <T> T withChannel(String address, Function<ManagedChannel, T> action) {
    ManagedChannel channel =
        Channels.open(
            address, Credential.read(directory.resolve("credential")).clientInterceptor());
    try {
      return action.apply(channel);
    } finally {
      channel.shutdownNow();
    }
  }

  private String coordinator() {
    return state().getAsJsonArray("coordinators").get(0).getAsString();
  }

  GetStatusResponse status() {
    return withChannel(
        coordinator(),
        channel ->
            AdminGrpc.newBlockingStub(channel)
                .withDeadlineAfter(2, TimeUnit.SECONDS)
                .getStatus(GetStatusRequest.getDefaultInstance()));
  }

  private ClusterStatus cluster(String name) {
    return status().getClustersList().stream()
        .filter(cluster -> cluster.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** In which cluster a user of some name lives, as the slots are now. */
  Function<String, String> homes() {
    List<SlotOwner> owners = status().getSlotsList();
    return name ->
        owners.stream()
            .filter(owner -> owner.getFrom() <= Slots.of(name) && Slots.of(name) < owner.getTo())
            .findFirst()
            .orElseThrow()
            .getCluster();
  }

  Configuration switchover(String cluster) {
    return withChannel(
        coordinator(),
        channel ->
            AdminGrpc.newBlockingStub(channel)
                .withDeadlineAfter(10, TimeUnit.SECONDS)
                .switchover(SwitchoverRequest.newBuilder().setCluster(cluster).build())
                .getConfiguration());
  }

  String master(String cluster) {
    return cluster(cluster).getConfiguration().getMaster();
  }

  String slave(String cluster) {
    String master = master(cluster);
    return members(cluster).stream()
        .filter(member -> !member.equals(master))
        .findFirst()
        .orElseThrow();
  }

  DigestResponse digest(String member) {
    return withChannel(
        "127.0.0.1:" + process(member).get("internalPort").getAsInt(),
        channel ->
            MemberAdminGrpc.newBlockingStub(channel)
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .digest(DigestRequest.newBuilder().setFiles(true).build()));
  }

  /**
   * Waits until in each cluster the master is open, both members are counted, and the synchronizer
   * is connected to all others.
   */
  void awaitHealthy() {
    until(
        "all members are in sync, all masters open and all synchronizers connected",
        () -> {
          GetStatusResponse status = status();
          return status.getSlotsCount() > 0
              && status.getClustersList().stream()
                  .allMatch(cluster -> isHealthy(cluster, status.getClustersCount() - 1));
        });
  }

  private void until(String what, BooleanSupplier condition) {
    await(what)
        .atMost(HEALING)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> {
          try {
            return condition.getAsBoolean();
          } catch (StatusRuntimeException e) {
            return false;
          }
        });
  }

  private boolean isHealthy(ClusterStatus cluster, int peers) {
    SynchronizerReport synchronizer = cluster.getSynchronizer();
    return isServing(cluster)
        && cluster.getConfiguration().getInSyncCount() == 2
        && cluster.getMembersList().stream()
            .allMatch(member ->
                member.getStatus().getEpoch() == cluster.getConfiguration().getEpoch()
                    && member.getHello().getPid() == pid(member.getName()))
        && synchronizer.getHello().getPid() == pid(cluster.getName() + "-synchronizer")
        && synchronizer.getStatus().getPeersCount() == peers
        && synchronizer.getStatus().getPeersList().stream().allMatch(PeerProgress::getConnected);
  }

  private static boolean isServing(ClusterStatus cluster) {
    Configuration configuration = cluster.getConfiguration();
    return cluster.getMembersList().stream()
        .anyMatch(member ->
            member.getName().equals(configuration.getMaster())
                && member.getStatus().getEpoch() == configuration.getEpoch()
                && member.getStatus().getRole() == Role.OPEN);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Ran down = run("down", "--dir", directory.toString());
    assertThat(down.exitCode()).as("down: %s %s", down.out(), down.err()).isZero();
  }

  private static int freePort() {
    // Below the range of outgoing connections, none of which may take it while the router is down.
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 30_000);
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
        return port;
      } catch (IOException e) {
        continue;
      }
    }
  }
}
