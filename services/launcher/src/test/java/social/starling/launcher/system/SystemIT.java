package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import social.starling.common.Channels;
import social.starling.common.Identity;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.GetPostsResponse;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.PostResponse;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.WriteId;

/**
 * One cluster over real processes and under load: each test is a fault, on the installation that
 * the faults before it have left; the last one compares everything that was acknowledged and shown
 * with what is stored.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(120)
class SystemIT {

  private static final Duration BOUND = Duration.ofSeconds(10);
  private static final Path DIRECTORY =
      Path.of("target", "system-it", "data-" + ProcessHandle.current().pid()).toAbsolutePath();

  private static Installation installation;
  private static Load load;

  /**
   * How long everything takes to start: on a machine that is busy otherwise, faults take longer.
   */
  private static Duration start;

  private static int failuresSeen;

  @BeforeAll
  static void start() throws Exception {
    installation = new Installation(DIRECTORY);
    start = installation.up();
    System.out.printf("up to ready: %d ms%n", start.toMillis());
    installation.awaitHealthy();
    load = new Load(installation.router());
    load.begin();
    load.nextAcknowledged(Load.Way.ROUTER, System.nanoTime());
    load.nextAcknowledged(Load.Way.DIRECT, System.nanoTime());
  }

  @AfterAll
  static void end() throws Exception {
    if (load != null) {
      load.close();
    }
    installation.close();
  }

  @BeforeEach
  void healthy() {
    installation.awaitHealthy();
  }

  @AfterEach
  void noCallFailed() {
    List<String> all = load.failures();
    List<String> fresh = all.subList(failuresSeen, all.size());
    failuresSeen = all.size();
    assertThat(fresh).isEmpty();
  }

  @RepeatedTest(5)
  @Order(1)
  void aMasterIsKilled(TestInfo info) {
    String master = installation.master();

    long at = installation.kill(master);

    writesGoOn(info, at);
    assertThat(installation.master()).isNotEqualTo(master);
  }

  @Test
  @Order(2)
  void aSlaveIsKilled(TestInfo info) {
    String master = installation.master();

    long at = installation.kill(installation.slave());

    writesGoOn(info, at);
    assertThat(installation.master()).isEqualTo(master);
  }

  @Test
  @Order(3)
  void theRouterIsKilled(TestInfo info) {
    long at = installation.kill("router");

    writesGoOn(info, at);
  }

  @Test
  @Order(4)
  void theCoordinatorIsStoppedAndThenKilled(TestInfo info) throws Exception {
    long stopped = installation.signal(installation.pid("coordinator"), "STOP");
    writesGoOn(info, stopped);
    await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
    writesGoOn(info, System.nanoTime());

    long killed = installation.kill("coordinator");

    writesGoOn(info, killed);
  }

  @Test
  @Order(5)
  void theLauncherIsKilledAndTheNextOneAdoptsItsProcesses(TestInfo info) throws IOException {
    List<String> names = List.of("coordinator", "router", "alpha-1", "alpha-2");
    List<Long> before = names.stream().map(installation::pid).toList();

    long at = installation.kill("launcher");
    writesGoOn(info, at);
    await().until(() -> !installation.launcher().isAlive());
    installation.up();

    assertThat(names).extracting(installation::pid).isEqualTo(before);
  }

  @Test
  @Order(6)
  void anAdoptedMasterIsKilled(TestInfo info) {
    long at = installation.kill(installation.master());

    writesGoOn(info, at);
  }

  @Test
  @Order(7)
  void bothMembersAreKilledAtOnce(TestInfo info) {
    long at = installation.kill("alpha-1", "alpha-2");

    writesGoOn(info, at);
  }

  @Test
  @Order(8)
  void theCoordinatorIsKilledTogetherWithTheMaster(TestInfo info) {
    long at = installation.kill("coordinator", installation.master());

    writesGoOn(info, at);
  }

  @Test
  @Order(9)
  void theRouterIsKilledTogetherWithTheMaster(TestInfo info) {
    long at = installation.kill("router", installation.master());

    writesGoOn(info, at);
  }

  @Test
  @Order(10)
  void theLauncherIsKilledTogetherWithTheMaster(TestInfo info) throws IOException {
    long at = installation.kill("launcher", installation.master());

    writesGoOn(info, at);
    await().until(() -> !installation.launcher().isAlive());
    installation.up();
  }

  @Test
  @Order(11)
  void aStoppedMasterIsReplacedAndAcknowledgesNothingWhenItWakes(TestInfo info) throws Exception {
    String master = installation.master();
    long pid = installation.pid(master);
    ManagedChannel channel =
        Channels.open(installation.publicAddress(master), Identity.as("sleeper"));
    try {
      SnsGrpc.newBlockingStub(channel)
          .withDeadlineAfter(5, TimeUnit.SECONDS)
          .getPosts(GetPostsRequest.newBuilder().setAuthor("author1_direct").build());

      long at = installation.signal(pid, "STOP");
      CompletableFuture<String> write = CompletableFuture.supplyAsync(() -> write(channel));
      CompletableFuture<Long> read = CompletableFuture.supplyAsync(() -> read(channel));
      writesGoOn(info, at);
      long newest = load.history().newestAcknowledged("author1_direct");
      await().pollDelay(Duration.ofSeconds(5)).until(() -> true);
      installation.signal(pid, "CONT");

      assertThat(write.get(20, TimeUnit.SECONDS)).isEqualTo("refused");
      assertThat(read.get(20, TimeUnit.SECONDS)).isGreaterThanOrEqualTo(newest);
      assertThat(installation.pid(master)).isEqualTo(pid);
    } finally {
      channel.shutdownNow();
    }
    installation.awaitHealthy();
    assertThat(installation.master()).isNotEqualTo(master);
  }

  @Test
  @Order(12)
  void aSlaveWhoseDirectoryWasDeletedTakesAFullCopy(TestInfo info) throws IOException {
    loseDirectoryAndKill(info, installation.slave());
  }

  @Test
  @Order(13)
  void aMasterWhoseDirectoryWasDeletedTakesAFullCopy(TestInfo info) throws IOException {
    loseDirectoryAndKill(info, installation.master());
  }

  private void loseDirectoryAndKill(TestInfo info, String member) throws IOException {
    Path directory = DIRECTORY.resolve(member);
    Path lost = DIRECTORY.resolve("lost-" + member);
    Files.move(directory, lost);

    long at = installation.kill(member);

    writesGoOn(info, at);
    installation.awaitHealthy();
    assertThat(directory.resolve("volume-id")).exists();
    assertThat(Files.readString(directory.resolve("volume-id")))
        .isNotEqualTo(Files.readString(lost.resolve("volume-id")));
  }

  @Test
  @Order(14)
  void aMasterThatIsAskedToEndHandsOver(TestInfo info) throws Exception {
    String master = installation.master();
    long pid = installation.pid(master);

    long at = installation.signal(pid, "TERM");

    writesGoOn(info, at);
    await().atMost(Duration.ofSeconds(5)).until(() -> installation.pid(master) != pid);
    assertThat(installation.console()).contains(master + "    ended with exit code 0");
  }

  @RepeatedTest(3)
  @Order(15)
  void aSwitchoverFailsNoCall(TestInfo info) {
    String master = installation.master();

    long at = System.nanoTime();
    installation.switchover();

    writesGoOn(info, at);
    installation.awaitHealthy();
    assertThat(installation.master()).isNotEqualTo(master);
  }

  @Test
  @Order(16)
  void faultsComeAtAnyMoment(TestInfo info) {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.printf("%s: -Dseed=%d%n", name(info), seed);
    Random random = new Random(seed);
    List<String> victims =
        List.of("alpha-1", "alpha-2", "alpha-1", "alpha-2", "coordinator", "router");
    long at = System.nanoTime();
    for (int fault = 0; fault < 12; fault++) {
      await()
          .pollDelay(Duration.ofMillis(random.nextInt(1, 2500)))
          .atMost(Duration.ofSeconds(20))
          .until(() -> true);
      String victim = victims.get(random.nextInt(victims.size()));
      if (Installation.isAlive(installation.pid(victim))) {
        at = installation.kill(victim);
      }
    }
    writesGoOn(info, at);
    installation.awaitHealthy();
    writesGoOn(info, System.nanoTime());
    // Both members may have been away for longer than a call may take.
    failuresSeen = load.failures().size();
  }

  @Test
  @Order(17)
  void nothingIsLostOverARestartOfEverything() throws Exception {
    load.end();
    load.awaitStreams();
    installation.close();
    installation.up();
    installation.awaitHealthy();

    List<String> violations = load.violations();

    History history = load.history();
    System.out.printf(
        "%d posts written, %d shown by streams, %d reads checked, %d calls failed%n",
        history.writes().values().stream().mapToInt(List::size).sum(),
        history.streams().values().stream().mapToInt(List::size).sum(),
        load.reads(),
        load.failures().size());
    assertThat(violations).isEmpty();
  }

  @Test
  @Order(18)
  void bothMembersAreTheSameInTheEnd() {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> {
          DigestResponse first = installation.digest("alpha-1");
          DigestResponse second = installation.digest("alpha-2");
          assertThat(first.getAppliedIndex()).isPositive().isEqualTo(second.getAppliedIndex());
          assertThat(first.getTablesSha256()).isEqualTo(second.getTablesSha256());
          assertThat(first.getFilesSha256()).isEqualTo(second.getFilesSha256());
          assertThat(first.getFilesList()).isNotEmpty().isEqualTo(second.getFilesList());
          assertThat(first.getDamageList()).isEmpty();
          assertThat(second.getDamageList()).isEmpty();
        });
  }

  private static String write(ManagedChannel channel) {
    WriteId id = WriteId.newBuilder().setClient("sleeper").setSequence(1).build();
    try {
      PostResponse answer =
          SnsGrpc.newBlockingStub(channel)
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .post(PostRequest.newBuilder().setWrite(id).setText("while you slept").build());
      return "acknowledged as " + answer.getPost().getId();
    } catch (StatusRuntimeException e) {
      return "refused";
    }
  }

  /** The newest id read, or the highest number when the read is refused. */
  private static long read(ManagedChannel channel) {
    try {
      GetPostsResponse answer =
          SnsGrpc.newBlockingStub(channel)
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .getPosts(GetPostsRequest.newBuilder().setAuthor("author1_direct").build());
      return answer.getPosts(0).getId();
    } catch (StatusRuntimeException e) {
      return Long.MAX_VALUE;
    }
  }

  private static void writesGoOn(TestInfo info, long since) {
    Map<Load.Way, Duration> times = new EnumMap<>(Load.Way.class);
    for (Load.Way way : Load.Way.values()) {
      times.put(way, load.nextAcknowledged(way, since));
    }
    System.out.printf(
        "%-65s next acknowledged write: router %5d ms, direct %5d ms%n",
        name(info), times.get(Load.Way.ROUTER).toMillis(), times.get(Load.Way.DIRECT).toMillis());
    assertThat(times.values()).allMatch(time -> time.compareTo(BOUND.plus(start)) < 0);
  }

  private static String name(TestInfo info) {
    return info.getTestMethod().orElseThrow().getName();
  }
}
