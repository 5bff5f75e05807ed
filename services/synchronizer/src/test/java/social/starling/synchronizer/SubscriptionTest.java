package social.starling.synchronizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Position;
import social.starling.proto.sync.v1.SubscribeRequest;
import social.starling.proto.sync.v1.SyncGrpc;
import social.starling.synchronizer.FakeMember.Mood;
import social.starling.synchronizer.SyncFixture.Running;

/** What a subscriber gets from a synchronizer. */
class SubscriptionTest {

  private final SyncFixture fixture = new SyncFixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private Running alpha() {
    return alpha(SyncFixture.QUICK);
  }

  private Running alpha(Patience patience) {
    Running running = fixture.start("alpha", patience, fixture.coordinator);
    await().untilAsserted(() -> assertThat(running.process().readiness().trouble()).isEmpty());
    return running;
  }

  private static void refused(
      Channel channel, SubscribeRequest.Builder request, Code code, String sentence) {
    assertThatThrownBy(() ->
            SyncGrpc.newBlockingStub(channel)
                .withDeadlineAfter(10, TimeUnit.SECONDS)
                .subscribe(request.build())
                .next())
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).as(e.getMessage()).isEqualTo(code))
        .hasMessageContaining(sentence);
  }

  @Test
  void malformedSubscriptionsAreRefused() {
    Channel channel = fixture.channel(alpha());
    Code code = Code.INVALID_ARGUMENT;
    refused(channel, SyncFixture.betaAsks().clearReceiverCluster(), code, "names the receiver's");
    refused(channel, SyncFixture.betaAsks().clearSenderCluster(), code, "names the receiver's");
    refused(channel, SyncFixture.betaAsks().setReceiver(1024), code, "1024 is no number");
    refused(channel, SyncFixture.betaAsks().setReceiver(-1), code, "4294967295 is no number");
    refused(
        channel,
        SyncFixture.betaAsks().setAfter(Position.newBuilder().setIndex(-1)),
        code,
        "not below 2^63");
    refused(
        channel,
        SyncFixture.betaAsks().setAfter(Position.newBuilder().setWithin(-1)),
        code,
        "not below 2^63");
  }

  @Test
  void foreignSubscriptionsAreRefused() {
    Channel channel = fixture.channel(alpha());
    Code code = Code.FAILED_PRECONDITION;
    refused(
        channel,
        SyncFixture.betaAsks().setSenderCluster("gamma"),
        code,
        "this is the synchronizer of alpha, not of gamma");
    refused(channel, SyncFixture.betaAsks().setReceiver(2), code, "beta with number 2 is no other");
    refused(
        channel, SyncFixture.betaAsks().setReceiverCluster("gamma"), code, "gamma with number 1");
    refused(
        channel,
        SyncFixture.betaAsks().setReceiverCluster("alpha").setReceiver(SyncFixture.ALPHA),
        code,
        "alpha with number 0 is no other cluster");
  }

  @Test
  void nobodyIsServedBeforeTheMapIsHeard() throws Exception {
    FakeCoordinator away = new FakeCoordinator();
    away.close();
    Running running = fixture.start("alpha", SyncFixture.QUICK, away);
    refused(
        fixture.channel(running),
        SyncFixture.betaAsks(),
        Code.UNAVAILABLE,
        "has heard no coordinator yet");
    assertThat(running.process().readiness().trouble()).contains("no coordinator has been heard");
  }

  @Test
  void aWrongCredentialIsRefused() {
    Running running = alpha();
    String address = "127.0.0.1:" + running.process().internalPort();
    ManagedChannel wrong = Channels.open(address, Credential.of("open-barley").clientInterceptor());
    ManagedChannel none = Channels.open(address);
    try {
      refused(wrong, SyncFixture.betaAsks(), Code.UNAUTHENTICATED, "not the one of this");
      refused(none, SyncFixture.betaAsks(), Code.UNAUTHENTICATED, "carries no credential");
    } finally {
      wrong.shutdownNow();
      none.shutdownNow();
    }
  }

  @Test
  void aNewerSubscriptionEndsTheOlder() {
    fixture.alpha.write("a", 5);
    Running running = alpha();
    Subscriber first = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    first.request(1);
    SyncFixture.until(() -> first.taken().size() == 1);
    Subscriber second = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    second.request(100);
    SyncFixture.until(() -> second.taken().size() > 2);
    first.request(100);
    SyncFixture.until(first::ended);
    assertThat(first.end().getCode()).isEqualTo(Code.ABORTED);
    assertThat(second.ended()).isFalse();
  }

  @Test
  void aReceiverThatIsForgottenIsNotServedAnyLonger() {
    Running running = alpha();
    Subscriber subscriber = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    subscriber.request(100);
    SyncFixture.until(() -> !subscriber.taken().isEmpty());
    fixture.coordinator.forget("beta");
    SyncFixture.until(subscriber::ended);
    assertThat(subscriber.end().getCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(subscriber.end().getDescription()).contains("beta is not in the coordinators' map");
  }

  @Test
  void aSubscriberWaitsForAMasterAndHearsThatTheSynchronizerLives() {
    Running running = alpha();
    Subscriber subscriber = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    subscriber.request(1000);
    SyncFixture.until(() -> !subscriber.taken().isEmpty());
    fixture.alpha1.close();
    SyncFixture.until(subscriber::ended);
    assertThat(subscriber.end().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(subscriber.end().getDescription()).startsWith("the master of alpha: UNAVAILABLE");
    assertThat(subscriber.taken()).contains(Batch.getDefaultInstance());
  }

  @Test
  void aSlowReceiverDoesNotMakeMemoryGrow() {
    fixture.alpha1.ballast = 100_000;
    fixture.alpha.write("a", 2000);
    Running running = alpha();
    Subscriber subscriber = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    subscriber.request(3);
    SyncFixture.until(() -> subscriber.taken().size() == 3);
    SyncFixture.until(() -> running.held() >= Feed.ROOM_BYTES);
    // 200 MB are to be had. What is on the way lies in this process and in two connections.
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(5))
        .until(() ->
            running.held() <= Feed.ROOM_BYTES + 101_000
                && fixture.alpha1.sentBytes.get() < 8_000_000);
    assertThat(fixture.alpha1.sentBytes.get()).isPositive();
    subscriber.request(2000);
    SyncFixture.until(() -> subscriber.upTo() == 2000);
    SyncFixture.until(() -> running.held() == 0);
  }

  @Test
  void aReceiverThatReadsNothingIsCut() {
    fixture.alpha1.ballast = 100_000;
    fixture.alpha.write("a", 100);
    Patience quick = SyncFixture.QUICK;
    Running running =
        alpha(
            new Patience(
                quick.silence(),
                quick.alive(),
                quick.master(),
                Duration.ofMillis(300),
                quick.firstWait(),
                quick.maxWait()));
    Subscriber subscriber = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    subscriber.request(1);
    SyncFixture.until(() -> subscriber.taken().size() == 1);
    SyncFixture.until(() -> running.held() > 0);
    SyncFixture.until(() -> running.held() == 0);
    subscriber.request(1000);
    SyncFixture.until(subscriber::ended);
    assertThat(subscriber.end().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void aMasterThatReadsNothingHoldsThePeerNotTheMemory() {
    fixture.alpha1.ballast = 100_000;
    fixture.alpha.write("a", 2000);
    FakeMember unreading = fixture.with(new FakeMember("beta-9", fixture.beta));
    unreading.mood(Mood.READS_NOTHING);
    fixture.coordinator.record(
        FakeCoordinator.cluster("beta", SyncFixture.BETA, 2, unreading, fixture.beta2));
    Running sender = fixture.start("alpha", SyncFixture.PATIENT, fixture.coordinator);
    Running receiver = fixture.start("beta", SyncFixture.PATIENT, fixture.coordinator);
    List<Running> both = List.of(sender, receiver);
    SyncFixture.until(() -> both.stream().allMatch(each -> each.held() >= Feed.ROOM_BYTES));
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(5))
        .until(() ->
            both.stream().allMatch(each -> each.held() <= Feed.ROOM_BYTES + 101_000)
                && fixture.alpha1.sentBytes.get() < 12_000_000);
    assertThat(fixture.beta.received()).isEmpty();
  }

  @Test
  void whatIsUnderWayAtAMasterThatAnswersNothingIsBounded() {
    fixture.alpha.write("first");
    fixture.start("alpha", SyncFixture.PATIENT, fixture.coordinator);
    Running receiver = fixture.start("beta", SyncFixture.PATIENT, fixture.coordinator);
    fixture.awaitReceived(fixture.beta, List.of("first"));
    fixture.beta1.mood(Mood.SILENT);
    fixture.alpha.write("a", 3 * Delivery.MAX_PENDING);
    SyncFixture.until(
        () -> receiver.metric("starling_sync_lag_entries", "alpha") >= Delivery.MAX_PENDING - 1);
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(5))
        .until(() -> receiver.metric("starling_sync_lag_entries", "alpha") <= Delivery.MAX_PENDING);
  }

  @Test
  void aBatchBeyondEveryBoundEndsTheStream() {
    fixture.alpha1.ballast = Feed.MAX_MESSAGE + 1;
    fixture.alpha.write("monster");
    Running running = alpha();
    Subscriber subscriber = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    subscriber.request(1000);
    SyncFixture.until(subscriber::ended);
    assertThat(subscriber.end().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(subscriber.end().getDescription())
        .startsWith("the master of alpha: RESOURCE_EXHAUSTED");
    assertThat(subscriber.upTo()).isZero();
  }

  @Test
  void whatIsWrongWithThePositionIsToldToTheSubscriber() {
    Running running = alpha();
    fixture.alpha1.mood(Mood.REFUSES);
    refused(
        fixture.channel(running),
        SyncFixture.betaAsks(),
        Code.OUT_OF_RANGE,
        "the master of alpha: OUT_OF_RANGE (beyond the journal)");
    assertThat(fixture.alpha1.changesCalls.get()).isEqualTo(1);
  }

  @Test
  void aSubscriberThatGoesLeavesNothingBehind() {
    Running running = alpha();
    Subscriber subscriber = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    subscriber.request(1);
    SyncFixture.until(() -> fixture.alpha1.changesOpen() == 1);
    subscriber.cancel();
    SyncFixture.until(() -> fixture.alpha1.changesOpen() == 0);
  }

  @Test
  void subscribersAreToldThatItStops() throws Exception {
    Running running = alpha();
    Subscriber subscriber = new Subscriber(fixture.channel(running), SyncFixture.betaAsks());
    subscriber.request(100);
    SyncFixture.until(() -> !subscriber.taken().isEmpty());
    running.process().stop();
    SyncFixture.until(subscriber::ended);
    assertThat(subscriber.end().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(subscriber.end().getDescription()).contains("alpha is stopping");
  }
}
