package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Channels;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Expand;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Promote;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.Shrink;

/** The coordinator as a process: started, killed, ended, and without space. */
class CoordinatorProcessTest {

  private static final Pattern READY = Pattern.compile(".*ready internal=(\\S+) http=(\\S+) .*");

  @TempDir Path directory;
  private final List<Process> processes = new ArrayList<>();
  private Path credential;

  /** A process that was started, and what it said. */
  private final class Started {
    final Process process;
    final List<String> lines = new CopyOnWriteArrayList<>();
    private ManagedChannel channel;

    Started(String... flags) throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "--enable-native-access=ALL-UNNAMED",
                  "-Dorg.sqlite.tmpdir=" + directory,
                  "-cp",
                  System.getProperty("java.class.path"),
                  CoordinatorMain.class.getName(),
                  "--dir",
                  directory.resolve("state").toString(),
                  "--credential",
                  credential.toString()));
      command.addAll(List.of(flags));
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
      processes.add(process);
      Thread.ofVirtual().start(this::read);
    }

    private void read() {
      try (BufferedReader reader = process.inputReader()) {
        reader.lines().forEach(lines::add);
      } catch (IOException | UncheckedIOException e) {
        lines.add("the output ended: " + e.getMessage());
      }
    }

    Started awaitReady() {
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> ready() != null || !process.isAlive());
      assertThat(ready()).as(lines.toString()).isNotNull();
      channel = Channels.open(ready().group(1), CoordinatorFixture.CREDENTIAL.clientInterceptor());
      return this;
    }

    private Matcher ready() {
      return lines.stream().map(READY::matcher).filter(Matcher::matches).findFirst().orElse(null);
    }

    AdminGrpc.AdminBlockingStub admin() {
      return AdminGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    CoordinationGrpc.CoordinationBlockingStub coordination() {
      return CoordinationGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    int http(String path) throws IOException, InterruptedException {
      try (HttpClient client = HttpClient.newHttpClient()) {
        return client
            .send(
                HttpRequest.newBuilder(URI.create("http://" + ready().group(2) + path)).build(),
                HttpResponse.BodyHandlers.ofString())
            .statusCode();
      }
    }

    int exitCode(Duration bound) throws InterruptedException {
      assertThat(process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS))
          .as("it ends within " + bound)
          .isTrue();
      return process.exitValue();
    }

    void close() {
      channel.shutdownNow();
    }
  }

  @BeforeEach
  void writeCredential() throws IOException {
    credential = Files.writeString(directory.resolve("credential"), "a-credential-of-tests\n");
  }

  @AfterEach
  void killAll() {
    processes.forEach(process -> process.destroyForcibly().onExit().join());
  }

  @Test
  void shouldLoseNothingThatItAnsweredHoweverOftenItIsKilled() throws Exception {
    long acknowledged = 0;
    for (int round = 0; round < 4; round++) {
      Started started = new Started(round == 0 ? new String[] {"--init"} : new String[0]);
      started.awaitReady();
      if (round == 0) {
        record(started);
        try (FakeMember first = member(started)) {
          first.awaitEpoch(1);
        }
        acknowledged = 1;
      }
      Configuration now = configuration(started);
      assertThat(now.getEpoch()).isBetween(acknowledged, acknowledged + 1);
      AtomicLong answered = new AtomicLong(now.getEpoch());
      Thread changes = Thread.ofVirtual().start(() -> changeUntilItDies(started, answered));
      long enough = now.getEpoch() + 30;
      await().pollInterval(Duration.ofMillis(1)).until(() -> answered.get() >= enough);
      started.process.destroyForcibly();
      started.process.waitFor();
      changes.join();
      acknowledged = answered.get();
      started.close();
    }
  }

  @Test
  void shouldEndWithinFiveSecondsWhenToldAndKeepItsState() throws Exception {
    Started started = new Started("--init").awaitReady();
    record(started);
    assertThat(started.http("/livez")).isEqualTo(200);
    assertThat(started.http("/readyz")).isEqualTo(200);
    assertThat(started.http("/metrics")).isEqualTo(200);
    try (FakeMember member = member(started)) {
      member.awaitEpoch(1);
      started.process.destroy();
      assertThat(started.exitCode(Duration.ofSeconds(5))).isZero();
    }
    started.close();
    Started again = new Started().awaitReady();
    assertThat(configuration(again).getEpoch()).isEqualTo(1);
    again.close();
  }

  @Test
  void shouldSayWhyItDoesNotStart() throws Exception {
    Started without = new Started();
    assertThat(without.exitCode(Duration.ofSeconds(30))).isEqualTo(3);
    await().until(() -> !without.lines.isEmpty());
    assertThat(without.lines)
        .singleElement()
        .asString()
        .contains("does not exist")
        .contains("--init");

    Started wrong = new Started("--expected-clusters", "0");
    assertThat(wrong.exitCode(Duration.ofSeconds(30))).isEqualTo(2);

    try (ServerSocket busy = new ServerSocket(0)) {
      Started port = new Started("--init", "--internal-port", "" + busy.getLocalPort());
      assertThat(port.exitCode(Duration.ofSeconds(30))).isEqualTo(1);
      await().until(() -> !port.lines.isEmpty());
      assertThat(port.lines).singleElement().asString().contains("" + busy.getLocalPort());
    }
  }

  @Test
  void shouldWriteARebuiltStateOnceNobodyUsesTheDirectoryAndKeepTheOldOne() throws Exception {
    Started old = new Started("--init").awaitReady();
    record(old);
    Path file =
        Files.writeString(
            directory.resolve("rebuilt.txt"), RebuiltDocumentsTest.state().build().toString());

    Started rebuild = new Started("--rebuild", file.toString());
    old.process.destroyForcibly();
    assertThat(rebuild.exitCode(Duration.ofSeconds(60))).as(rebuild.lines.toString()).isZero();
    old.close();

    assertThat(directory.resolve("state/replaced-1/coordinator.db")).exists();
    Started again = new Started().awaitReady();
    assertThat(again.admin().getStatus(GetStatusRequest.getDefaultInstance()).getClustersList())
        .extracting(ClusterStatus::getName, c -> c.getConfiguration().getEpoch())
        .containsExactly(tuple("alpha", 1_000_005L), tuple("beta", 0L));
    again.close();
  }

  @Test
  void shouldNotRebuildFromWhatIsNoStateNorUnderACoordinator() throws Exception {
    Path file = Files.writeString(directory.resolve("rebuilt.txt"), "clusters { name: 3 }");
    Started wrong = new Started("--init", "--rebuild", file.toString());
    assertThat(wrong.exitCode(Duration.ofSeconds(60))).isEqualTo(3);
    await().until(() -> !wrong.lines.isEmpty());
    assertThat(wrong.lines)
        .singleElement()
        .asString()
        .contains("not taken as a coordinator's state");
    assertThat(directory.resolve("state")).doesNotExist();

    Files.writeString(file, RebuiltDocumentsTest.state().build().toString());
    Started running = new Started("--init").awaitReady();
    Started rebuild = new Started("--rebuild", file.toString());
    assertThat(rebuild.exitCode(Duration.ofSeconds(60))).isEqualTo(3);
    await().until(() -> !rebuild.lines.isEmpty());
    assertThat(rebuild.lines).singleElement().asString().contains("in use by another coordinator");
    assertThat(running.process.isAlive()).isTrue();
    running.close();
  }

  @Test
  void shouldStayUpWithoutSpaceAndCarryOnWhenThereIsSome() throws Exception {
    Started started = new Started("--init").awaitReady();
    record(started);
    try (FakeMember member = member(started)) {
      member.awaitEpoch(1);
      limitFiles(started, "0");
      await()
          .untilAsserted(() ->
              assertThatThrownBy(() -> shrink(started, configuration(started).getEpoch()))
                  .isInstanceOf(StatusRuntimeException.class)
                  .satisfies(e ->
                      assertThat(((StatusRuntimeException) e).getStatus().getCode())
                          .isEqualTo(Status.Code.UNAVAILABLE)));
      assertThat(started.http("/livez")).isEqualTo(200);
      assertThat(started.http("/readyz")).isEqualTo(503);
      long epoch = configuration(started).getEpoch();

      limitFiles(started, "unlimited");
      await().until(() -> started.http("/readyz") == 200);
      ReconfigureResponse response = shrink(started, configuration(started).getEpoch());
      assertThat(response.getExecuted()).isTrue();
      assertThat(response.getConfiguration().getEpoch()).isGreaterThan(epoch);
      member.awaitEpoch(response.getConfiguration().getEpoch());
    }
    started.close();
  }

  @Test
  void shouldSuspectNobodyForTheTimeThatItWasStopped() throws Exception {
    Started started = new Started("--init").awaitReady();
    record(started);
    try (FakeMember one = member(started).keepBeating();
        FakeMember two =
            new FakeMember(started.channel, FakeMember.hello("alpha-2", "i2", "v2").build())
                .keepBeating()) {
      two.awaitHearing("alpha-1", Hearing.HEARD);
      one.awaitHearing("alpha-2", Hearing.HEARD);
      signal(started, "STOP");
      await().pollDelay(Duration.ofSeconds(4)).until(() -> true);
      int beats = heartbeats(one);
      signal(started, "CONT");
      await().until(() -> heartbeats(one) > beats + 15);
      for (FakeMember member : List.of(one, two)) {
        assertThat(member.messages().stream().filter(CoordinatorMessage::hasSuspicion))
            .extracting(message -> message.getSuspicion().getHearing())
            .containsOnly(Hearing.HEARD);
      }
    }
    started.close();
  }

  /** The first failover of a process finds its code cold: printed, for it is part of every one. */
  @Test
  void shouldTellHowLongTheFirstDeathAndPromotionTake() throws Exception {
    for (int round = 0; round < 3; round++) {
      directory = Files.createDirectory(directory.resolve("round" + round));
      long begun = System.nanoTime();
      Started started = new Started("--init").awaitReady();
      double ready = (System.nanoTime() - begun) / 1e6;
      record(started);
      try (FakeMember one = member(started).awaitEpoch(1).keepBeating();
          FakeMember two =
              new FakeMember(started.channel, FakeMember.hello("alpha-2", "i2", "v2").build())
                  .keepBeating()) {
        two.awaitHearing("alpha-1", Hearing.HEARD);
        change(started, 1, r -> r.setExpand(expand()));
        one.awaitEpoch(2);
        two.awaitEpoch(2);
        long death = System.nanoTime();
        started
            .admin()
            .reportDead(
                ReportDeadRequest.newBuilder()
                    .setCluster("alpha")
                    .setMember("alpha-1")
                    .setInstance("i1")
                    .build());
        long told = two.awaitArrival(CoordinatorMessage::hasDead);
        long asked = System.nanoTime();
        change(
            started,
            2,
            r ->
                r.setMember("alpha-2")
                    .setVolume("v2")
                    .setInstance("i2")
                    .setPromote(Promote.getDefaultInstance()));
        long answered = System.nanoTime();
        System.out.printf(
            "spawn -> ready %.0f ms, first death told %.1f ms, first promotion answered %.1f ms%n",
            ready, (told - death) / 1e6, (answered - asked) / 1e6);
        assertThat(configuration(started).getMaster()).isEqualTo("alpha-2");
      }
      started.process.destroy();
      assertThat(started.exitCode(Duration.ofSeconds(5))).isZero();
      started.close();
    }
  }

  private static void changeUntilItDies(Started started, AtomicLong answered) {
    try {
      while (true) {
        answered.set(shrink(started, answered.get()).getConfiguration().getEpoch());
      }
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  private static int heartbeats(FakeMember member) {
    return (int) member.messages().stream().filter(CoordinatorMessage::hasHeartbeat).count();
  }

  private static void signal(Started started, String signal) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + signal, "" + started.process.pid()).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }

  /** What a full disk does to a process: its files cannot grow. */
  private static void limitFiles(Started started, String bytes) throws Exception {
    Process limit =
        new ProcessBuilder(
                "prlimit", "--pid", "" + started.process.pid(), "--fsize=" + bytes + ":unlimited")
            .inheritIO()
            .start();
    assertThat(limit.waitFor()).isZero();
  }

  private static void record(Started started) {
    started
        .admin()
        .recordCluster(
            RecordClusterRequest.newBuilder()
                .setName("alpha")
                .addMembers("alpha-1")
                .addMembers("alpha-2")
                .build());
  }

  private static FakeMember member(Started started) {
    return new FakeMember(started.channel, FakeMember.hello("alpha-1", "i1", "v1").build());
  }

  private static Configuration configuration(Started started) {
    return started
        .admin()
        .getStatus(GetStatusRequest.getDefaultInstance())
        .getClusters(0)
        .getConfiguration();
  }

  private static ReconfigureResponse shrink(Started started, long epoch) {
    return change(started, epoch, r -> r.setShrink(Shrink.getDefaultInstance()));
  }

  private static ReconfigureResponse change(
      Started started, long epoch, UnaryOperator<ReconfigureRequest.Builder> change) {
    ReconfigureRequest.Builder request =
        ReconfigureRequest.newBuilder()
            .setCluster("alpha")
            .setEpoch(epoch)
            .setMember("alpha-1")
            .setVolume("v1")
            .setInstance("i1");
    return started.coordination().reconfigure(change.apply(request).build());
  }

  private static Expand expand() {
    return Expand.newBuilder().setPeer("alpha-2").setPeerVolume("v2").build();
  }
}
