package social.starling.router;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.UnknownFieldSet;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import social.starling.common.Errors;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.router.v1.RouterGrpc;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.router.FakeMember.Mood;

class CallsTest {

  private RouterFixture fixture = RouterFixture.withMaster();

  @AfterEach
  void close() {
    fixture.close();
  }

  private CompletableFuture<Post> posting(String text, long deadlineMillis) {
    return CompletableFuture.supplyAsync(
        () -> fixture.post(text, deadlineMillis), Thread::startVirtualThread);
  }

  private void replace(RouterFixture other) {
    fixture.close();
    fixture = other;
  }

  @Test
  void aCallReachesTheMasterAsItsUser() {
    Post post = fixture.post("hello");
    assertThat(post.getAuthor()).isEqualTo("alice");
    assertThat(post.getText()).isEqualTo("hello");
    assertThat(fixture.one.posts).containsExactly(RouterFixture.request(1, "hello"));
    assertThat(fixture.two.calls).hasValue(0);
  }

  @Test
  void aRefusalComesThroughWholeAndIsNotRepeated() {
    StatusRuntimeException error =
        fixture.failure(() ->
            SnsGrpc.newBlockingStub(fixture.as("alice"))
                .follow(FollowRequest.newBuilder().setName("bob").build()));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
    assertThat(error.getStatus().getDescription()).isEqualTo("there is no bob");
    assertThat(Errors.reason(error)).contains(Reason.USER_UNKNOWN);
    assertThat(Errors.metadata(error)).containsEntry("a", "b");
    assertThat(fixture.one.calls).hasValue(1);
  }

  @Test
  void anOverloadedMasterIsNotPressed() {
    fixture.one.mood = Mood.OVERLOADED;
    StatusRuntimeException error = fixture.failure(() -> fixture.post("x", 2000));
    assertThat(Errors.reason(error)).contains(Reason.OVERLOADED);
    assertThat(fixture.one.calls).hasValue(1);
  }

  @Test
  void theMemberThatNamesTheMasterIsFollowed() {
    fixture.one.mood = Mood.NOT_MASTER;
    fixture.one.hint = fixture.two.address();
    fixture.one.hintEpoch = 2;
    fixture.two.mood = Mood.SERVES;
    assertThat(fixture.post("x").getText()).isEqualTo("x");
    assertThat(fixture.two.posts).hasSize(1);
    fixture.post("y");
    assertThat(fixture.one.calls).as("what was found out is remembered").hasValue(1);
  }

  @Test
  void withoutAHintTheOtherMemberIsTried() {
    fixture.one.mood = Mood.NOT_MASTER;
    fixture.two.mood = Mood.SERVES;
    assertThat(fixture.post("x").getText()).isEqualTo("x");
    assertThat(fixture.two.posts).hasSize(1);
  }

  @Test
  void aHintToAStrangerIsNotFollowed() {
    fixture.one.mood = Mood.NOT_MASTER;
    fixture.one.hint = "127.0.0.1:1";
    fixture.one.hintEpoch = 9;
    fixture.two.mood = Mood.SERVES;
    assertThat(fixture.post("x").getText()).isEqualTo("x");
  }

  @Test
  void aMasterThatIsNotReadyIsAskedAgain() {
    fixture.one.mood = Mood.NOT_READY;
    CompletableFuture<Post> call = posting("x", 10_000);
    await().until(() -> fixture.one.calls.get() > 3);
    fixture.one.mood = Mood.SERVES;
    assertThat(call).succeedsWithin(Duration.ofSeconds(5));
    assertThat(fixture.registry.get("starling_router_retries").tag("reason", "NOT_READY").counter())
        .satisfies(counter -> assertThat(counter.count()).isGreaterThan(2));
  }

  @Test
  void aCallWaitsForMembersThatAreReplacedAndNotYetHeard() {
    fixture.one.mood = Mood.NOT_READY;
    CompletableFuture<Post> call = posting("x", 10_000);
    await().until(() -> fixture.one.calls.get() > 3);
    ClusterMap.Builder map = FakeCoordinator.alpha(2, fixture.one, fixture.two).toBuilder();
    map.getClustersBuilder(0)
        .clearMembers()
        .addMembers(Member.newBuilder().setName("alpha-3"))
        .addMembers(Member.newBuilder().setName("alpha-4"))
        .getConfigurationBuilder()
        .setMaster("alpha-3");
    fixture.push(map.build());
    fixture.one.mood = Mood.SERVES;
    assertThat(call).isNotDone();
    fixture.push(FakeCoordinator.alpha(3, fixture.one, fixture.two));
    assertThat(call).succeedsWithin(Duration.ofSeconds(5));
  }

  @Test
  void anUnknownOutcomeIsRepeatedWithTheSameId() {
    fixture.one.mood = Mood.UNKNOWN_OUTCOME;
    CompletableFuture<Post> call = posting("x", 10_000);
    await().until(() -> fixture.one.calls.get() > 1);
    fixture.one.mood = Mood.SERVES;
    assertThat(call).succeedsWithin(Duration.ofSeconds(5));
    assertThat(fixture.one.posts).hasSizeGreaterThan(1).containsOnly(RouterFixture.request(1, "x"));
  }

  @Test
  void aMasterThatDiesIsReplacedWithoutTheCallerNoticing() {
    fixture.post("before");
    fixture.one.die();
    CompletableFuture<Post> call = posting("x", 10_000);
    await().until(() -> fixture.two.calls.get() > 0);
    fixture.two.mood = Mood.SERVES;
    fixture.push(FakeCoordinator.alpha(2, fixture.two, fixture.one));
    assertThat(call).succeedsWithin(Duration.ofSeconds(5));
  }

  @Test
  void aCallAtAHungMasterGoesToTheNewOneAtOnce() {
    fixture.one.mood = Mood.HANGS;
    fixture.two.mood = Mood.SERVES;
    CompletableFuture<Post> call = posting("x", 10_000);
    await().until(() -> fixture.one.calls.get() == 1);
    long begun = System.nanoTime();
    fixture.push(FakeCoordinator.alpha(2, fixture.two, fixture.one));
    assertThat(call).succeedsWithin(Duration.ofSeconds(5));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void anotherEpochOfTheSameMasterInterruptsNothing() {
    fixture.one.mood = Mood.HANGS;
    CompletableFuture<Post> call = posting("x", 800);
    await().until(() -> fixture.one.calls.get() == 1);
    fixture.push(FakeCoordinator.alpha(2, fixture.one, fixture.two));
    assertThat(call).failsWithin(Duration.ofSeconds(5));
    assertThat(fixture.one.calls).hasValue(1);
  }

  @Test
  void theCallersDeadlineGoesAlong() {
    fixture.post("x", 3000);
    assertThat(fixture.one.millisLeft)
        .singleElement()
        .satisfies(left -> assertThat(left).isBetween(500L, 3000L));
  }

  @Test
  void withoutADeadlineThereIsOne() {
    SnsGrpc.newBlockingStub(fixture.as("alice")).post(RouterFixture.request(1, "x"));
    assertThat(fixture.one.millisLeft)
        .singleElement()
        .satisfies(left -> assertThat(left).isBetween(1L, 1500L));
  }

  @Test
  void aMasterThatDoesNotAnswerIsToldAtTheDeadline() {
    fixture.one.mood = Mood.HANGS;
    long begun = System.nanoTime();
    StatusRuntimeException error = fixture.failure(() -> fixture.post("x", 600));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
    assertThat(Duration.ofNanos(System.nanoTime() - begun))
        .isBetween(Duration.ofMillis(400), Duration.ofSeconds(5));
  }

  @Test
  void aClusterThatCannotServeIsToldWithItsLastAnswer() {
    fixture.one.mood = Mood.NOT_READY;
    StatusRuntimeException error =
        fixture.failure(
            () -> SnsGrpc.newBlockingStub(fixture.as("alice")).post(RouterFixture.request(1, "x")));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(Errors.reason(error)).contains(Reason.CLUSTER_DOWN);
    assertThat(error.getStatus().getDescription()).contains("alpha").contains("not open yet");
  }

  @Test
  void aClusterThatIsDownAfterAnAttemptWithoutAnAnswerLeavesADoubt() {
    fixture.one.mood = Mood.UNKNOWN_OUTCOME;
    CompletableFuture<Post> call = posting("x", 20_000);
    await().until(() -> fixture.one.calls.get() > 1);
    fixture.one.die();
    fixture.two.die();

    assertThat(call)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .havingCause()
        .satisfies(error -> {
          assertThat(Errors.reason(error)).contains(Reason.CLUSTER_DOWN);
          assertThat(Errors.isDoubtful(error)).isTrue();
        });
  }

  @Test
  void aRefusalByWhoKnowsWhatBecameOfItLeavesNoDoubt() {
    fixture.one.mood = Mood.UNKNOWN_OUTCOME;
    CompletableFuture<StatusRuntimeException> call =
        CompletableFuture.supplyAsync(() ->
            fixture.failure(() ->
                SnsGrpc.newBlockingStub(fixture.as("alice"))
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .follow(FollowRequest.newBuilder().setName("bob").build())));
    await().until(() -> fixture.one.calls.get() > 1);
    fixture.one.mood = Mood.SERVES;

    assertThat(call)
        .succeedsWithin(Duration.ofSeconds(20))
        .satisfies(error -> {
          assertThat(Errors.reason(error)).contains(Reason.USER_UNKNOWN);
          assertThat(Errors.isDoubtful(error)).isFalse();
        });
  }

  @Test
  void aClusterThatIsDownForLongIsToldAtOnce() {
    fixture.post("x");
    fixture.one.die();
    fixture.two.die();
    StatusRuntimeException first = fixture.failure(() -> fixture.post("x", 10_000));
    assertThat(Errors.reason(first)).contains(Reason.CLUSTER_DOWN);
    long begun = System.nanoTime();
    StatusRuntimeException error = fixture.failure(() -> fixture.post("x", 10_000));
    assertThat(Errors.reason(error)).contains(Reason.CLUSTER_DOWN);
    assertThat(Errors.isDoubtful(error)).as("nobody was reached").isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
    fixture.two.mood = Mood.SERVES;
    fixture.two.restart();
    await().ignoreExceptions().until(() -> !fixture.post("back").getText().isEmpty());
  }

  @Test
  void beforeAllClustersAreThereTheCallerWaits() {
    replace(new RouterFixture(RouterFixture.QUICK, new FakeCoordinator()));
    StatusRuntimeException unheard = fixture.failure(() -> fixture.post("x", 500));
    assertThat(Errors.reason(unheard)).contains(Reason.NOT_READY);
    fixture.push(
        ClusterMap.newBuilder()
            .setExpectedClusters(3)
            .addClusters(FakeCoordinator.cluster("alpha", 1, fixture.one, fixture.two))
            .build());
    StatusRuntimeException error = fixture.failure(() -> fixture.post("x"));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(Errors.reason(error)).contains(Reason.WAITING_FOR_CLUSTERS);
    assertThat(error.getStatus().getDescription()).isEqualTo("waiting for clusters: 1 of 3");
    assertThat(fixture.router.readiness().trouble()).isPresent();
  }

  @Test
  void callsGoOnWhileTheCoordinatorIsAway() {
    fixture.coordinator().goAway();
    assertThat(fixture.post("x").getText()).isEqualTo("x");
    fixture.one.mood = Mood.NOT_MASTER;
    fixture.two.mood = Mood.SERVES;
    assertThat(fixture.post("y").getText()).as("a failover it did not hear of").isEqualTo("y");
    fixture.coordinator().comeBack();
    fixture.push(FakeCoordinator.alpha(3, fixture.two, fixture.one));
    assertThat(fixture.post("z").getText()).isEqualTo("z");
  }

  @Test
  void aMasterThatHangsWhileNoCoordinatorIsHeardIsNotWaitedForForEver() {
    fixture.coordinator().goAway();
    fixture.one.mood = Mood.HANGS;
    fixture.two.mood = Mood.SERVES;
    await().until(() -> fixture.router.router().routes().age().toMillis() > 600);
    assertThat(fixture.post("x").getText()).isEqualTo("x");
    assertThat(fixture.one.calls).hasValue(1);
    fixture.post("y");
    assertThat(fixture.one.calls).as("what was found out is remembered").hasValue(1);
  }

  @Test
  void eachUserGoesToTheClusterThatOwnsTheSlot() {
    FakeCluster other = new FakeCluster();
    try (FakeMember beta = new FakeMember("beta-1", other)) {
      fixture.push(
          ClusterMap.newBuilder()
              .setExpectedClusters(2)
              .addClusters(FakeCoordinator.cluster("alpha", 1, fixture.one, fixture.two))
              .addClusters(FakeCoordinator.cluster("beta", 1, beta, beta))
              .addSlots(SlotOwner.newBuilder().setFrom(0).setTo(512).setCluster("alpha"))
              .addSlots(SlotOwner.newBuilder().setFrom(512).setTo(1024).setCluster("beta"))
              .build());
      int low = 0;
      for (int i = 0; i < 20; i++) {
        low += Slots.of("user" + i) < 512 ? 1 : 0;
        SnsGrpc.newBlockingStub(fixture.as("user" + i)).post(RouterFixture.request(1, "x"));
      }
      assertThat(low).isBetween(1, 19);
      assertThat(fixture.cluster.size()).isEqualTo(low);
      assertThat(other.size()).isEqualTo(20 - low);
    }
  }

  /** Works on two clusters; in beta's upper half of the slots its one member is master. */
  private void withBeta(Consumer<FakeMember> work) {
    try (FakeMember beta = new FakeMember("beta-1", new FakeCluster())) {
      fixture.push(halves(beta, false, false));
      work.accept(beta);
    }
  }

  private ClusterMap halves(FakeMember beta, boolean alphaDown, boolean betaDown) {
    return FakeCoordinator.halves(
        FakeCoordinator.cluster("alpha", 1, fixture.one, fixture.two).toBuilder()
            .setDown(alphaDown)
            .build(),
        FakeCoordinator.cluster("beta", 1, beta, beta).toBuilder().setDown(betaDown).build());
  }

  private void postAs(String user) {
    SnsGrpc.newBlockingStub(fixture.as(user))
        .withDeadlineAfter(10, SECONDS)
        .post(RouterFixture.request(1, "x"));
  }

  private static Duration since(long begun) {
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  @Test
  void postsAreReadWhereTheirAuthorLives() {
    withBeta(beta -> {
      GetPostsRequest request =
          GetPostsRequest.newBuilder()
              .setAuthor(RouterFixture.userOf(false))
              .setPage(Page.newBuilder().setLimit(7).setMaxId(99))
              .setUnknownFields(
                  UnknownFieldSet.newBuilder()
                      .addField(77, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                      .build())
              .build();
      SnsGrpc.newBlockingStub(fixture.as(RouterFixture.userOf(true))).getPosts(request);
      assertThat(beta.reads).containsExactly(request);
      assertThat(fixture.one.calls).hasValue(0);
    });
  }

  @Test
  void aRequestForThePostsOfNobodyIsRefusedByTheUsersOwnCluster() {
    withBeta(beta -> {
      String user = RouterFixture.userOf(true);
      for (String author : List.of("", "no name")) {
        SnsGrpc.newBlockingStub(fixture.as(user))
            .getPosts(GetPostsRequest.newBuilder().setAuthor(author).build());
      }
      assertThat(fixture.one.reads).hasSize(2);
      assertThat(beta.calls).hasValue(0);
    });
  }

  @Test
  void usersOfAClusterThatIsDownAreToldAtOnceAndTheOthersNotice() {
    withBeta(beta -> {
      String low = RouterFixture.userOf(true);
      postAs(low);
      fixture.one.die();
      fixture.two.die();
      fixture.push(halves(beta, true, false));
      await().until(() -> !fixture.router.router().upstreams().connected(alpha()));
      long begun = System.nanoTime();
      StatusRuntimeException error = fixture.failure(() -> postAs(low));
      assertThat(since(begun)).isLessThan(Duration.ofMillis(1000));
      assertThat(error.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
      assertThat(Errors.reason(error)).contains(Reason.CLUSTER_DOWN);
      assertThat(Errors.metadata(error)).containsEntry("cluster", "alpha");
      assertThat(error.getStatus().getDescription())
          .isEqualTo(
              "no member of cluster alpha can serve now (no coordinator hears one that could);"
                  + " try again");
      StatusRuntimeException unlocated =
          fixture.failure(() ->
              RouterGrpc.newBlockingStub(fixture.channel())
                  .locate(LocateRequest.newBuilder().setUser(low).build()));
      assertThat(Errors.reason(unlocated)).contains(Reason.CLUSTER_DOWN);
      postAs(RouterFixture.userOf(false));
      assertThat(fixture.router.readiness().trouble()).isEmpty();
      fixture.one.restart();
      fixture.push(halves(beta, false, false));
      postAs(low);
    });
  }

  private ClusterRoute alpha() {
    return fixture.router.router().routes().current().clusters().get("alpha");
  }

  @Test
  void aMemberThatOnlyTheCoordinatorCannotHearGoesOnServing() {
    withBeta(beta -> {
      fixture.push(halves(beta, true, false));
      postAs(RouterFixture.userOf(true));
      fixture.one.mood = Mood.HANGS;
      fixture.two.mood = Mood.HANGS;
      long begun = System.nanoTime();
      StatusRuntimeException error = fixture.failure(() -> postAs(RouterFixture.userOf(true)));
      assertThat(Errors.reason(error)).contains(Reason.CLUSTER_DOWN);
      assertThat(since(begun)).as("one short attempt").isLessThan(Duration.ofSeconds(1));
    });
  }

  @Test
  void aNameThatItsClusterDoesNotTakeIsTriedAgainWhenTheMapHasChanged() {
    withBeta(beta -> {
      String low = RouterFixture.userOf(true);
      fixture.one.mood = Mood.WRONG_CLUSTER;
      CompletableFuture<Void> call =
          CompletableFuture.runAsync(() -> postAs(low), Thread::startVirtualThread);
      await().until(() -> fixture.one.calls.get() > 1);
      fixture.push(
          halves(beta, false, false).toBuilder()
              .setSlots(0, SlotOwner.newBuilder().setFrom(0).setTo(512).setCluster("beta"))
              .build());
      assertThat(call).succeedsWithin(Duration.ofSeconds(5));
      assertThat(beta.posts).hasSize(1);
    });
  }

  @Test
  void aNameThatNoClusterTakesIsToldAtTheDeadline() {
    fixture.one.mood = Mood.WRONG_CLUSTER;
    StatusRuntimeException error = fixture.failure(() -> fixture.post("x", 1500));
    assertThat(Errors.reason(error)).contains(Reason.NOT_READY);
    assertThat(error.getStatus().getDescription())
        .isEqualTo(
            "cluster alpha does not take alice for its own, and nobody else does yet; try again");
    assertThat(fixture.two.calls).hasValue(0);
  }

  @Test
  void anAttemptThatTheDeadlineCutsDoesNotHideWhatWasAnsweredBefore() {
    fixture.one.mood = Mood.WRONG_CLUSTER;
    fixture.two.mood = Mood.WRONG_CLUSTER;
    CompletableFuture<StatusRuntimeException> call =
        CompletableFuture.supplyAsync(
            () -> fixture.failure(() -> fixture.post("x", 500)), Thread::startVirtualThread);
    await().until(() -> fixture.one.calls.get() > 1);
    fixture.one.mood = Mood.HANGS;
    fixture.two.mood = Mood.HANGS;
    assertThat(call)
        .succeedsWithin(Duration.ofSeconds(5))
        .satisfies(error -> assertThat(Errors.reason(error)).contains(Reason.NOT_READY));
  }

  @Test
  void aClusterThatDoesNotAnswerLeavesRoomForTheOthers() {
    withBeta(beta -> {
      RouteMap map = fixture.router.router().routes().current();
      Room room = new Room(fixture.router.router().clusters());
      String low = RouterFixture.userOf(true);
      List<Runnable> places = new ArrayList<>();
      for (int i = 0; i < Room.MOST_OF_ONE; i++) {
        places.add(room.take(map, low));
      }
      StatusRuntimeException full = fixture.failure(() -> room.take(map, low));
      assertThat(Errors.reason(full)).contains(Reason.OVERLOADED);
      assertThat(full.getStatus().getDescription()).contains("alpha keeps 5000 calls waiting");
      places.add(room.take(map, RouterFixture.userOf(false)));
      places.forEach(Runnable::run);
      room.take(map, low).run();
    });
  }

  @Test
  void locateTellsBothMembersTheMasterFirst() {
    fixture.push(FakeCoordinator.alpha(2, fixture.two, fixture.one));
    LocateResponse located =
        RouterGrpc.newBlockingStub(fixture.channel())
            .locate(LocateRequest.newBuilder().setUser("Alice").build());
    assertThat(located)
        .isEqualTo(
            LocateResponse.newBuilder()
                .setCluster("alpha")
                .setEpoch(2)
                .addMembers(location(fixture.two, true))
                .addMembers(location(fixture.one, false))
                .build());
    StatusRuntimeException error =
        fixture.failure(() ->
            RouterGrpc.newBlockingStub(fixture.channel())
                .locate(LocateRequest.newBuilder().setUser("no name").build()));
    assertThat(Errors.reason(error)).contains(Reason.INVALID_NAME);
  }

  private static Location location(FakeMember member, boolean master) {
    return Location.newBuilder()
        .setMember(member.name())
        .setAddress(member.address())
        .setMaster(master)
        .build();
  }

  @Test
  void readinessIsThePathNotTheProcess() {
    assertThat(fixture.router.readiness().trouble()).isEmpty();
    fixture.one.die();
    await().untilAsserted(() -> assertThat(fixture.router.readiness().trouble()).isPresent());
    fixture.one.restart();
    fixture.awaitReady();
    fixture.one.server().ready(false);
    await().untilAsserted(() -> assertThat(fixture.router.readiness().trouble()).isPresent());
  }

  @Test
  void whatIsTooLargeOrWithoutAUserStopsAtTheRouter() {
    StatusRuntimeException large =
        fixture.failure(() -> fixture.post("x".repeat(10 * 1024 * 1024)));
    assertThat(large.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    StatusRuntimeException nobody =
        fixture.failure(
            () -> SnsGrpc.newBlockingStub(fixture.channel()).post(RouterFixture.request(1, "x")));
    assertThat(nobody.getStatus().getCode()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(fixture.one.calls).hasValue(0);
  }

  @Test
  void stoppingLetsCallsInFlightEnd() throws Exception {
    fixture.one.mood = Mood.NOT_READY;
    CompletableFuture<Post> call = posting("x", 10_000);
    await().until(() -> fixture.one.calls.get() > 0);
    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(
            () -> {
              try {
                fixture.router.stop();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            Thread::startVirtualThread);
    await().until(() -> fixture.router.readiness().trouble().isPresent());
    fixture.one.mood = Mood.SERVES;
    assertThat(call.get(5, SECONDS).getText()).isEqualTo("x");
    stopped.get(5, SECONDS);
  }
}
