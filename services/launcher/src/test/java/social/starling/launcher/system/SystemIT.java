package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static social.starling.launcher.system.Installation.CLUSTERS;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.client.ClientOptions;
import social.starling.client.EventStream;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.TimelineEvent;
import social.starling.common.Channels;
import social.starling.common.Identity;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.GetPostsResponse;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.PostResponse;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.WriteId;

/**
 * Three clusters over real processes and under load: each test is a fault, on the installation that
 * the faults before it have left, after which writes of all clusters are acknowledged and posts
 * cross from each cluster to each other; the last ones compare everything that was acknowledged and
 * shown with what is stored.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(240)
class SystemIT {

  private static final Duration BOUND = Duration.ofSeconds(20);

  /** After many faults, when most processes start at once, beside the load and one another. */
  private static final Duration BOUND_OF_MANY = Duration.ofSeconds(60);

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
    installation = new Installation(DIRECTORY, CLUSTERS.size());
    start = installation.up();
    System.out.printf("up to ready: %d ms%n", start.toMillis());
    installation.awaitHealthy();
    load = new Load(installation.router(), CLUSTERS, installation.homes());
    load.begin();
    load.nextCrossing(System.nanoTime());
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

  static Stream<String> eachCluster() {
    return CLUSTERS.stream();
  }

  static Stream<String> eachClusterTwice() {
    return Stream.concat(CLUSTERS.stream(), CLUSTERS.stream());
  }

  @ParameterizedTest
  @MethodSource("eachClusterTwice")
  @Order(1)
  void aMasterIsKilled(String cluster, TestInfo info) {
    String master = installation.master(cluster);

    long at = installation.kill(master);

    everythingGoesOn(info, at);
    assertThat(installation.master(cluster)).isNotEqualTo(master);
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(2)
  void aSlaveIsKilled(String cluster, TestInfo info) {
    String master = installation.master(cluster);

    long at = installation.kill(installation.slave(cluster));

    everythingGoesOn(info, at);
    assertThat(installation.master(cluster)).isEqualTo(master);
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(3)
  void aSynchronizerIsKilled(String cluster, TestInfo info) {
    long at = installation.kill(cluster + "-synchronizer");

    everythingGoesOn(info, at);
  }

  @Test
  @Order(4)
  void allSynchronizersAreKilledAtOnce(TestInfo info) {
    long at =
        installation.kill(
            CLUSTERS.stream().map(cluster -> cluster + "-synchronizer").toArray(String[]::new));

    everythingGoesOn(info, at);
  }

  @Test
  @Order(5)
  void aSynchronizerStandsStillForAWhile(TestInfo info) throws Exception {
    long pid = installation.pid("beta-synchronizer");

    long at = installation.signal(pid, "STOP");
    writesGoOn(info, at, BOUND.plus(start));
    await().pollDelay(Duration.ofSeconds(4)).until(() -> true);
    installation.signal(pid, "CONT");

    everythingGoesOn(info, System.nanoTime());
    assertThat(installation.pid("beta-synchronizer")).isEqualTo(pid);
  }

  @Test
  @Order(6)
  void theRouterIsKilled(TestInfo info) {
    long at = installation.kill("router");

    everythingGoesOn(info, at);
  }

  @Test
  @Order(7)
  void theCoordinatorIsStoppedAndThenKilled(TestInfo info) throws Exception {
    long stopped = installation.signal(installation.pid("coordinator"), "STOP");
    everythingGoesOn(info, stopped);
    await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
    everythingGoesOn(info, System.nanoTime());

    long killed = installation.kill("coordinator");

    everythingGoesOn(info, killed);
  }

  @Test
  @Order(8)
  void theLauncherIsKilledAndTheNextOneAdoptsItsProcesses(TestInfo info) throws Exception {
    List<Long> before = installation.processes().stream().map(installation::pid).toList();

    long at = installation.kill("launcher");
    everythingGoesOn(info, at);
    await().until(() -> !installation.launcher().isAlive());
    installation.up();

    assertThat(installation.processes()).extracting(installation::pid).isEqualTo(before);
  }

  @Test
  @Order(9)
  void anAdoptedMasterAndItsSynchronizerAreKilled(TestInfo info) {
    long at = installation.kill(installation.master("alpha"), "alpha-synchronizer");

    everythingGoesOn(info, at);
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(10)
  void bothMembersAreKilledAtOnce(String cluster, TestInfo info) {
    long at = installation.kill(cluster + "-1", cluster + "-2");

    everythingGoesOn(info, at);
  }

  @Test
  @Order(11)
  void theMastersOfAllClustersAreKilledAtOnce(TestInfo info) {
    long at = installation.kill(CLUSTERS.stream().map(installation::master).toArray(String[]::new));

    everythingGoesOn(info, at);
  }

  @ParameterizedTest
  @ValueSource(strings = {"coordinator", "router", "alpha-synchronizer", "beta-synchronizer"})
  @Order(12)
  void aMasterIsKilledTogetherWith(String other, TestInfo info) {
    long at = installation.kill(other, installation.master("beta"));

    everythingGoesOn(info, at);
  }

  @Test
  @Order(13)
  void theLauncherIsKilledTogetherWithAMaster(TestInfo info) throws Exception {
    long at = installation.kill("launcher", installation.master("gamma"));

    everythingGoesOn(info, at);
    await().until(() -> !installation.launcher().isAlive());
    installation.up();
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(14)
  void aStoppedMasterIsReplacedAndAcknowledgesNothingWhenItWakes(String cluster, TestInfo info)
      throws Exception {
    String author = load.authorsOf(cluster).getFirst();
    String master = installation.master(cluster);
    long pid = installation.pid(master);
    ManagedChannel channel = Channels.open(installation.publicAddress(master), Identity.as(author));
    try {
      GetPostsRequest posts = GetPostsRequest.newBuilder().setAuthor(author).build();
      SnsGrpc.newBlockingStub(channel).withDeadlineAfter(5, TimeUnit.SECONDS).getPosts(posts);

      long at = installation.signal(pid, "STOP");
      // Until then it may answer, and be right: its reads and its lease are not old yet.
      installation.awaitStopped(pid);
      CompletableFuture<String> write =
          CompletableFuture.supplyAsync(() -> write(channel), Thread::startVirtualThread);
      CompletableFuture<Long> read =
          CompletableFuture.supplyAsync(() -> read(channel, posts), Thread::startVirtualThread);
      everythingGoesOn(info, at);
      long newest = load.history().newestAcknowledged(author);
      await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
      installation.signal(pid, "CONT");

      assertThat(write.get(60, TimeUnit.SECONDS)).isEqualTo("refused");
      assertThat(read.get(60, TimeUnit.SECONDS)).isGreaterThanOrEqualTo(newest);
      assertThat(installation.pid(master)).isEqualTo(pid);
    } finally {
      channel.shutdownNow();
    }
    installation.awaitHealthy();
    assertThat(installation.master(cluster)).isNotEqualTo(master);
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(15)
  void aSlaveWhoseDirectoryWasDeletedTakesAFullCopy(String cluster, TestInfo info)
      throws IOException {
    loseDirectoryAndKill(info, installation.slave(cluster));
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(16)
  void aMasterWhoseDirectoryWasDeletedTakesAFullCopy(String cluster, TestInfo info)
      throws IOException {
    loseDirectoryAndKill(info, installation.master(cluster));
  }

  private void loseDirectoryAndKill(TestInfo info, String member) throws IOException {
    Path directory = DIRECTORY.resolve(member);
    Path lost = DIRECTORY.resolve("lost-" + member + "-" + System.nanoTime());
    Files.move(directory, lost);

    long at = installation.kill(member);

    everythingGoesOn(info, at);
    installation.awaitHealthy();
    assertThat(directory.resolve("volume-id")).exists();
    assertThat(Files.readString(directory.resolve("volume-id")))
        .isNotEqualTo(Files.readString(lost.resolve("volume-id")));
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(17)
  void aMasterThatIsAskedToEndHandsOver(String cluster, TestInfo info) throws Exception {
    String master = installation.master(cluster);
    long pid = installation.pid(master);

    long at = installation.signal(pid, "TERM");

    everythingGoesOn(info, at);
    await().atMost(BOUND).until(() -> installation.pid(master) != pid);
    assertThat(installation.console()).contains("%-18s ended with exit code 0".formatted(master));
  }

  @ParameterizedTest
  @MethodSource("eachCluster")
  @Order(18)
  void aSwitchoverFailsNoCall(String cluster, TestInfo info) {
    String master = installation.master(cluster);

    long at = System.nanoTime();
    installation.switchover(cluster);

    everythingGoesOn(info, at);
    installation.awaitHealthy();
    assertThat(installation.master(cluster)).isNotEqualTo(master);
  }

  /** Nobody starts them again, so the launcher must be gone before. */
  @Test
  @Order(19)
  void aWholeClusterIsAwayWhileOthersWriteToItsUsersAndFollowThem(TestInfo info) throws Exception {
    installation.kill("launcher");
    await().until(() -> !installation.launcher().isAlive());

    installation.kill("beta-1", "beta-2");

    String author = load.authorsOf("beta").getFirst();
    try (StarlingClient follower = client(nameIn("alpha", "mourner"));
        StarlingClient local = client(author);
        StarlingClient other = client(load.authorsOf("gamma").getFirst())) {
      follower.login();
      await()
          .atMost(BOUND)
          .untilAsserted(() ->
              assertThat(
                      installation
                          .run("posts", author, "-u", author, "--router", installation.router())
                          .err())
                  .startsWith("no member of cluster beta can serve now"));
      long asked = System.nanoTime();
      assertThatThrownBy(local::login)
          .isInstanceOfSatisfying(
              StarlingException.class,
              e -> assertThat(e.reason()).isEqualTo(Optional.of(Reason.CLUSTER_DOWN)));
      assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(10));
      follower.follow(author);
      try (EventStream stream = follower.stream(0)) {
        CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> firstPost(stream));
        assertThat(other.posts(load.authorsOf("gamma").getFirst(), PostPage.newest(1))).hasSize(1);
        for (String cluster : List.of("alpha", "gamma")) {
          for (Load.Way way : Load.Way.values()) {
            assertThat(load.nextAcknowledged(cluster, way, asked)).isLessThan(BOUND);
          }
        }
        installation.up();
        everythingGoesOn(info, System.nanoTime());
        assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(author);
      }
    }
    // Calls of its own users wait for so long only; a busy machine may take longer.
    assertThat(load.failures().subList(failuresSeen, load.failures().size()))
        .allMatch(failure -> failure.contains(" of beta: "));
    failuresSeen = load.failures().size();
  }

  private static String firstPost(EventStream stream) {
    while (stream.hasNext()) {
      if (stream.next() instanceof TimelineEvent.Posted posted) {
        return posted.post().author();
      }
    }
    return "nobody";
  }

  @Test
  @Order(20)
  void oneMoreClusterTakesItsShareWhileUsersAreAtWork(TestInfo info) throws Exception {
    long at = System.nanoTime();
    Installation.Ran added = admin("add-cluster", "delta");

    assertThat(added.exitCode()).as(added.err()).isZero();
    assertThat(added.out()).contains("delta: recorded as number 3", "delta: serves, and owns ");
    everythingGoesOn(info, at);
    installation.awaitHealthy();
    String author = load.authorsOf("alpha").getFirst();
    try (StarlingClient settler = client(nameIn("delta", "settler"))) {
      assertThat(settler.login().cluster()).isEqualTo("delta");
      await()
          .atMost(BOUND)
          .until(() ->
              settler.listUsers(1000, "").users().stream()
                  .anyMatch(user -> user.name().equals(author)));
      settler.follow(author);
      try (EventStream stream = settler.stream(0)) {
        assertThat(firstPost(stream)).isEqualTo(author);
      }
      settler.unfollow(author);
    }
    Installation.Ran refused = admin("forget-cluster", "delta");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("delta").hasLineCount(1);
    assertThat(admin("clusters").out()).contains("delta: epoch", "1 users live there");
    assertThat(installation.clusters()).contains("delta");
  }

  @Test
  @Order(21)
  void faultsComeAtAnyMoment(TestInfo info) {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.printf("%s: -Dseed=%d%n", name(info), seed);
    Random random = new Random(seed);
    List<String> victims = new ArrayList<>(installation.processes());
    CLUSTERS.forEach(cluster -> victims.addAll(Installation.members(cluster)));
    long at = System.nanoTime();
    for (int fault = 0; fault < 20; fault++) {
      await()
          .pollDelay(Duration.ofMillis(random.nextInt(1, 1500)))
          .atMost(Duration.ofSeconds(20))
          .until(() -> true);
      String victim = victims.get(random.nextInt(victims.size()));
      if (Installation.isAlive(installation.pid(victim))) {
        at = installation.kill(victim);
      }
    }
    everythingGoesOn(info, at, BOUND_OF_MANY);
    installation.awaitHealthy();
    everythingGoesOn(info, System.nanoTime());
    // Both members may have been away for longer than a call may take.
    failuresSeen = load.failures().size();
  }

  @Test
  @Order(22)
  void theCoordinatorsDirectoryIsLostAndRebuiltFromTheVolumes(TestInfo info) throws Exception {
    String slots = admin("slots").out();
    Files.move(DIRECTORY.resolve("coordinator"), DIRECTORY.resolve("lost-coordinator"));
    long at = installation.kill("coordinator");
    everythingGoesOn(info, at);

    Installation.Ran rebuilt = admin("rebuild-coordinator", "--write");

    assertThat(rebuilt.exitCode()).as(rebuilt.out() + rebuilt.err()).isZero();
    installation.awaitHealthy();
    everythingGoesOn(info, System.nanoTime());
    assertThat(admin("slots").out()).isEqualTo(slots);
    everythingGoesOn(info, installation.kill(installation.master("gamma")));
  }

  @Test
  @Order(30)
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
  @Order(31)
  void everyClusterKnowsTheSameUsers() {
    await()
        .atMost(BOUND_OF_MANY)
        .untilAsserted(() -> assertThat(load.users().values().stream().distinct()).hasSize(1));
  }

  @Test
  @Order(32)
  void bothMembersOfEachClusterAreTheSameInTheEnd() throws Exception {
    for (String cluster : installation.clusters()) {
      await()
          .atMost(BOUND_OF_MANY)
          .untilAsserted(() -> {
            DigestResponse first = installation.digest(cluster + "-1");
            DigestResponse second = installation.digest(cluster + "-2");
            assertThat(first.getAppliedIndex()).isPositive().isEqualTo(second.getAppliedIndex());
            assertThat(first.getTablesSha256()).isEqualTo(second.getTablesSha256());
            assertThat(first.getFilesSha256()).isEqualTo(second.getFilesSha256());
            assertThat(first.getFilesList()).isEqualTo(second.getFilesList());
            assertThat(first.getDamageList()).isEmpty();
            assertThat(second.getDamageList()).isEmpty();
          });
    }
    Installation.Ran verified = admin("verify");
    assertThat(verified.exitCode()).as(verified.out() + verified.err()).isZero();
    assertThat(verified.out()).hasLineCount(installation.clusters().size());
  }

  private static Installation.Ran admin(String... arguments) throws Exception {
    List<String> whole = new ArrayList<>(List.of("admin"));
    whole.addAll(List.of(arguments));
    whole.addAll(List.of("--dir", DIRECTORY.toString()));
    return installation.run(whole.toArray(String[]::new));
  }

  private static StarlingClient client(String user) {
    return StarlingClient.connect(
        ClientOptions.of(user).withRouters(List.of(installation.router())));
  }

  /** A name that makes its user live in a cluster. */
  private static String nameIn(String cluster, String role) {
    var homes = installation.homes();
    return IntStream.range(0, 10_000)
        .mapToObj(i -> role + i)
        .filter(name -> homes.apply(name).equals(cluster))
        .findFirst()
        .orElseThrow();
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
  private static long read(ManagedChannel channel, GetPostsRequest request) {
    try {
      GetPostsResponse answer =
          SnsGrpc.newBlockingStub(channel)
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .getPosts(request);
      return answer.getPosts(0).getId();
    } catch (StatusRuntimeException e) {
      return Long.MAX_VALUE;
    }
  }

  private static void everythingGoesOn(TestInfo info, long since) {
    everythingGoesOn(info, since, BOUND.plus(start));
  }

  private static void everythingGoesOn(TestInfo info, long since, Duration bound) {
    writesGoOn(info, since, bound);
    Duration crossing = load.nextCrossing(since);
    System.out.printf("%-79s next in every other stream %5d ms%n", "", crossing.toMillis());
    assertThat(crossing).isLessThan(bound);
  }

  private static void writesGoOn(TestInfo info, long since, Duration bound) {
    Map<Load.Way, Duration> longest = new HashMap<>();
    for (String cluster : CLUSTERS) {
      for (Load.Way way : Load.Way.values()) {
        longest.merge(
            way, load.nextAcknowledged(cluster, way, since), (a, b) -> a.compareTo(b) > 0 ? a : b);
      }
    }
    System.out.printf(
        "%-65s next acknowledged write: router %5d ms, direct %5d ms%n",
        name(info),
        longest.get(Load.Way.ROUTER).toMillis(),
        longest.get(Load.Way.DIRECT).toMillis());
    assertThat(longest.values()).allMatch(time -> time.compareTo(bound) < 0);
  }

  private static String name(TestInfo info) {
    String method = info.getTestMethod().orElseThrow().getName();
    return method + " " + info.getDisplayName().replaceFirst(Pattern.quote(method) + "\\(.*", "");
  }
}
