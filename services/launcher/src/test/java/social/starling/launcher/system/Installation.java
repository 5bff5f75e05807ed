package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.torture.installation.Distribution;
import social.starling.torture.installation.Recorded;

/** The installation that torture has, of which a test expects that everything it asks for works. */
final class Installation implements AutoCloseable {

  static final List<String> CLUSTERS = List.of("alpha", "beta", "gamma");

  private static final Duration HEALING = Duration.ofSeconds(60);
  private static final Distribution BUILT =
      new Distribution(
          Path.of(System.getProperty("java.home"), "bin", "java"),
          Path.of("target", "starling").toAbsolutePath());

  private final social.starling.torture.installation.Installation started;

  /**
   * One that is not started yet, without a domain.
   *
   * @param clusters how many it begins with
   */
  Installation(Path directory, int clusters) {
    started =
        new social.starling.torture.installation.Installation(
            BUILT,
            directory,
            clusters,
            social.starling.torture.installation.Installation.freePort(),
            Optional.empty());
  }

  static List<String> members(String cluster) {
    return social.starling.torture.installation.Installation.members(cluster);
  }

  /** The names of all clusters that there are. */
  List<String> clusters() {
    return started.recorded().clusters();
  }

  /** The names of all processes except the launcher's. */
  List<String> processes() {
    return started.recorded().entries().stream().map(Recorded.Entry::name).toList();
  }

  Path directory() {
    return started.directory();
  }

  String router() {
    return started.router();
  }

  /** The command line of {@code starling …} with these arguments. */
  List<String> command(String... arguments) {
    return BUILT.starling(List.of(arguments));
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

  /** Starts a launcher and returns when everything is ready; how long that took. */
  Duration up() throws InterruptedException {
    long begun = System.nanoTime();
    started.up();
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  String console() throws IOException {
    return Files.readString(directory().resolve("console.log"));
  }

  Process launcher() {
    return started.launcher();
  }

  /** The pid of a service's process; 0 when none is recorded. */
  long pid(String name) {
    return started.recorded().entry(name).pid().orElse(0);
  }

  static boolean isAlive(long pid) {
    return ProcessHandle.of(pid)
        .filter(social.starling.torture.installation.Installation::runs)
        .isPresent();
  }

  String publicAddress(String name) {
    return "127.0.0.1:" + started.recorded().entry(name).publicPort();
  }

  /** Kills processes, which must run; returns the time just before, as nanoTime. */
  long kill(String... names) {
    List<ProcessHandle> handles =
        List.of(names).stream().map(name -> started.process(name).orElseThrow()).toList();
    long at = System.nanoTime();
    handles.forEach(ProcessHandle::destroyForcibly);
    return at;
  }

  /** Sends a signal by name and returns the time just before, as nanoTime. */
  long signal(long pid, String signal) throws InterruptedException {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    long at = System.nanoTime();
    social.starling.torture.installation.Installation.signal(process, signal);
    return at;
  }

  /**
   * Waits until a process does nothing any more. On a busy machine it goes on for a millisecond or
   * more after it was sent STOP: until one of its threads has had its turn and tells the others.
   */
  void awaitStopped(long pid) {
    Path stat = Path.of("/proc/" + pid + "/stat");
    if (Files.exists(stat)) { // Linux
      await().until(() -> Files.readString(stat).matches("(?s).*\\) T .*"));
    }
  }

  /** Throws a {@link StatusRuntimeException} when the coordinator does not answer. */
  GetStatusResponse status() {
    return started.status();
  }

  /** In which cluster a user of some name lives, as the slots are now. */
  Function<String, String> homes() {
    return started.homes();
  }

  void switchover(String cluster) {
    assertThat(started.switchover(cluster)).as("switchover of %s", cluster).isTrue();
  }

  String master(String cluster) {
    return started.configuration(cluster).orElseThrow().getMaster();
  }

  String slave(String cluster) {
    return social.starling.torture.installation.Installation.other(master(cluster));
  }

  DigestResponse digest(String member) {
    return started.digest(member);
  }

  /**
   * Waits until in each cluster the master is open, both members are counted, and the synchronizer
   * is connected to all others.
   */
  void awaitHealthy() {
    try {
      assertThat(started.awaitHealthy(HEALING)).as("what is not well after %s", HEALING).isEmpty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    Ran down = run("down", "--dir", directory().toString());
    assertThat(down.exitCode()).as("down: %s %s", down.out(), down.err()).isZero();
  }
}
