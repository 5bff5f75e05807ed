package social.starling.bench.growth;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import social.starling.bench.installation.Coordinator;
import social.starling.bench.installation.Installation;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.installation.RecordedProcess;
import social.starling.bench.installation.Signal;
import social.starling.bench.installation.StarlingScript;
import social.starling.bench.installation.Trees;
import social.starling.bench.peer.Ports;
import social.starling.common.Channels;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.router.v1.RouterGrpc;

/**
 * One cluster on this machine, started by {@code starling up} in a new directory and ended with
 * this. Used by one thread.
 */
final class LocalCluster implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long LOOK_MILLIS = 10;

  private final StarlingScript script;
  private final Path directory;
  private final ProcessFiles files = new ProcessFiles();
  private boolean failed;
  private final Thread atExit = Thread.ofPlatform().unstarted(this::endQuietly);

  private LocalCluster(Path starling, Path work) {
    this.script = new StarlingScript(starling, work.resolve("starling.log"));
    this.directory = work.resolve("data");
  }

  /**
   * @param work a directory, in which a new one is made
   */
  static LocalCluster start(Path starling, Path work) throws IOException, InterruptedException {
    LocalCluster cluster =
        new LocalCluster(
            starling, Files.createTempDirectory(Files.createDirectories(work), "run-"));
    Runtime.getRuntime().addShutdownHook(cluster.atExit);
    try {
      cluster.run(
          "up", "--clusters", "1", "--router-port", Integer.toString(Ports.free()), "--detach");
      cluster.awaitWhole();
      return cluster;
    } catch (RuntimeException | IOException | InterruptedException e) {
      cluster.close();
      throw e;
    }
  }

  ProcessFiles files() {
    return files;
  }

  Installation installation() {
    return Installation.read(directory);
  }

  /** Seconds that {@code down} and {@code up} take, up to when all is ready. */
  double startAgain() throws IOException, InterruptedException {
    run("down");
    long began = System.nanoTime();
    run("up", "--detach");
    double seconds = (System.nanoTime() - began) / 1e9;
    awaitWhole();
    return seconds;
  }

  /** The two servers: the master, then the slave. */
  List<RecordedProcess> servers() {
    String master = status().orElseThrow().getConfiguration().getMaster();
    Installation installation = installation();
    List<RecordedProcess> found = new ArrayList<>();
    installation.processes().stream()
        .filter(process -> process.kind().equals("server"))
        .forEach(process -> {
          if (process.name().equals(master)) {
            found.addFirst(process);
          } else {
            found.addLast(process);
          }
        });
    return found;
  }

  /** Public addresses of the members, the master's first. */
  List<String> addresses() {
    ManagedChannel channel = Channels.open(installation().router());
    try {
      LocateResponse located =
          RouterGrpc.newBlockingStub(channel)
              .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
              .withWaitForReady()
              .locate(LocateRequest.newBuilder().setUser("anyone").build());
      List<String> found = new ArrayList<>();
      for (Location member : located.getMembersList()) {
        if (member.getMaster()) {
          found.addFirst(member.getAddress());
        } else {
          found.addLast(member.getAddress());
        }
      }
      return found;
    } finally {
      channel.shutdownNow();
    }
  }

  /** The directory of a server's volume. */
  static Path volume(RecordedProcess server) {
    int at = server.command().lastIndexOf("--dir");
    return Path.of(server.command().get(at + 1));
  }

  /**
   * Kills the slave and waits until the launcher has started it again and both are in sync.
   *
   * @return seconds from the start of the new process until it said that it is ready
   */
  double restartSlave() throws InterruptedException {
    RecordedProcess slave = servers().getLast();
    Signal.KILL.send(slave, files);
    Supplier<Optional<RecordedProcess>> again =
        () ->
            installation()
                .process(slave.name())
                .filter(process -> process.pid() > 1 && process.pid() != slave.pid());
    await(
        "the slave did not become ready again",
        () -> again.get().filter(RecordedProcess::isReady).isPresent());
    double seconds = files.ageSeconds(again.get().orElseThrow().pid()).orElseThrow();
    awaitWhole();
    return seconds;
  }

  /** Until both members are in sync. */
  void awaitWhole() throws InterruptedException {
    await("the members are not in sync", () -> status().filter(Coordinator::isWhole).isPresent());
  }

  private Optional<ClusterStatus> status() {
    try (Coordinator coordinator = new Coordinator(installation())) {
      return coordinator.clusters().stream().findFirst();
    }
  }

  private void run(String command, String... options) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(command, "--dir", directory.toString()));
    words.addAll(List.of(options));
    script.run(words.toArray(String[]::new));
  }

  private void await(String otherwise, BooleanSupplier holds) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > end) {
        failed = true;
        throw new StartException(
            ExitCode.FAILED,
            "%s within %d s; see the logs in %s"
                .formatted(otherwise, PATIENCE.toSeconds(), directory));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }

  /** Ends everything and deletes the directory, unless something failed. */
  @Override
  public void close() throws IOException {
    Runtime.getRuntime().removeShutdownHook(atExit);
    end();
  }

  /** When this program is interrupted. */
  private void endQuietly() {
    try {
      end();
    } catch (IOException | RuntimeException e) {
      System.err.printf("not all of %s was ended and deleted: %s%n", directory, e.getMessage());
    }
  }

  /** What could not be ended, or failed, keeps its directory, with the logs. */
  private void end() throws IOException {
    if (Files.exists(directory.resolve("launcher.json"))) {
      try {
        run("down");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    if (!failed) {
      Trees.delete(directory.getParent());
    }
  }
}
