package social.starling.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.BacklogEnd;
import social.starling.proto.sns.v1.Heartbeat;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

@Timeout(60)
class ResumableStreamTest {

  private static final StatusRuntimeException BREAK = Status.UNAVAILABLE.asRuntimeException();
  private static final StreamRequest NEWEST = StreamRequest.newBuilder().setBacklog(20).build();
  private static final ResumableStream.Settings QUICK =
      new ResumableStream.Settings(Duration.ofMillis(300), Duration.ofSeconds(1));

  private static StreamEvent post(long id, long cursor) {
    return StreamEvent.newBuilder().setPost(Post.newBuilder().setId(id)).setCursor(cursor).build();
  }

  private static StreamEvent end(long cursor) {
    return StreamEvent.newBuilder()
        .setBacklogEnd(BacklogEnd.getDefaultInstance())
        .setCursor(cursor)
        .build();
  }

  private static StreamEvent heartbeat(long cursor) {
    return StreamEvent.newBuilder()
        .setHeartbeat(Heartbeat.getDefaultInstance())
        .setCursor(cursor)
        .build();
  }

  private static StreamRequest from(long cursor) {
    return StreamRequest.newBuilder().setBacklog(20).setCursor(cursor).build();
  }

  /** Plays lists of events; it breaks at the end of each, and is silent after the last. */
  private static final class Script implements ResumableStream.Upstream {

    final List<StreamRequest> requests = new ArrayList<>();
    final List<StatusRuntimeException> breaks = new ArrayList<>();
    final Queue<List<StreamEvent>> scenes = new ArrayDeque<>();
    int flows;
    boolean moved;
    StatusRuntimeException atEnd = BREAK;

    @SafeVarargs
    Script(List<StreamEvent>... scenes) {
      this.scenes.addAll(List.of(scenes));
    }

    @Override
    public ResumableStream.EventSource open(StreamRequest request) {
      requests.add(request);
      if (scenes.isEmpty()) {
        return new Silence();
      }
      Queue<StreamEvent> events = new ArrayDeque<>(scenes.remove());
      boolean last = scenes.isEmpty();
      CountDownLatch closed = new CountDownLatch(1);
      return new ResumableStream.EventSource() {
        @Override
        public Optional<StreamEvent> poll(Duration wait) throws InterruptedException {
          if (events.isEmpty() && !last) {
            throw atEnd;
          }
          if (events.isEmpty()) {
            closed.await(wait.toMillis(), TimeUnit.MILLISECONDS);
          }
          return Optional.ofNullable(events.poll());
        }

        @Override
        public void close() {
          closed.countDown();
        }
      };
    }

    @Override
    public void flows() {
      flows++;
    }

    @Override
    public void broke(StatusRuntimeException failure) {
      breaks.add(failure);
    }

    @Override
    public boolean moved() {
      boolean now = moved;
      moved = false;
      return now;
    }
  }

  private static final class Silence implements ResumableStream.EventSource {

    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public Optional<StreamEvent> poll(Duration wait) throws InterruptedException {
      closed.await(wait.toMillis(), TimeUnit.MILLISECONDS);
      return Optional.empty();
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }

  private static List<StreamEvent> read(ResumableStream stream, int count) {
    List<StreamEvent> events = new ArrayList<>();
    try {
      while (events.size() < count) {
        StreamEvent event = stream.next().orElseThrow();
        if (!event.hasHeartbeat()) {
          events.add(event);
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return events;
  }

  @Test
  void shouldResumeAtTheCursorOfTheLastEvent() {
    Script script =
        new Script(List.of(post(1, 9), end(9), post(2, 11)), List.of(end(11), post(3, 15)));
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 4)).containsExactly(post(1, 9), end(9), post(2, 11), post(3, 15));
      assertThat(stream.cursor()).contains(15L);
    }
    assertThat(script.requests).containsExactly(NEWEST, from(11));
    assertThat(script.breaks).containsExactly(BREAK);
    assertThat(script.flows).isEqualTo(2);
  }

  @Test
  void shouldTakeTheCursorOfAHeartbeatToo() {
    Script script = new Script(List.of(end(9), heartbeat(14)), List.of(post(3, 15)));
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 2)).containsExactly(end(9), post(3, 15));
    }
    assertThat(script.requests).containsExactly(NEWEST, from(14));
  }

  @Test
  void shouldAskForTheBacklogAgainWhenItBreaksInItsMiddle() {
    Script script =
        new Script(
            List.of(post(1, 9), post(2, 9)),
            // Meanwhile 1 was pushed out by a newer one.
            List.of(post(2, 12), post(3, 12), end(12)));
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 3)).containsExactly(post(2, 12), post(3, 12), end(12));
    }
    assertThat(script.requests).containsExactly(NEWEST, NEWEST);
  }

  @Test
  void shouldDropWhatIsRepeatedAfterABreak() {
    Script script =
        new Script(
            List.of(end(9), post(1, 10), post(2, 11)),
            List.of(post(1, 10), post(2, 11), post(2, 11), post(3, 12)));
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 4)).containsExactly(end(9), post(1, 10), post(2, 11), post(3, 12));
    }
  }

  @Test
  void shouldYieldEachPostOfOneChangeOnceWhenItBreaksInItsMiddle() {
    // One change, 10, brings three posts: only the last carries its index.
    Script script =
        new Script(
            List.of(end(9), post(1, 9), post(2, 9)),
            List.of(post(1, 9), post(2, 9), post(3, 10), post(4, 11)));
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 5))
          .containsExactly(end(9), post(1, 9), post(2, 9), post(3, 10), post(4, 11));
    }
  }

  @Test
  void shouldEndTheBacklogOnceWhenItBeginsAtACursor() {
    Script script = new Script(List.of(post(1, 6), end(6)), List.of(end(6), post(2, 7)));
    try (ResumableStream stream = new ResumableStream(from(5), script, QUICK)) {
      assertThat(read(stream, 3)).containsExactly(post(1, 6), end(6), post(2, 7));
    }
    assertThat(script.requests).containsExactly(from(5), from(6));
  }

  @Test
  void shouldLeaveASilentUpstream() {
    Script script = new Script(List.of(end(9)));
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 1)).containsExactly(end(9));
      script.scenes.add(List.of(post(1, 10)));
      assertThat(read(stream, 1)).containsExactly(post(1, 10));
    }
    assertThat(script.breaks)
        .extracting(e -> e.getStatus().getCode())
        .containsExactly(Status.Code.DEADLINE_EXCEEDED);
  }

  @Test
  void shouldMoveWithoutABreakWhenTheUpstreamIsToBeLeft() {
    Script script = new Script(List.of(end(9)));
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 1)).containsExactly(end(9));
      script.moved = true;
      script.scenes.add(List.of(post(1, 10)));
      assertThat(read(stream, 1)).containsExactly(post(1, 10));
    }
    assertThat(script.breaks).isEmpty();
    assertThat(script.requests).containsExactly(NEWEST, from(9));
  }

  @Test
  void shouldYieldHeartbeatsWhileNothingCanBeReached() throws Exception {
    Script script = new Script(List.of(end(9)), List.of());
    ResumableStream.Upstream gone =
        new ResumableStream.Upstream() {
          @Override
          public ResumableStream.EventSource open(StreamRequest request) {
            if (request.hasCursor()) {
              throw BREAK;
            }
            return script.open(request);
          }
        };
    try (ResumableStream stream = new ResumableStream(NEWEST, gone, QUICK)) {
      assertThat(stream.next()).contains(end(9));
      assertThat(stream.next()).contains(heartbeat(9));
      assertThat(stream.next()).contains(heartbeat(9));
    }
  }

  @Test
  void shouldThrowWhatIsHopeless() {
    Script script = new Script(List.of(end(9)), List.of());
    script.atEnd = Errors.of(Status.Code.NOT_FOUND, Reason.USER_UNKNOWN, "there is no user bob");
    try (ResumableStream stream = new ResumableStream(NEWEST, script, QUICK)) {
      assertThat(read(stream, 1)).containsExactly(end(9));
      assertThatThrownBy(stream::next).isSameAs(script.atEnd);
    }
  }

  @Test
  void shouldGiveUpWhenNothingEverCame() {
    ResumableStream.Upstream nobody =
        request -> {
          throw BREAK;
        };
    try (ResumableStream stream = new ResumableStream(NEWEST, nobody, QUICK)) {
      assertThatThrownBy(stream::next).isSameAs(BREAK);
    }
  }

  @Test
  void shouldEndWhenItIsClosedByAnotherThread() throws Exception {
    ResumableStream stream = new ResumableStream(NEWEST, request -> new Silence(), QUICK);
    Thread closer = Thread.ofVirtual().start(stream::close);
    assertThat(stream.next()).isEmpty();
    closer.join();
  }

  @Test
  void shouldRefuseABacklogWithoutEnd() {
    List<StreamEvent> endless = new ArrayList<>();
    for (int i = 1; i <= 1001; i++) {
      endless.add(post(i, 1));
    }
    try (ResumableStream stream = new ResumableStream(NEWEST, new Script(endless), QUICK)) {
      assertThatThrownBy(stream::next).hasMessageContaining("has no end");
    }
  }

  /** Some changes of this journal bring several posts, and its upstreams break anywhere. */
  @Test
  void shouldYieldEveryPostOnceInOrderWhateverBreaks() {
    for (long seed = 1; seed <= 300; seed++) {
      Random random = new Random(seed);
      List<StreamEvent> journal = new ArrayList<>();
      long id = 0;
      for (long index = 1; index <= 60; index++) {
        int posts = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 1;
        for (int i = 1; i <= posts; i++) {
          journal.add(post(++id, i == posts ? index : index - 1));
        }
      }
      ResumableStream.Upstream upstream = new Breaking(journal, random);
      try (ResumableStream stream = new ResumableStream(from(0), upstream, QUICK)) {
        assertThat(read(stream, journal.size())).as("seed " + seed).isEqualTo(journal);
      }
    }
  }

  private record Breaking(List<StreamEvent> journal, Random random)
      implements ResumableStream.Upstream {

    @Override
    public ResumableStream.EventSource open(StreamRequest request) {
      // A server sends whole changes after the cursor: of change n, posts carry n - 1 and n.
      List<StreamEvent> rest = new ArrayList<>();
      List<StreamEvent> change = new ArrayList<>();
      long index = 1;
      for (StreamEvent event : journal) {
        change.add(event);
        if (event.getCursor() == index) {
          if (index > request.getCursor()) {
            rest.addAll(change);
          }
          change.clear();
          index++;
        }
      }
      int[] next = {0};
      int breakAt = 1 + random.nextInt(25);
      return new ResumableStream.EventSource() {
        @Override
        public Optional<StreamEvent> poll(Duration wait) {
          if (next[0] == breakAt || next[0] == rest.size()) {
            throw BREAK;
          }
          return Optional.of(rest.get(next[0]++));
        }

        @Override
        public void close() {}
      };
    }
  }
}
