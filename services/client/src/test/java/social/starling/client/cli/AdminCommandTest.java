package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.proto.coordinator.v1.SlotOwner;

class AdminCommandTest {

  @TempDir private Path directory;
  private final FakeCoordinator coordinator = new FakeCoordinator();

  @BeforeEach
  void launch() throws IOException {
    Files.writeString(
        directory.resolve("launcher.json"),
        "{\"format\":1,\"coordinators\":[\"" + coordinator.address() + "\"],\"router\":null}");
    Files.writeString(directory.resolve("credential"), FakeCoordinator.CREDENTIAL + "\n");
    coordinator.one.files.put("posts/ab/alice.txt", "one post");
    coordinator.two.files.put("posts/ab/alice.txt", "one post");
  }

  @AfterEach
  void stop() {
    coordinator.close();
  }

  private CliRun admin(String... args) {
    List<String> all = new ArrayList<>(List.of("admin"));
    all.addAll(List.of(args));
    all.addAll(List.of("--dir", directory.toString()));
    return CliRun.of("", all.toArray(String[]::new));
  }

  private static JsonObject json(CliRun run) {
    assertThat(run.lines()).hasSize(1);
    return JsonParser.parseString(run.out()).getAsJsonObject();
  }

  @Test
  void shouldFindTwoEqualMembersEqual() {
    CliRun run = admin("verify");
    assertThat(run.out())
        .isEqualTo("alpha: alpha-1 and alpha-2 hold the same: entries to 7, 1 post files\n");
    assertThat(run.exitCode()).isZero();
    JsonObject json = json(admin("verify", "alpha", "--output", "json"));
    assertThat(json.get("equal").getAsBoolean()).isTrue();
    assertThat(json.get("appliedIndex").getAsLong()).isEqualTo(7);
  }

  @Test
  void shouldNameTheFilesThatDiffer() {
    coordinator.two.files.put("posts/ab/alice.txt", "one pest");
    coordinator.two.files.put("posts/cd/bob.txt", "more");
    CliRun run = admin("verify");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines())
        .containsExactly(
            "alpha: alpha-1 and alpha-2 differ at entry 7",
            "  posts/ab/alice.txt differs: 8 bytes on alpha-1, 8 on alpha-2",
            "  posts/cd/bob.txt is missing on alpha-1");
  }

  @Test
  void shouldTellTablesThatDifferAndDamage() {
    coordinator.two.tables = "other tables";
    coordinator.one.damage = List.of("posts/ab/alice.txt is 3 bytes short");
    CliRun run = admin("verify", "--output", "json");
    assertThat(run.exitCode()).isEqualTo(1);
    JsonObject json = json(run);
    assertThat(json.get("differences").getAsJsonArray().get(0).getAsString())
        .isEqualTo("the tables of alpha-1 and alpha-2 differ");
    assertThat(json.get("damage").getAsJsonArray().get(0).getAsString())
        .isEqualTo("alpha-1: posts/ab/alice.txt is 3 bytes short");
  }

  @Test
  void shouldWaitUntilBothHaveAppliedTheSame() {
    coordinator.two.applied = List.of(5L, 6L, 7L).iterator();
    CliRun run = admin("verify");
    assertThat(run.exitCode()).isZero();
    assertThat(coordinator.two.digests.get()).isEqualTo(3);
  }

  @Test
  void shouldSayThatItNeverBecameQuiet() {
    coordinator.one.applied = LongStream.iterate(10, i -> i + 1).iterator();
    coordinator.two.applied = LongStream.iterate(9, i -> i + 1).iterator();
    CliRun run = admin("verify", "--wait", "300ms");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("alpha was not quiet").contains("stop the writers");
  }

  @Test
  void shouldSayWhichMemberCannotBeReached() {
    coordinator.two.stop();
    CliRun run = admin("verify");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).startsWith("cannot reach alpha-2 at 127.0.0.1:").hasLineCount(1);
  }

  @Test
  void shouldHandOver() {
    assertThat(admin("switchover", "alpha").out())
        .isEqualTo("alpha: epoch 4, master alpha-2, in sync alpha-1, alpha-2, after 12 ms\n");
    coordinator.refusesSwitchover = true;
    CliRun refused = admin("switchover", "alpha");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).isEqualTo("alpha-2 is not in sync; wait until it has caught up\n");
  }

  @Test
  void shouldRecoverOnlyWhenTheLossIsAccepted() {
    CliRun run = admin("recover", "alpha", "alpha-2");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("--accept-loss");
    assertThat(admin("recover", "alpha", "alpha-2", "--accept-loss").lines())
        .containsExactly(
            "alpha: epoch 9, master alpha-2, in sync alpha-1, alpha-2",
            "given up: entries that only alpha-1 held");
  }

  @Test
  void shouldShowClustersAndSlots() {
    assertThat(admin("clusters").lines())
        .containsExactly(
            "alpha: epoch 3, master alpha-1, in sync alpha-1, alpha-2",
            "  owns 1024 slots; 5 users live there",
            "  alpha-1: heard 30 ms ago at 127.0.0.1:4611, open, entries to 9, committed to 8",
            "  alpha-2: heard 30 ms ago at 127.0.0.1:4611, follower, entries to 9, committed to 8",
            "  synchronizer: heard 40 ms ago at 127.0.0.1:4650; beta connected, lag 3;"
                + " gamma not connected, lag 0");
    JsonObject json = json(admin("clusters", "--output", "json"));
    assertThat(json.get("epoch").getAsLong()).isEqualTo(3);
    assertThat(json.get("slots").getAsLong()).isEqualTo(1024);
    assertThat(json.get("users").getAsLong()).isEqualTo(5);
    assertThat(json.get("members").getAsJsonArray()).hasSize(2);
    JsonObject synchronizer = json.getAsJsonObject("synchronizer");
    assertThat(synchronizer.get("internalAddress").getAsString()).isEqualTo("127.0.0.1:4650");
    assertThat(synchronizer.getAsJsonArray("peers").get(0).getAsJsonObject().get("lag").getAsLong())
        .isEqualTo(3);
    assertThat(admin("slots").out()).isEqualTo("alpha owns 1024 slots: 0 to 1023\n");
    coordinator.dealtOut = false;
    assertThat(admin("slots").out()).contains("waiting for clusters: 1 of 2");
  }

  @Test
  void shouldShowScatteredSlots() {
    coordinator.slots = List.of(owner(0, 2, "alpha"), owner(2, 3, "beta"), owner(3, 1024, "alpha"));
    assertThat(admin("slots").lines())
        .containsExactly("alpha owns 1023 slots: 0 to 1, 3 to 1023", "beta owns 1 slots: 2");
  }

  private static SlotOwner owner(int from, int to, String cluster) {
    return SlotOwner.newBuilder().setFrom(from).setTo(to).setCluster(cluster).build();
  }

  private CliRun launched(String... args) throws IOException {
    ProcessHandle self = ProcessHandle.current();
    writeState(self.pid(), self.info().startInstant().orElseThrow(), List.of("alpha"));
    return admin(args);
  }

  private void writeState(long pid, Instant started, List<String> clusters) throws IOException {
    Path fresh = directory.resolve("launcher.json.new");
    Files.writeString(
        fresh,
        """
        {"format": 1, "coordinators": ["%s"], "clusters": ["%s"],
         "launcher": {"pid": %d, "started": "%s"}}
        """
            .formatted(coordinator.address(), String.join("\",\"", clusters), pid, started));
    Files.move(fresh, directory.resolve("launcher.json"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void shouldRecordAClusterAndWishForItsProcesses() throws IOException {
    coordinator.serves = "delta";
    CliRun run = launched("add-cluster", "delta");
    assertThat(run.lines())
        .containsExactly(
            "delta: recorded as number 3; the launcher starts it",
            "delta: serves, and owns 512 slots");
    assertThat(run.exitCode()).isZero();
    assertThat(coordinator.recorded).containsExactly("delta: delta-1, delta-2");
    assertThat(WantedClusters.read(directory)).contains(List.of("alpha", "delta"));
    launched("add-cluster", "delta");
    assertThat(WantedClusters.read(directory)).contains(List.of("alpha", "delta"));
  }

  @Test
  void shouldSayThatAnAddedClusterDoesNotServe() throws IOException {
    CliRun run = launched("add-cluster", "delta", "--wait", "200ms");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).startsWith("delta is recorded, and does not serve yet").hasLineCount(1);
  }

  @Test
  void shouldAddNothingWhenNoLauncherRuns() throws IOException {
    writeState(ProcessHandle.current().pid(), Instant.EPOCH, List.of("alpha"));
    CliRun run = admin("add-cluster", "delta");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .startsWith("no launcher runs on " + directory + ", so nobody would start")
        .contains("starling up --dir")
        .hasLineCount(1);
    assertThat(coordinator.recorded).isEmpty();
    assertThat(WantedClusters.read(directory)).isEmpty();
  }

  @Test
  void shouldRecordOnlyWhereCoordinatorsAreNamed() {
    CliRun run = admin("add-cluster", "delta", "--coordinators", coordinator.address());
    assertThat(run.out())
        .isEqualTo("delta: recorded as number 3; start delta-1 and delta-2 and a synchronizer\n");
    assertThat(WantedClusters.read(directory)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Delta", "delta-", "del_ta", "d ta", ""})
  void shouldRefuseWhatIsNoNameOfACluster(String name) {
    CliRun run = admin("add-cluster", name);
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("is no name of a cluster").hasLineCount(1);
    assertThat(coordinator.recorded).isEmpty();
  }

  @Test
  void shouldForgetAClusterAndWaitUntilItsProcessesHaveEnded() throws Exception {
    ProcessHandle self = ProcessHandle.current();
    Instant started = self.info().startInstant().orElseThrow();
    writeState(self.pid(), started, List.of("alpha", "delta"));
    Thread launcher =
        Thread.startVirtualThread(() -> {
          await().until(() -> WantedClusters.read(directory).equals(Optional.of(List.of("alpha"))));
          try {
            writeState(self.pid(), started, List.of("alpha"));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    CliRun run = admin("forget-cluster", "delta");
    launcher.join();
    assertThat(run.out())
        .isEqualTo("delta: forgotten; its directories are in " + directory + "/forgotten\n");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void shouldPassOnWhyAClusterCannotBeForgotten() throws IOException {
    coordinator.refusesForgetting = true;
    CliRun run = launched("forget-cluster", "alpha");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).isEqualTo("users live in alpha\n");
    assertThat(WantedClusters.read(directory)).isEmpty();
  }

  @Test
  void shouldNameTheClustersThatThereAre() {
    CliRun run = admin("verify", "omega");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).isEqualTo("there is no cluster 'omega'; recorded: alpha\n");
  }

  @Test
  void shouldGoOnWithTheNextCoordinator() {
    CliRun run = admin("slots", "--coordinators", "127.0.0.1:1," + coordinator.address());
    assertThat(run.out()).isEqualTo("alpha owns 1024 slots: 0 to 1023\n");
  }

  @Test
  void shouldSayThatNoCoordinatorIsThere() {
    CliRun run = admin("slots", "--coordinators", "127.0.0.1:1");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("cannot reach the coordinator at 127.0.0.1:1");
  }

  @Test
  void shouldSayThatTheCredentialIsWrong() throws IOException {
    Files.writeString(directory.resolve("credential"), "another-secret\n");
    CliRun run = admin("slots");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("--credential").hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "{\"coordinators\":[]}", "{\"coordinators\":[5]}", "\"text\""})
  void shouldSayThatTheDirectoryCannotBeUsed(String content) throws IOException {
    Files.writeString(directory.resolve("launcher.json"), content);
    CliRun run = admin("slots");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("launcher.json cannot be used").hasLineCount(1);
  }

  @Test
  void shouldSayThatTheDirectoryIsNone() throws IOException {
    Files.delete(directory.resolve("launcher.json"));
    CliRun run = admin("slots");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("is no directory of `starling up`").contains("--dir");
  }
}
