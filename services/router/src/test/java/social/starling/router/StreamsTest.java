package social.starling.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import social.starling.common.Errors;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;
import social.starling.router.FakeMember.Mood;

class StreamsTest {

  private final RouterFixture fixture = RouterFixture.withMaster();

  @AfterEach
  void close() {
    fixture.close();
  }

  /** Takes events, all at once or as many as told. */
  private static final class Client<Q, A> implements ClientResponseObserver<Q, A> {

    final List<A> events = new CopyOnWriteArrayList<>();
    volatile Throwable error;
    private final boolean slow;
    private ClientCallStreamObserver<Q> call;

    Client(boolean slow) {
      this.slow = slow;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> requests) {
      call = requests;
      if (slow) {
        requests.disableAutoRequestWithInitial(1);
      }
    }

    void take(int count) {
      call.request(count);
    }

    void cancel() {
      call.cancel("enough", null);
    }

    @Override
    public void onNext(A event) {
      events.add(event);
    }

    @Override
    public void onError(Throwable t) {
      error = t;
    }

    @Override
    public void onCompleted() {
      error = new AssertionError("streams have no end");
    }
  }

  private static final class Timeline {

    final Client<StreamRequest, StreamEvent> client;

    Timeline(Client<StreamRequest, StreamEvent> client) {
      this.client = client;
    }

    List<String> texts() {
      return client.events.stream()
          .filter(StreamEvent::hasPost)
          .map(event -> event.getPost().getText())
          .toList();
    }

    long backlogEnds() {
      return client.events.stream().filter(StreamEvent::hasBacklogEnd).count();
    }

    void awaitTexts(int count) {
      await().atMost(Duration.ofSeconds(20)).until(() -> texts().size() >= count);
    }
  }

  private Timeline open(StreamRequest request, boolean slow) {
    Client<StreamRequest, StreamEvent> client = new Client<>(slow);
    SnsGrpc.newStub(fixture.as("alice")).stream(request, client);
    return new Timeline(client);
  }

  private Timeline open(int backlog) {
    return open(StreamRequest.newBuilder().setBacklog(backlog).build(), false);
  }

  private void posts(int from, int to) {
    IntStream.rangeClosed(from, to).forEach(i -> fixture.cluster.post("bob", "post " + i));
  }

  private static List<String> texts(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "post " + i).toList();
  }

  private void failOver(long epoch, FakeMember to, FakeMember from) {
    from.mood = Mood.NOT_MASTER;
    to.mood = Mood.SERVES;
    fixture.push(FakeCoordinator.alpha(epoch, to, from));
  }

  @Test
  void aStreamIsItsBacklogItsEndAndWhatFollows() {
    posts(1, 30);
    Timeline timeline = open(20);
    timeline.awaitTexts(20);
    posts(31, 35);
    timeline.awaitTexts(25);
    assertThat(timeline.texts()).isEqualTo(texts(11, 35));
    assertThat(timeline.client.events.get(20).hasBacklogEnd()).isTrue();
    assertThat(timeline.client.events.get(20).getCursor()).isEqualTo(30);
  }

  @Test
  void aMasterThatDiesLeavesNoGapAndNoRepeat() {
    posts(1, 5);
    Timeline timeline = open(20);
    timeline.awaitTexts(5);
    fixture.one.die();
    posts(6, 10);
    failOver(2, fixture.two, fixture.one);
    posts(11, 15);
    timeline.awaitTexts(15);
    fixture.one.restart();
    failOver(3, fixture.one, fixture.two);
    posts(16, 20);
    timeline.awaitTexts(20);
    assertThat(timeline.texts()).isEqualTo(texts(1, 20));
    assertThat(timeline.backlogEnds()).isOne();
    assertThat(timeline.client.error).isNull();
    assertThat(fixture.two.streams).anyMatch(request -> request.getCursor() == 5);
  }

  @Test
  void aMasterThatChangesInTheMapIsLeftThoughItStillSpeaks() {
    Timeline timeline = open(20);
    await().until(() -> timeline.backlogEnds() == 1);
    failOver(2, fixture.two, fixture.one);
    await().until(() -> fixture.two.streams.size() == 1);
    posts(1, 3);
    timeline.awaitTexts(3);
    assertThat(timeline.texts()).isEqualTo(texts(1, 3));
    assertThat(fixture.two.sent).hasValue(3);
  }

  @Test
  void aMemberThatBreaksOffAgainAndAgainLosesAndRepeatsNothing() {
    posts(1, 10);
    Timeline timeline = open(20);
    await().until(() -> timeline.backlogEnds() == 1);
    fixture.one.breakAfter = 3;
    fixture.one.repeats = true;
    posts(11, 60);
    timeline.awaitTexts(60);
    assertThat(timeline.texts()).isEqualTo(texts(1, 60));
    assertThat(timeline.backlogEnds()).isOne();
    assertThat(fixture.one.streams).hasSizeGreaterThan(10);
  }

  @Test
  void aBacklogThatBreaksOffIsAskedForAnew() {
    posts(1, 10);
    fixture.one.breakAfter = 4;
    Timeline timeline = open(10);
    await().until(() -> fixture.one.streams.size() > 2);
    assertThat(timeline.texts()).isEmpty();
    fixture.one.breakAfter = 0;
    posts(11, 12);
    await().until(() -> timeline.backlogEnds() == 1);
    posts(13, 14);
    timeline.awaitTexts(12);
    assertThat(timeline.texts().reversed().subList(0, 10)).isEqualTo(texts(5, 14).reversed());
    assertThat(timeline.texts()).doesNotHaveDuplicates();
  }

  @Test
  void aStreamFromACursorGoesOnFromThere() {
    posts(1, 10);
    Timeline timeline = open(StreamRequest.newBuilder().setCursor(4).setBacklog(20).build(), false);
    timeline.awaitTexts(6);
    fixture.one.die();
    failOver(2, fixture.two, fixture.one);
    posts(11, 12);
    timeline.awaitTexts(8);
    assertThat(timeline.texts()).isEqualTo(texts(5, 12));
    assertThat(timeline.backlogEnds()).isOne();
  }

  @Test
  void aSilentMemberIsLeft() {
    Timeline timeline = open(20);
    await().until(() -> timeline.backlogEnds() == 1);
    fixture.one.mood = Mood.HANGS;
    fixture.two.mood = Mood.SERVES;
    posts(1, 3);
    timeline.awaitTexts(3);
    assertThat(timeline.texts()).isEqualTo(texts(1, 3));
    assertThat(fixture.two.streams).isNotEmpty();
  }

  @Test
  void theClientHearsOfTheStreamWhileNoMemberServesIt() {
    Timeline timeline = open(20);
    await().until(() -> timeline.backlogEnds() == 1);
    fixture.one.die();
    int before = timeline.client.events.size();
    await().until(() -> timeline.client.events.size() > before);
    assertThat(timeline.client.events.getLast().hasHeartbeat()).isTrue();
    posts(1, 2);
    fixture.one.restart();
    timeline.awaitTexts(2);
    assertThat(timeline.client.error).isNull();
  }

  @Test
  void aSlowClientMakesTheMemberWaitAndTheRouterHoldsNothing() {
    String text = "x".repeat(4000);
    int count = 3000;
    IntStream.range(0, count).forEach(i -> fixture.cluster.post("bob", i + " " + text));
    Timeline timeline = open(StreamRequest.newBuilder().setCursor(0).build(), true);
    await().until(() -> timeline.client.events.size() == 1);
    // Until nothing moves: what is on the way then is what the transports hold.
    await()
        .during(Duration.ofMillis(500))
        .atMost(Duration.ofSeconds(20))
        .until(fixture.one.sent::get, sent -> sent < 1000);
    assertThat(timeline.client.events).hasSize(1);
    timeline.client.take(count + 100);
    timeline.awaitTexts(count);
    assertThat(timeline.texts())
        .isEqualTo(IntStream.range(0, count).mapToObj(i -> i + " " + text).toList());
  }

  @Test
  void aClientThatLeavesLeavesNothingOpen() {
    Timeline timeline = open(20);
    await().until(() -> timeline.backlogEnds() == 1);
    assertThat(fixture.registry.get("starling_router_streams").gauge().value()).isOne();
    timeline.client.cancel();
    await().until(() -> fixture.registry.get("starling_router_streams").gauge().value() == 0);
  }

  @Test
  void aRefusedStreamIsRefusedToTheClient() {
    fixture.one.mood = Mood.NOT_READY;
    Timeline timeline = open(20);
    await().until(() -> timeline.client.error != null);
    StatusRuntimeException error = (StatusRuntimeException) timeline.client.error;
    assertThat(error.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(Errors.reason(error)).contains(Reason.NOT_READY);
  }

  @Test
  void aStreamOfAClusterThatIsDownEndsAtOnce() {
    Timeline timeline = open(20);
    await().until(() -> timeline.backlogEnds() == 1);
    fixture.one.die();
    fixture.two.die();
    ClusterMap map = FakeCoordinator.alpha(1, fixture.one, fixture.two);
    fixture.push(
        map.toBuilder().setClusters(0, map.getClusters(0).toBuilder().setDown(true)).build());
    await().atMost(Duration.ofSeconds(3)).until(() -> timeline.client.error != null);
    assertThat(Errors.reason(timeline.client.error)).contains(Reason.CLUSTER_DOWN);
    assertThat(timeline.client.error).hasMessageContaining("no member of cluster alpha can serve");
  }

  @Test
  void stoppingEndsStreamsSoThatClientsGoElsewhere() throws Exception {
    Timeline timeline = open(20);
    await().until(() -> timeline.backlogEnds() == 1);
    fixture.router.stop();
    await().until(() -> timeline.client.error != null);
    assertThat(Errors.reason(timeline.client.error)).contains(Reason.NOT_READY);
  }

  @Test
  void attendingGoesOnAtTheNewMaster() {
    Client<AttendRequest, AttendEvent> client = new Client<>(false);
    SnsGrpc.newStub(fixture.as("alice")).attend(AttendRequest.getDefaultInstance(), client);
    await().until(() -> fixture.one.attending.get() == 1);
    failOver(2, fixture.two, fixture.one);
    await().until(() -> fixture.two.attending.get() == 1);
    await().until(() -> fixture.one.attending.get() == 0);
    assertThat(client.error).isNull();
    client.cancel();
    await().until(() -> fixture.two.attending.get() == 0);
  }
}
