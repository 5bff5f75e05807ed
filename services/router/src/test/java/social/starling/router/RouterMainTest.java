package social.starling.router;

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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The router as a process. */
class RouterMainTest {

  @TempDir Path temp;
  private final FakeCluster cluster = new FakeCluster();
  private final FakeMember one = new FakeMember("alpha-1", cluster);
  private final FakeMember two = new FakeMember("alpha-2", cluster);
  private final FakeCoordinator coordinator = new FakeCoordinator();
  private final List<Process> processes = new ArrayList<>();
  private Path credential;

  @BeforeEach
  void writeCredential() throws IOException {
    credential = Files.writeString(temp.resolve("credential"), "open-sesame\n");
  }

  @AfterEach
  void close() {
    processes.forEach(Process::destroyForcibly);
    coordinator.close();
    one.close();
    two.close();
  }

  private Process start(String... args) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                RouterMain.class.getName()));
    command.addAll(List.of(args));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    processes.add(process);
    return process;
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

  @Test
  void itIsReadyWhenAMasterCanBeReachedAndEndsOnASignal() throws Exception {
    int http = freePort();
    Process process =
        start(
            "--coordinators=" + coordinator.address(),
            "--credential=" + credential,
            "--public-port=0",
            "--internal-port=0",
            "--http-port=" + http);
    await().atMost(60, SECONDS).until(() -> code(http, "/livez") == 200);
    assertThat(code(http, "/readyz")).isEqualTo(503);
    coordinator.push(FakeCoordinator.alpha(1, one, two));
    await().atMost(60, SECONDS).until(() -> code(http, "/readyz") == 200);
    assertThat(code(http, "/metrics")).isEqualTo(200);
    long begun = System.nanoTime();
    process.toHandle().destroy();
    assertThat(process.waitFor(10, SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun)).isLessThan(5);
  }

  @Test
  void whatItCannotStartWithIsOneSentence() throws Exception {
    refused(2, "no credential is given", "--coordinators=127.0.0.1:1");
    refused(2, "Missing required option: '--coordinators", "--credential=" + credential);
    refused(
        2, "'127.0.0.1' is no address", "--coordinators=127.0.0.1", "--credential=" + credential);
    refused(
        1,
        "is in use by another process; choose another with --public-port",
        "--coordinators=127.0.0.1:1",
        "--credential=" + credential,
        "--public-port=" + one.server().port());
  }

  private void refused(int code, String sentence, String... args) throws Exception {
    Process process = start(args);
    try (BufferedReader output = process.inputReader()) {
      List<String> lines = output.lines().toList();
      assertThat(lines).hasSize(1);
      assertThat(lines.getFirst()).contains(sentence);
    }
    assertThat(process.waitFor()).isEqualTo(code);
  }
}
