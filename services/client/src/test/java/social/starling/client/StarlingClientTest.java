package social.starling.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static social.starling.client.Patience.await;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import social.starling.client.FakeMember.Mode;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;

class StarlingClientTest {

  // Machines that build are busy: what succeeds here may take its time.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final FakeState state = new FakeState();
  private final List<String> notices = new CopyOnWriteArrayList<>();
  private FakeMember one;
  private FakeMember two;
  private FakeMember router;

  @BeforeAll
  static void warmUp() {
    Patience.warmUp();
  }

  @BeforeEach
  void startPair() {
    one = new FakeMember(state);
    two = new FakeMember(state);
    router = new FakeMember(state);
    masterIsOne();
    router.locations =
        List.of(
            Location.newBuilder()
                .setMember("alpha-1")
                .setAddress(one.address())
                .setMaster(true)
                .build(),
            Location.newBuilder().setMember("alpha-2").setAddress(two.address()).build());
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    router.close();
  }

  private void masterIsOne() {
    two.mode = Mode.NOT_MASTER;
    two.master = one.address();
  }

  private void masterIsTwo() {
    two.epoch = 2;
    one.epoch = 2;
    one.master = two.address();
    one.mode = Mode.NOT_MASTER;
    two.mode = Mode.OPEN;
  }

  private StarlingClient viaRouter(String user) {
    return StarlingClient.connect(options(user));
  }

  private StarlingClient direct(String user) {
    return StarlingClient.connect(options(user).withDirect(true));
  }

  private ClientOptions options(String user) {
    return ClientOptions.of(user)
        .withRouters(List.of(router.address()))
        .withDeadline(PATIENCE)
        .withListener(
            new ConnectionListener() {
              @Override
              public void onReconnecting(String address) {
                notices.add(address);
              }

              @Override
              public void onClusterDown(String cluster) {
                notices.add("down: " + cluster);
              }
            });
  }

  private static String named(WriteId write) {
    return write.getClient() + "#" + write.getSequence();
  }

  @Test
  void shouldDoEveryCall() {
    try (StarlingClient alice = viaRouter("alice");
        StarlingClient bob = alice.as("bob")) {
      assertThat(alice.login()).isEqualTo(new Registration("alice", true, "alpha"));
      assertThat(alice.login().created()).isFalse();
      bob.login();
      bob.follow("alice");
      Post first = alice.post("first");
      Post second = alice.post("second\nline");
      assertThat(bob.timeline(PostPage.newest(20)).posts()).containsExactly(second, first);
      assertThat(alice.posts("alice", PostPage.newest(1))).containsExactly(second);
      assertThat(alice.posts("alice", PostPage.newest(20).below(second.id())))
          .containsExactly(first);
      assertThat(alice.listFollowers(10, "").names()).containsExactly("bob");
      assertThat(bob.listFollowing(10, "").names()).containsExactly("alice");
      UserPage page = bob.listUsers(1, "");
      assertThat(page.users()).containsExactly(new User("alice", false));
      assertThat(bob.listUsers(1, page.next()).users()).containsExactly(new User("bob", false));
      alice.delete(first.id());
      assertThat(alice.posts("alice", PostPage.newest(20))).containsExactly(second);
      bob.unfollow("alice");
      assertThat(alice.listFollowers(10, "").names()).isEmpty();
    }
  }

  @Test
  void shouldNameEachWriteOnceAndConfirmWhatWasAnswered() {
    try (StarlingClient alice = viaRouter("alice")) {
      alice.login();
      alice.post("a");
      alice.post("b");
    }
    assertThat(state.writes()).extracting(WriteId::getSequence).containsExactly(1L, 2L, 3L);
    assertThat(state.writes()).extracting(WriteId::getConfirmed).containsExactly(0L, 1L, 2L);
    assertThat(state.writes())
        .extracting(WriteId::getClient)
        .allMatch(id -> id.matches("\\d{13}-[A-Za-z0-9]{16}"))
        .containsOnly(state.writes().getFirst().getClient());
  }

  @Test
  void shouldRepeatALostAnswerWithTheSameIdAndPostOnce() {
    try (StarlingClient alice = viaRouter("alice")) {
      alice.login();
      router.mode = Mode.LOSE_ONE_ANSWER;
      Post post = alice.post("once");
      assertThat(alice.posts("alice", PostPage.newest(20))).containsExactly(post);
      assertThat(alice.retries()).isEqualTo(1);
    }
    assertThat(state.writes()).hasSize(3);
    assertThat(state.writes().get(2)).isEqualTo(state.writes().get(1));
  }

  @Test
  void shouldTellARefusalAtOnceWithItsReason() {
    try (StarlingClient alice = viaRouter("alice")) {
      alice.login();
      int before = router.calls.get();
      assertThatThrownBy(() -> alice.follow("nobody"))
          .isInstanceOfSatisfying(
              StarlingException.class,
              e -> {
                assertThat(e.reason()).contains(Reason.USER_UNKNOWN);
                assertThat(e.code()).isEqualTo(Status.Code.NOT_FOUND);
                assertThat(e.outcomeUnknown()).isFalse();
              })
          .hasMessage("there is no user nobody");
      assertThat(router.calls.get()).isEqualTo(before + 1);
    }
  }

  @Test
  void shouldRefuseBadInputBeforeItIsSent() {
    try (StarlingClient alice = viaRouter("alice")) {
      assertThatThrownBy(() -> alice.post("")).hasMessageContaining("empty");
      assertThatThrownBy(() -> alice.post("x".repeat(5001))).hasMessageContaining("5,000");
      assertThatThrownBy(() -> alice.follow("no such"))
          .isInstanceOfSatisfying(
              StarlingException.class, e -> assertThat(e.reason()).contains(Reason.INVALID_NAME));
      assertThat(router.calls.get()).isZero();
    }
  }

  @Test
  void shouldSayThatTheOutcomeIsUnknownWhenNoAnswerEverComes() {
    // The first call of all is a slow one.
    try (StarlingClient first = viaRouter("alice")) {
      first.login();
    }
    try (StarlingClient alice =
        StarlingClient.connect(options("alice").withDeadline(Duration.ofSeconds(3)))) {
      router.mode = Mode.LOSE_ANSWER;
      assertThatThrownBy(() -> alice.post("perhaps"))
          .isInstanceOfSatisfying(
              StarlingException.class,
              e -> {
                assertThat(e.reason()).contains(Reason.UNKNOWN_OUTCOME);
                assertThat(e.outcomeUnknown()).isTrue();
              })
          .hasMessageContaining("may or may not have happened");
      assertThat(state.posts("alice")).hasSize(1);
    }
  }

  @Test
  void shouldSayThatNobodyWasReached() {
    router.kill();
    try (StarlingClient alice =
        StarlingClient.connect(options("alice").withDeadline(Duration.ofMillis(300)))) {
      assertThatThrownBy(alice::login)
          .isInstanceOfSatisfying(
              StarlingException.class,
              e -> {
                assertThat(e.code()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(e.reason()).isEmpty();
                assertThat(e.outcomeUnknown()).isFalse();
              })
          .hasMessageContaining("cannot reach the router at " + router.address());
    }
    assertThat(notices).containsExactly(router.address());
  }

  @Test
  void shouldWaitForAMemberThatIsNotReady() throws Exception {
    try (StarlingClient alice = viaRouter("alice");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      alice.login();
      router.mode = Mode.NOT_READY;
      int before = router.calls.get();
      Future<Post> post = threads.submit(() -> alice.post("patience"));
      await().until(() -> router.calls.get() > before + 3);
      router.mode = Mode.OPEN;
      assertThat(post.get().text()).isEqualTo("patience");
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void shouldGoOnWithTheNextRouterWhenOneIsKilled() {
    try (FakeMember other = new FakeMember(state);
        StarlingClient alice =
            StarlingClient.connect(
                options("alice").withRouters(List.of(router.address(), other.address())))) {
      alice.login();
      router.kill();
      alice.post("elsewhere");
      assertThat(other.calls.get()).isPositive();
      assertThat(notices).containsExactly(other.address());
    }
  }

  @Test
  void shouldGoOnWithTheNextRouterWhenOneIsSilent() {
    try (FakeMember other = new FakeMember(state);
        StarlingClient alice =
            StarlingClient.connect(
                options("alice").withRouters(List.of(router.address(), other.address())))) {
      alice.login();
      router.mode = Mode.SILENT;
      alice.post("elsewhere");
      assertThat(state.posts("alice")).hasSize(1);
    }
  }

  @Test
  void shouldBeginANewSessionWhenTheServerForgotThisOneBeforeTheWrite() {
    try (StarlingClient alice = viaRouter("alice")) {
      alice.login();
      state.forgetClients();
      alice.post("anew");
      assertThat(state.posts("alice")).hasSize(1);
      List<WriteId> writes = state.writes();
      assertThat(writes).hasSize(3);
      assertThat(writes.get(2).getClient()).isNotEqualTo(writes.get(1).getClient());
      assertThat(writes.get(2).getSequence()).isEqualTo(1);
    }
  }

  @Test
  void shouldAllowManyWritesAtOnceWithOneIdEach() throws Exception {
    try (StarlingClient alice = viaRouter("alice");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      alice.login();
      List<Future<Post>> posts = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        String text = "post " + i;
        posts.add(threads.submit(() -> alice.post(text)));
      }
      for (Future<Post> post : posts) {
        post.get();
      }
    }
    assertThat(state.writes()).extracting(StarlingClientTest::named).doesNotHaveDuplicates();
    assertThat(state.writes()).allMatch(write -> write.getConfirmed() < write.getSequence());
    assertThat(state.posts("alice")).hasSize(200);
  }

  @Test
  void directShouldGoToTheMasterAndNotThroughTheRouter() {
    try (StarlingClient alice = direct("alice")) {
      alice.login();
      alice.post("straight");
      assertThat(one.calls.get()).isEqualTo(2);
      assertThat(two.calls.get()).isZero();
      assertThat(router.calls.get()).isZero();
      assertThat(router.locates.get()).isEqualTo(1);
    }
  }

  @Test
  void directShouldFollowToTheNewMasterOfAHandover() {
    try (StarlingClient alice = direct("alice")) {
      alice.login();
      masterIsTwo();
      alice.post("there");
      alice.post("and again");
      assertThat(two.calls.get()).isEqualTo(2);
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void directShouldGoOnWithTheOtherMemberWhenMasterAndRouterAreKilled() throws Exception {
    try (StarlingClient alice = direct("alice");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      alice.login();
      router.kill();
      one.kill();
      // Until it is promoted the slave names the dead master.
      Future<Post> post = threads.submit(() -> alice.post("carried on"));
      await().until(() -> two.calls.get() > 3);
      two.epoch = 2;
      two.mode = Mode.OPEN;
      assertThat(post.get().text()).isEqualTo("carried on");
    }
    assertThat(state.posts("alice")).hasSize(1);
    assertThat(notices).containsExactly(two.address());
  }

  @Test
  void directShouldLeaveASilentMasterAfterOneAttempt() {
    try (StarlingClient alice = direct("alice")) {
      alice.login();
      one.mode = Mode.SILENT;
      int before = one.calls.get();
      two.epoch = 2;
      two.mode = Mode.OPEN;
      alice.post("not stopped");
      alice.post("nor again");
      assertThat(one.calls.get()).isEqualTo(before + 1);
      assertThat(state.posts("alice")).hasSize(2);
    }
  }

  @Test
  void directShouldHardlyAskASilentMasterThatTheSlaveStillNames() throws Exception {
    try (StarlingClient alice = direct("alice");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      alice.login();
      one.mode = Mode.SILENT;
      int before = one.calls.get();
      Future<Post> post = threads.submit(() -> alice.post("promoted late"));
      await().until(() -> two.calls.get() >= 5);
      two.epoch = 2;
      two.mode = Mode.OPEN;
      post.get();
      assertThat(one.calls.get() - before).isLessThan(two.calls.get());
      assertThat(state.posts("alice")).hasSize(1);
    }
  }

  @Test
  void directShouldIgnoreAnAnswerOfAnOlderEpoch() {
    try (StarlingClient alice = direct("alice")) {
      alice.login();
      masterIsTwo();
      alice.post("at two");
      // Now two is being replaced, and its stale view names one with the epoch before.
      two.mode = Mode.NOT_MASTER;
      two.epoch = 1;
      two.master = one.address();
      one.epoch = 3;
      one.mode = Mode.OPEN;
      router.epoch = 3;
      alice.post("at one");
      assertThat(state.posts("alice")).hasSize(2);
    }
  }

  private FakeMember beta() {
    return new FakeMember(state);
  }

  private static LocateResponse beta(FakeMember member) {
    return LocateResponse.newBuilder()
        .setCluster("beta")
        .setEpoch(1)
        .addMembers(Location.newBuilder().setAddress(member.address()).setMaster(true))
        .build();
  }

  @Test
  void directShouldReadPostsWhereTheirAuthorLives() {
    try (FakeMember beta = beta();
        StarlingClient alice = direct("alice")) {
      router.elsewheres.put("bob", beta(beta));
      router.elsewheres.put("bonnie", beta(beta));
      alice.login();
      state.login("bob");
      state.login("bonnie");
      state.post("bob", "from beta");
      assertThat(alice.posts("bob", PostPage.newest(1))).hasSize(1);
      alice.posts("bonnie", PostPage.newest(1));
      alice.posts("bob", PostPage.newest(1));
      assertThat(beta.calls.get()).isEqualTo(3);
      assertThat(one.calls.get()).isEqualTo(1);
      assertThat(router.locates.get()).isEqualTo(3);
      alice.posts("alice", PostPage.newest(1));
      assertThat(one.calls.get()).isEqualTo(2);
    }
  }

  @Test
  void directShouldAskARouterAgainWhenTheNameIsInAnotherClustersSlot() {
    try (FakeMember beta = beta();
        StarlingClient bob = direct("bob")) {
      one.mode = Mode.WRONG_CLUSTER;
      router.elsewheres.put("bob", beta(one));
      one.calls.set(0);
      Thread.startVirtualThread(() -> {
        await().until(() -> one.calls.get() > 0);
        router.elsewheres.put("bob", beta(beta).toBuilder().setCluster("gamma").build());
      });
      bob.login();
      assertThat(beta.calls.get()).isEqualTo(1);
    }
  }

  @Test
  void shouldSayAtOnceThatTheClusterIsDown() {
    router.mode = Mode.CLUSTER_DOWN;
    try (StarlingClient alice = viaRouter("alice")) {
      assertThatThrownBy(alice::login)
          .isInstanceOfSatisfying(
              StarlingException.class,
              e -> {
                assertThat(e.reason()).contains(Reason.CLUSTER_DOWN);
                assertThat(e.outcomeUnknown()).isFalse();
              })
          .hasMessage("no member of cluster alpha can serve now; try again");
      assertThat(router.calls.get()).isEqualTo(1);
    }
  }

  @Test
  void shouldNotSayThatNothingHappenedWhenTheRouterIsInDoubt() {
    router.mode = Mode.CLUSTER_DOWN_IN_DOUBT;
    try (StarlingClient alice = viaRouter("alice")) {
      assertThatThrownBy(alice::login)
          .isInstanceOfSatisfying(
              StarlingException.class,
              e -> {
                assertThat(e.reason()).contains(Reason.UNKNOWN_OUTCOME);
                assertThat(e.outcomeUnknown()).isTrue();
              })
          .hasMessageContaining("may or may not have happened");
    }
  }

  @Test
  void shouldWaitForAClusterThatServedAMomentAgo() throws Exception {
    try (StarlingClient alice = viaRouter("alice");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      alice.login();
      router.mode = Mode.CLUSTER_DOWN;
      int before = router.calls.get();
      Future<Post> post = threads.submit(() -> alice.post("patience"));
      await().until(() -> router.calls.get() > before + 3);
      router.mode = Mode.OPEN;
      assertThat(post.get().text()).isEqualTo("patience");
    }
    assertThat(notices).containsExactly("down: alpha");
  }

  @Test
  void directShouldSayAtOnceThatItsClusterIsDown() {
    router.mode = Mode.CLUSTER_DOWN;
    try (StarlingClient alice = direct("alice")) {
      assertThatThrownBy(alice::login)
          .hasMessage("no member of cluster alpha can serve now; try again");
      assertThat(router.locates.get()).isEqualTo(1);
    }
  }

  @Test
  void directShouldWaitForAClusterThatARouterSaysIsDown() throws Exception {
    try (StarlingClient alice = direct("alice");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      alice.login();
      router.mode = Mode.CLUSTER_DOWN;
      one.kill();
      two.kill();
      Future<Post> post = threads.submit(() -> alice.post("patience"));
      await().until(() -> notices.contains("down: alpha"));
      one.start();
      router.mode = Mode.OPEN;
      assertThat(post.get().text()).isEqualTo("patience");
    }
  }

  @Test
  void shouldKeepTheUserActiveWhileAttended() {
    try (StarlingClient alice = viaRouter("alice")) {
      alice.login();
      try (Attendance attendance = alice.attend()) {
        await().until(() -> router.attending.get() == 1);
      }
      await().until(() -> router.attending.get() == 0);
    }
  }

  @Test
  void shouldFailCallsUnderWayWhenItIsClosed() throws Exception {
    StarlingClient alice = viaRouter("alice");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      alice.login();
      router.mode = Mode.SILENT;
      int before = router.calls.get();
      Future<Post> post = threads.submit(() -> alice.post("left"));
      await().until(() -> router.calls.get() > before);
      alice.close();
      assertThatThrownBy(post::get).hasMessageContaining("the client was closed");
    }
  }
}
