package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code starling up}, {@code down} and {@code status} as a person meets them. */
@Timeout(120)
class UpIT {

  @TempDir private Path folder;
  private Installation installation;

  @BeforeEach
  void prepare() {
    installation = new Installation(folder.resolve("data"), 1);
  }

  @AfterEach
  void down() throws Exception {
    installation.close();
  }

  @Test
  void shouldRefuseADirectoryThatAnotherUpHolds() throws Exception {
    installation.up();

    Installation.Ran second = up(installation.directory());

    assertThat(second.exitCode()).isEqualTo(3);
    assertThat(second.err())
        .isEqualTo(
            "another starling (pid %d) runs on %s; end it with: starling down --dir %s"
                .formatted(
                    installation.launcher().pid(),
                    installation.directory(),
                    installation.directory()));
  }

  @Test
  void shouldShowEveryProcessAndSayWhichAreDead() throws Exception {
    installation.up();
    installation.awaitHealthy();

    JsonArray rows = status();
    assertThat(rows).hasSize(5);
    assertThat(rows)
        .extracting(row -> text(row, "kind"))
        .containsExactly("coordinator", "server", "server", "synchronizer", "router");
    assertThat(rows)
        .extracting(row -> text(row, "role"))
        .containsExactlyInAnyOrder(null, "master", "slave", null, null);
    assertThat(rows)
        .extracting(row -> text(row, "inSync"))
        .containsExactly(null, "true", "true", null, null);
    assertThat(rows).extracting(row -> text(row, "pid")).doesNotContainNull();

    installation.kill("launcher");
    await().until(() -> !installation.launcher().isAlive());
    installation.kill("router", "coordinator");

    await()
        .untilAsserted(() -> {
          assertThat(status())
              .extracting(row -> text(row, "pid") == null)
              .containsExactly(true, false, false, false, true);
          assertThat(status()).extracting(row -> text(row, "role")).containsOnlyNulls();
        });
    assertThat(installation.run("status", "--dir", installation.directory().toString()).err())
        .contains("does not answer", "coordinator is not running", "router is not running");
  }

  @Test
  void shouldEndWhatAKilledLauncherLeft() throws Exception {
    installation.up();
    List<Long> pids = pids();
    installation.kill("launcher");
    await().until(() -> !installation.launcher().isAlive());
    assertThat(pids).allMatch(Installation::isAlive);

    Installation.Ran down = installation.run("down", "--dir", installation.directory().toString());

    assertThat(down.exitCode()).isZero();
    assertThat(down.out()).endsWith("has ended.").doesNotContain("killed");
    assertThat(pids).noneMatch(Installation::isAlive);
    assertThat(installation.run("down", "--dir", installation.directory().toString()).out())
        .isEqualTo("Nothing runs on %s.".formatted(installation.directory()));
  }

  @Test
  void shouldEndEverythingCleanlyOnASignal() throws Exception {
    installation.up();
    List<Long> pids = pids();

    installation.signal(installation.launcher().pid(), ignoresInterrupts() ? "TERM" : "INT");

    assertThat(installation.launcher().waitFor()).isZero();
    assertThat(pids).noneMatch(Installation::isAlive);
    assertThat(installation.console()).doesNotContain("killed");
  }

  /** A shell's background job ignores SIGINT, and so does whatever that starts. */
  private static boolean ignoresInterrupts() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    String ignored =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .map(line -> line.substring("SigIgn:".length()).strip())
            .findFirst()
            .orElse("0");
    return (Long.parseUnsignedLong(ignored, 16) & 1L << 2 - 1) != 0;
  }

  @Test
  void shouldStartThreeClustersInTheBackgroundAndReturnWhenEverythingIsReady() throws Exception {
    String port = installation.router().replaceFirst(".*:", "");

    Installation.Ran detached =
        installation.run(
            "up", "--detach", "--dir", installation.directory().toString(), "--router-port", port);

    assertThat(detached.exitCode()).as(detached.err()).isZero();
    assertThat(detached.out())
        .contains("alpha-1            ready", "gamma-synchronizer ready", "Ready in");
    assertThat(pids()).hasSize(11).allMatch(Installation::isAlive);
    installation.awaitHealthy();
    assertThat(status())
        .filteredOn(row -> "synchronizer".equals(text(row, "kind")))
        .extracting(row -> text(row, "cluster"), row -> text(row, "lag"))
        .containsExactly(tuple("alpha", "0"), tuple("beta", "0"), tuple("gamma", "0"));
  }

  @Test
  void shouldTellThatTheRoutersPortIsTaken() throws Exception {
    try (ServerSocket stranger = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      for (List<String> more : List.of(List.<String>of(), List.of("--detach"))) {
        List<String> arguments =
            new ArrayList<>(
                List.of(
                    "up",
                    "--dir",
                    installation.directory().toString(),
                    "--router-port=" + stranger.getLocalPort()));
        arguments.addAll(more);
        Installation.Ran ran = installation.run(arguments.toArray(String[]::new));
        assertThat(ran.exitCode()).isNotZero();
        assertThat(ran.err())
            .isEqualTo(
                "port %d, where the router should listen, is in use by another process;"
                        .formatted(stranger.getLocalPort())
                    + " choose another with --router-port");
      }
    }
  }

  @Test
  void shouldKeepItsClustersAndSayHowToAddOne() throws Exception {
    installation.up();
    installation.close();

    Installation.Ran more =
        installation.run("up", "--dir", installation.directory().toString(), "--clusters", "2");

    assertThat(more.exitCode()).isEqualTo(2);
    assertThat(more.err())
        .isEqualTo(
            "clusters here: alpha; --clusters 2 does not change that: start them without it,"
                + " then: starling admin add-cluster NAME");
  }

  @Test
  void shouldAddAClusterWhileItRunsAndForgetItAgain() throws Exception {
    String directory = installation.directory().toString();
    Installation.Ran early = installation.run("admin", "add-cluster", "beta", "--dir", directory);
    assertThat(early.exitCode()).isEqualTo(2);
    installation.up();
    List<Long> before = pids();

    Installation.Ran added = installation.run("admin", "add-cluster", "beta", "--dir", directory);

    assertThat(added.exitCode()).as(added.err()).isZero();
    assertThat(added.out()).endsWith("beta: serves, and owns 512 slots");
    installation.awaitHealthy();
    assertThat(pids()).containsAll(before).hasSize(8);

    Installation.Ran gone = installation.run("admin", "forget-cluster", "beta", "--dir", directory);

    assertThat(gone.exitCode()).as(gone.err()).isZero();
    assertThat(gone.out())
        .isEqualTo("beta: forgotten; its directories are in " + directory + "/forgotten");
    assertThat(pids()).containsExactlyElementsOf(before);
    assertThat(folder.resolve("data/forgotten")).isDirectoryContaining("glob:**/beta-1-*");
    installation.awaitHealthy();
    assertThat(installation.run("admin", "slots", "--dir", directory).out())
        .isEqualTo("alpha owns 1024 slots: 0 to 1023");

    assertThat(installation.run("admin", "add-cluster", "beta", "--dir", directory).err())
        .isEmpty();
    installation.awaitHealthy();
    assertThat(installation.run("admin", "clusters", "beta", "--dir", directory).out())
        .startsWith("beta: epoch ");
  }

  @Test
  void shouldStartAClusterThatWasWantedWhenTheLauncherDied() throws Exception {
    installation.up();
    installation.close();
    Files.writeString(folder.resolve("data/wanted-clusters"), "alpha\nbeta\n");

    installation.up();

    installation.awaitHealthy();
    assertThat(installation.clusters()).containsExactly("alpha", "beta");
  }

  @Test
  void shouldLeaveNothingBehindInTheTemporaryDirectory() throws Exception {
    installation.up();
    installation.awaitHealthy();
    long pid = installation.pid("alpha-1");
    assertThat(Files.readString(Path.of("/proc/" + pid + "/maps")))
        .contains("target/starling/native/libsqlitejdbc.so")
        .doesNotContain("/tmp/sqlite-");
  }

  @Test
  void shouldPassOnWhyTheCoordinatorRefuses() throws Exception {
    installation.up();
    installation.close();
    Files.move(
        installation.directory().resolve("coordinator"), installation.directory().resolve("gone"));

    Installation.Ran ran = up(installation.directory());

    assertThat(ran.exitCode()).isEqualTo(3);
    assertThat(ran.err()).contains("coordinator.db does not exist").hasLineCount(1);
    assertThat(status()).extracting(row -> text(row, "pid")).containsOnlyNulls();
  }

  @Test
  void shouldTellThatTheDirectoryCannotBeUsed() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    Installation.Ran ran = up(file);

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err())
        .startsWith("cannot keep data in " + file)
        .endsWith("choose another directory with --dir")
        .hasLineCount(1);
  }

  @Test
  void shouldTellThatNothingWasEverStarted() throws Exception {
    Installation.Ran ran = installation.run("status", "--dir", folder.resolve("no").toString());

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err()).startsWith("nothing was ever started on ").hasLineCount(1);
  }

  private Installation.Ran up(Path directory) throws Exception {
    return installation.run("up", "--dir", directory.toString());
  }

  private JsonArray status() throws Exception {
    Installation.Ran ran =
        installation.run(
            "status", "--output", "json", "--dir", installation.directory().toString());
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    return JsonParser.parseString(ran.out()).getAsJsonArray();
  }

  private List<Long> pids() {
    return installation.processes().stream().map(installation::pid).toList();
  }

  private static String text(JsonElement row, String field) {
    JsonElement value = row.getAsJsonObject().get(field);
    return value.isJsonNull() ? null : value.getAsString();
  }
}
