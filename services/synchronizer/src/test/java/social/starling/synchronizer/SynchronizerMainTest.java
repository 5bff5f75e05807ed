package social.starling.synchronizer;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.proto.coordinator.v1.PeerProgress;

/** The synchronizer as a process. */
class SynchronizerMainTest {

  @TempDir Path temp;
  private final SyncFixture fixture = new SyncFixture();
  private final List<Process> processes = new ArrayList<>();
  private Path credential;

  @BeforeEach
  void writeCredential() throws IOException {
    credential = Files.writeString(temp.resolve("credential"), "open-sesame\n");
  }

  @AfterEach
  void close() throws Exception {
    processes.forEach(Process::destroyForcibly);
    fixture.close();
  }

  private Process start(String... args) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                SynchronizerMain.class.getName()));
    command.addAll(List.of(args));
    Path output = Files.createTempFile(temp, "output", ".log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    processes.add(process);
    outputs.add(output);
    return process;
  }

  private final List<Path> outputs = new ArrayList<>();

  private Process startAlpha(int http) throws IOException {
    return start(
        "--cluster=alpha",
        "--coordinators=" + fixture.coordinator.address(),
        "--credential=" + credential,
        "--http-port=" + http);
  }

  private static int code(int port, String path) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
      return connection.getResponseCode();
    } catch (IOException e) {
      return 0;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void signal(String name, Process process) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start();
    assertThat(kill.waitFor()).isZero();
  }

  private boolean connected() {
    return fixture
        .coordinator
        .progress("beta", "alpha")
        .filter(PeerProgress::getConnected)
        .isPresent();
  }

  @Test
  void itIsReadyWhenItsMasterAnswersAndEndsOnASignal() throws Exception {
    fixture.coordinator.forget("alpha");
    int http = freePort();
    Process process = startAlpha(http);
    await().atMost(60, SECONDS).until(() -> code(http, "/livez") == 200);
    assertThat(code(http, "/readyz")).isEqualTo(503);
    fixture.alphaMaster(1, fixture.alpha1);
    await().atMost(60, SECONDS).until(() -> code(http, "/readyz") == 200);
    assertThat(code(http, "/metrics")).isEqualTo(200);
    // In the middle of its work, with streams open either way.
    fixture.start("beta");
    fixture.alpha.write("a", 50);
    fixture.awaitReceived(fixture.beta, FakeCluster.names("a", 50));
    long begun = System.nanoTime();
    signal("TERM", process);
    assertThat(process.waitFor(10, SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun)).isLessThan(3000);
    await().until(() -> fixture.coordinator.sessions() == 1);
    assertThat(Files.readString(outputs.getFirst()))
        .doesNotContain("Exception")
        .doesNotContain("took too long");
  }

  @Test
  void aProcessThatIsStoppedIsGivenUpAndTakenUpAgain() throws Exception {
    Process process = startAlpha(0);
    fixture.start("beta", Patience.DEFAULT, fixture.coordinator);
    fixture.alpha.write("a", 5);
    await()
        .atMost(60, SECONDS)
        .untilAsserted(
            () -> assertThat(fixture.beta.received()).isEqualTo(FakeCluster.names("a", 5)));
    long begun = System.nanoTime();
    signal("STOP", process);
    await().atMost(20, SECONDS).until(() -> !connected());
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(4500));
    fixture.alpha.write("b", 5);
    signal("CONT", process);
    await().atMost(20, SECONDS).until(() -> fixture.beta.received().size() == 10);
    await().atMost(20, SECONDS).until(this::connected);
  }

  @Test
  void itCostsNextToNothingWhenThereIsNothingToDo() throws Exception {
    FakeCluster gamma = new FakeCluster();
    FakeMember gamma1 = fixture.with(new FakeMember("gamma-1", gamma));
    FakeMember gamma2 = fixture.with(new FakeMember("gamma-2", gamma));
    fixture.coordinator.record(FakeCoordinator.cluster("gamma", 2, 1, gamma1, gamma2));
    // As often as the real ones.
    fixture.coordinator.quiet = Duration.ofSeconds(1);
    for (FakeMember member : List.of(fixture.alpha1, fixture.beta1, gamma1)) {
      member.quietMillis = 1000;
    }
    Process process = startAlpha(0);
    fixture.start("beta", Patience.DEFAULT, fixture.coordinator);
    fixture.start("gamma", Patience.DEFAULT, fixture.coordinator);
    fixture.alpha.write("a", 100);
    fixture.beta.write("b", 100);
    gamma.write("c", 100);
    await().atMost(60, SECONDS).until(() -> fixture.alpha.received().size() == 200);
    await().atMost(60, SECONDS).until(() -> fixture.beta.received().size() == 200);
    Duration before = cpu(process);
    long begun = System.nanoTime();
    await()
        .pollInterval(Duration.ofSeconds(1))
        .atMost(30, SECONDS)
        .until(() -> System.nanoTime() - begun >= SECONDS.toNanos(10));
    Duration used = cpu(process).minus(before);
    assertThat(used).as("CPU in 10 idle seconds").isLessThan(Duration.ofSeconds(1));
    int logged = Files.readAllLines(outputs.getFirst()).size();
    assertThat(logged).as("lines logged about 300 changes").isLessThan(15);
  }

  private static Duration cpu(Process process) {
    return process.info().totalCpuDuration().orElseThrow();
  }

  @Test
  void whatItCannotStartWithIsOneSentence() throws Exception {
    String coordinators = "--coordinators=127.0.0.1:1";
    String secret = "--credential=" + credential;
    refused(2, "no credential is given", "--cluster=alpha", coordinators);
    refused(2, "Missing required option: '--coordinators", "--cluster=alpha", secret);
    refused(2, "Missing required option: '--cluster", coordinators, secret);
    refused(2, "--cluster 'a-b' is not 1 to 30 of", "--cluster=a-b", coordinators, secret);
    refused(2, "'127.0.0.1' is no address", "--cluster=alpha", "--coordinators=127.0.0.1", secret);
    refused(
        1,
        "is in use by another process; choose another with --internal-port",
        "--cluster=alpha",
        coordinators,
        secret,
        "--internal-port=" + fixture.coordinator.address().port());
  }

  private void refused(int code, String sentence, String... args) throws Exception {
    Process process = start(args);
    assertThat(process.waitFor(60, SECONDS)).isTrue();
    try (BufferedReader output = Files.newBufferedReader(outputs.getLast())) {
      List<String> lines = output.lines().toList();
      assertThat(lines).hasSize(1);
      assertThat(lines.getFirst()).contains(sentence);
    }
    assertThat(process.exitValue()).isEqualTo(code);
  }
}
