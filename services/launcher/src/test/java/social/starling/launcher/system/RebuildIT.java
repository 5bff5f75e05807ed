package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The coordinator's directory is deleted, and nothing is lost. */
@Timeout(300)
class RebuildIT {

  private static final List<String> USERS = List.of("alice", "bob", "carol", "dave", "erin");

  @TempDir private Path folder;
  private Installation installation;

  @BeforeEach
  void prepare() {
    installation = new Installation(folder.resolve("data"), 3);
  }

  @AfterEach
  void down() throws Exception {
    installation.close();
  }

  @Test
  void shouldRebuildTheCoordinatorWhileServersRunAndWhenAllIsDown() throws Exception {
    installation.up();
    installation.awaitHealthy();
    post("first");

    // It holds on to what was deleted: the state is still of use, until its process ends.
    deleteCoordinator();
    Installation.Ran refused = rebuild("--write");
    assertThat(refused.exitCode()).as(refused.err()).isEqualTo(3);
    assertThat(refused.err()).contains("a coordinator runs");

    installation.kill("coordinator");
    post("second");
    Installation.Ran shown = rebuild();
    assertThat(shown.exitCode()).as(shown.err()).isZero();
    assertThat(shown.out()).contains("it serves").contains("alpha-1", "alpha-2");
    assertThat(shown.err()).contains("Nothing was written");
    assertThat(installation.directory().resolve("coordinator/coordinator.db")).doesNotExist();
    Installation.Ran written = rebuild("--write");
    assertThat(written.exitCode()).as(written.err()).isZero();

    await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> epoch() > 1_000_000);
    installation.awaitHealthy();
    post("third");

    assertThat(installation.run("down", "--dir", directory()).exitCode()).isZero();
    deleteCoordinator();
    Installation.Ran again = rebuild("--write");
    assertThat(again.exitCode()).as(again.err()).isZero();
    installation.up();
    installation.awaitHealthy();
    assertThat(epoch()).isGreaterThan(2_000_000);
    post("fourth");
    for (String user : USERS) {
      assertThat(ok("posts", user, "-u", user)).contains("first", "second", "third", "fourth");
    }
  }

  /** The lowest of all clusters. */
  private long epoch() {
    return installation.status().getClustersList().stream()
        .mapToLong(cluster -> cluster.getConfiguration().getEpoch())
        .min()
        .orElse(0);
  }

  private void post(String text) throws Exception {
    for (String user : USERS) {
      ok("post", "-u", user, text);
    }
  }

  private String ok(String... command) throws Exception {
    List<String> whole = new ArrayList<>(List.of(command));
    whole.addAll(List.of("--router", installation.router()));
    Installation.Ran ran = installation.run(whole.toArray(String[]::new));
    assertThat(ran.exitCode()).as("%s: %s", whole, ran.err()).isZero();
    return ran.out();
  }

  private Installation.Ran rebuild(String... flags) throws Exception {
    List<String> whole =
        new ArrayList<>(List.of("admin", "rebuild-coordinator", "--dir", directory()));
    whole.addAll(List.of(flags));
    return installation.run(whole.toArray(String[]::new));
  }

  private String directory() {
    return installation.directory().toString();
  }

  private void deleteCoordinator() throws IOException {
    try (Stream<Path> files = Files.walk(installation.directory().resolve("coordinator"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
