package social.starling.router;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import social.starling.common.Errors;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.router.v1.RouterGrpc;
import social.starling.proto.sns.v1.FollowRequest;
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
  void aClusterThatIsDownForLongIsToldAtOnce() {
    fixture.post("x");
    fixture.one.die();
    fixture.two.die();
    StatusRuntimeException first = fixture.failure(() -> fixture.post("x", 10_000));
    assertThat(Errors.reason(first)).contains(Reason.CLUSTER_DOWN);
    long begun = System.nanoTime();
    StatusRuntimeException error = fixture.failure(() -> fixture.post("x", 10_000));
    assertThat(Errors.reason(error)).contains(Reason.CLUSTER_DOWN);
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
