package social.starling.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static social.starling.client.Patience.await;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.client.FakeMember.Mode;
import social.starling.proto.router.v1.Location;

/** Live timelines over real connections that break. Bob follows alice. */
@Timeout(120)
class EventStreamTest {

  private final FakeState state = new FakeState();
  private final FakeMember one = new FakeMember(state);
  private final FakeMember two = new FakeMember(state);
  private final FakeMember router = new FakeMember(state);
  private final List<String> notices = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void warmUp() {
    Patience.warmUp();
  }

  @BeforeEach
  void pair() {
    two.mode = Mode.NOT_MASTER;
    two.master = one.address();
    router.locations =
        List.of(
            Location.newBuilder().setAddress(one.address()).setMaster(true).build(),
            Location.newBuilder().setAddress(two.address()).build());
    state.login("alice");
    state.login("bob");
    state.follow("bob", "alice");
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    router.close();
  }

  private StarlingClient bob(boolean direct) {
    return StarlingClient.connect(
        ClientOptions.of("bob")
            .withRouters(List.of(router.address()))
            .withDirect(direct)
            .withDeadline(Duration.ofSeconds(30))
            .withListener(notices::add));
  }

  private void post(int from, int to) {
    IntStream.rangeClosed(from, to).forEach(i -> state.post("alice", "post " + i));
  }

  private void promoteTwo() {
    two.epoch = 2;
    one.epoch = 2;
    two.mode = Mode.OPEN;
  }

  /** Reads until a post with this number; what was read, without the mark of the backlog's end. */
  private static List<String> readTo(EventStream stream, int last) {
    List<String> texts = new ArrayList<>();
    while (!texts.contains("post " + last) && stream.hasNext()) {
      if (stream.next() instanceof TimelineEvent.Posted posted) {
        texts.add(posted.post().text());
      }
    }
    return texts;
  }

  private static List<String> posts(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "post " + i).toList();
  }

  @Test
  void shouldYieldTheBacklogItsEndAndThenWhatIsPosted() {
    post(1, 30);
    try (StarlingClient bob = bob(false);
        EventStream stream = bob.stream(20)) {
      assertThat(readTo(stream, 30)).isEqualTo(posts(11, 30));
      TimelineEvent end = stream.next();
      assertThat(end).isInstanceOf(TimelineEvent.BacklogEnd.class);
      assertThat(stream.cursor()).contains(end.cursor());
      post(31, 40);
      assertThat(readTo(stream, 40)).isEqualTo(posts(31, 40));
    }
  }

  @Test
  void shouldGoOnWhenAClusterThatWasDownIsBackAndTellOfItOnce() throws Exception {
    post(1, 3);
    List<String> down = new CopyOnWriteArrayList<>();
    ClientOptions options =
        ClientOptions.of("bob")
            .withRouters(List.of(router.address()))
            .withListener(
                new ConnectionListener() {
                  @Override
                  public void onReconnecting(String address) {
                    notices.add(address);
                  }

                  @Override
                  public void onClusterDown(String cluster) {
                    down.add(cluster);
                  }
                });
    try (StarlingClient bob = StarlingClient.connect(options);
        EventStream stream = bob.stream(20)) {
      assertThat(readTo(stream, 3)).isEqualTo(posts(1, 3));
      router.mode = Mode.CLUSTER_DOWN;
      int before = router.streamsOpened.get();
      Thread healing =
          Thread.startVirtualThread(() -> {
            await().until(() -> router.streamsOpened.get() > before + 3);
            post(4, 5);
            router.mode = Mode.OPEN;
          });
      assertThat(readTo(stream, 5)).isEqualTo(posts(4, 5));
      healing.join();
    }
    assertThat(down).containsExactly("alpha");
    assertThat(notices).isEmpty();
  }

  @Test
  void shouldGoOnFromACursorOfAPage() {
    post(1, 5);
    try (StarlingClient bob = bob(false)) {
      long cursor = bob.timeline(PostPage.newest(20)).cursor();
      post(6, 9);
      try (EventStream stream = bob.streamFrom(cursor)) {
        assertThat(readTo(stream, 9)).isEqualTo(posts(6, 9));
      }
    }
  }

  @Test
  void shouldLeaveNothingOutAndRepeatNothingWhenStreamsKeepBreaking() {
    post(1, 20);
    router.repeatsEvents = true;
    router.cutAfter = 7;
    try (StarlingClient bob = bob(false);
        EventStream stream = bob.stream(5)) {
      assertThat(readTo(stream, 20)).isEqualTo(posts(16, 20));
      post(21, 120);
      assertThat(readTo(stream, 120)).isEqualTo(posts(21, 120));
    }
    assertThat(router.streamsOpened.get()).isGreaterThan(10);
  }

  @Test
  void directShouldGoOnAtTheNewMasterWhenTheOldOneIsKilled() {
    post(1, 3);
    try (StarlingClient bob = bob(true);
        EventStream stream = bob.stream(20)) {
      assertThat(readTo(stream, 3)).isEqualTo(posts(1, 3));
      router.kill();
      one.kill();
      post(4, 6);
      promoteTwo();
      assertThat(readTo(stream, 6)).isEqualTo(posts(4, 6));
    }
    assertThat(notices).containsExactly(two.address());
  }

  @Test
  void directShouldLeaveAMasterThatFellSilent() {
    try (StarlingClient bob = bob(true);
        EventStream stream = bob.stream(20)) {
      post(1, 2);
      assertThat(readTo(stream, 2)).isEqualTo(posts(1, 2));
      one.mode = Mode.SILENT;
      promoteTwo();
      post(3, 4);
      assertThat(readTo(stream, 4)).isEqualTo(posts(3, 4));
    }
  }

  @Test
  void directShouldFollowTheCallsToAnotherMaster() {
    try (StarlingClient bob = bob(true);
        EventStream stream = bob.stream(20)) {
      post(1, 1);
      assertThat(readTo(stream, 1)).isEqualTo(posts(1, 1));
      // The old master goes on sending, but calls have found the new one.
      one.master = two.address();
      promoteTwo();
      one.mode = Mode.NOT_MASTER;
      bob.login();
      int before = two.streamsOpened.get();
      Thread reader = Thread.ofVirtual().start(() -> readTo(stream, 2));
      await().until(() -> two.streamsOpened.get() > before);
      post(2, 2);
      await().until(() -> !reader.isAlive());
    }
  }

  @Test
  void shouldEndWhenTheClientIsClosed() {
    StarlingClient bob = bob(false);
    EventStream stream = bob.stream(20);
    assertThat(stream.next()).isInstanceOf(TimelineEvent.BacklogEnd.class);
    Thread closer = Thread.ofVirtual().start(bob::close);
    assertThat(stream.hasNext()).isFalse();
    await().until(() -> !closer.isAlive());
  }

  @Test
  void shouldSayThatItCouldNotBegin() {
    router.kill();
    try (StarlingClient bob =
            StarlingClient.connect(
                ClientOptions.of("bob")
                    .withRouters(List.of(router.address()))
                    .withDeadline(Duration.ofMillis(300)));
        EventStream stream = bob.stream(20)) {
      assertThatThrownBy(stream::hasNext)
          .isInstanceOfSatisfying(
              StarlingException.class, e -> assertThat(e.code()).isEqualTo(Status.Code.UNAVAILABLE))
          .hasMessageContaining("cannot reach the router at " + router.address());
    }
  }
}
