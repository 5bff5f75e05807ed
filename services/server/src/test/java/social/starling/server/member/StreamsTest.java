package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.ListUsersRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;
import social.starling.proto.sns.v1.User;
import social.starling.proto.sns.v1.WriteId;

@Timeout(60)
class StreamsTest {

  @TempDir Path directory;

  /** What came on one stream, until it ended. */
  private static final class Reader implements AutoCloseable {
    final BlockingQueue<StreamEvent> events = new LinkedBlockingQueue<>();
    final Context.CancellableContext context = Context.current().withCancellation();
    volatile StatusRuntimeException ended;

    Reader(Node node, String user, StreamRequest request) {
      Thread.ofVirtual()
          .start(
              context.wrap(() -> {
                try {
                  Iterator<StreamEvent> all = node.as(user).stream(request);
                  all.forEachRemaining(events::add);
                } catch (StatusRuntimeException e) {
                  ended = e;
                }
              }));
    }

    StreamEvent next() throws InterruptedException {
      StreamEvent event = events.poll(20, TimeUnit.SECONDS);
      assertThat(event).as("an event; the stream ended with %s", ended).isNotNull();
      return event;
    }

    StreamEvent post() throws InterruptedException {
      StreamEvent event = next();
      while (!event.hasPost()) {
        event = next();
      }
      return event;
    }

    @Override
    public void close() {
      context.cancel(null);
    }
  }

  private static void follow(Pair pair, String user, String name) {
    WriteId write = pair.nextWrite();
    pair.call(
        user,
        stub -> stub.follow(FollowRequest.newBuilder().setWrite(write).setName(name).build()));
  }

  private static void twoUsers(Pair pair) {
    pair.login("alice");
    pair.login("bob");
    follow(pair, "bob", "alice");
  }

  @Test
  void theBacklogComesFirstAndThenEachPostAtOnce() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      twoUsers(pair);
      pair.post("alice", "one");
      pair.post("alice", "two");
      pair.post("alice", "three");
      try (Reader reader =
          new Reader(pair.node(1), "bob", StreamRequest.newBuilder().setBacklog(2).build())) {
        assertThat(reader.next().getPost().getText()).isEqualTo("two");
        assertThat(reader.next().getPost().getText()).isEqualTo("three");
        assertThat(reader.next().hasBacklogEnd()).isTrue();
        List<Long> micros = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
          pair.post("alice", "live " + i);
          long acknowledged = System.nanoTime();
          assertThat(reader.post().getPost().getText()).isEqualTo("live " + i);
          micros.add((System.nanoTime() - acknowledged) / 1_000);
        }
        micros.sort(null);
        System.out.println("post acknowledged -> on the stream, median µs: " + micros.get(25));
        // Polling of any kind would show in the median.
        assertThat(micros.get(25)).isLessThan(20_000);
      }
    }
  }

  @Test
  void aStreamGoesOnAtTheOtherMemberWithoutGapOrRepeat() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      twoUsers(pair);
      List<String> seen = new ArrayList<>();
      long cursor;
      try (Reader reader =
          new Reader(pair.node(1), "bob", StreamRequest.newBuilder().setBacklog(0).build())) {
        assertThat(reader.next().hasBacklogEnd()).isTrue();
        pair.post("alice", "one");
        StreamEvent event = reader.post();
        seen.add(event.getPost().getText());
        cursor = event.getCursor();
      }
      pair.post("alice", "two");
      pair.node(1).kill();
      pair.post("alice", "three");
      try (Reader reader =
          new Reader(pair.master(), "bob", StreamRequest.newBuilder().setCursor(cursor).build())) {
        seen.add(reader.post().getPost().getText());
        seen.add(reader.post().getPost().getText());
        pair.post("alice", "four");
        seen.add(reader.post().getPost().getText());
      }
      assertThat(seen).containsExactly("one", "two", "three", "four");
    }
  }

  @Test
  void aHandoverEndsStreamsAtOnceSoThatClientsGoOnElsewhere() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      twoUsers(pair);
      try (Reader reader =
          new Reader(pair.node(1), "bob", StreamRequest.newBuilder().setBacklog(0).build())) {
        reader.next();
        assertThat(pair.node(1).member.handover(Duration.ofSeconds(3))).isEmpty();

        await()
            .atMost(Duration.ofMillis(900))
            .pollInterval(Duration.ofMillis(2))
            .until(() -> reader.ended != null);
        assertThat(Errors.reason(reader.ended))
            .hasValueSatisfying(
                reason -> assertThat(reason).isIn(Reason.NOT_MASTER, Reason.NOT_READY));
        await().atMost(Pair.SOON).until(() -> pair.node(1).streams.size() == 0);
      }
    }
  }

  @Test
  void aStreamThatIsCancelledLeavesNothing() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      twoUsers(pair);
      Reader reader = new Reader(pair.node(1), "bob", StreamRequest.getDefaultInstance());
      reader.next();
      assertThat(active(pair)).containsExactly("bob");

      reader.close();

      await().atMost(Pair.SOON).until(() -> pair.node(1).streams.size() == 0);
      assertThat(active(pair)).isEmpty();
      assertThat(pair.node(1).presence.activeUsers()).isZero();
    }
  }

  @Test
  void whoeverAttendsIsActiveUntilTheSessionEnds() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      twoUsers(pair);
      Context.CancellableContext context = Context.current().withCancellation();
      Iterator<AttendEvent> attendance =
          context.call(() -> pair.node(1).as("alice").attend(AttendRequest.getDefaultInstance()));
      attendance.next();
      assertThat(active(pair)).containsExactly("alice");
      context.cancel(null);
      await().atMost(Pair.SOON).until(() -> active(pair).isEmpty());

      Iterator<AttendEvent> another =
          pair.node(1).as("alice").attend(AttendRequest.getDefaultInstance());
      another.next();
      assertThat(pair.node(1).member.handover(Duration.ofSeconds(3))).isEmpty();
      await().atMost(Pair.SOON).until(() -> pair.node(1).presence.activeUsers() == 0);
    }
  }

  private static List<String> active(Pair pair) {
    return pair
        .call("bob", stub -> stub.listUsers(ListUsersRequest.getDefaultInstance()))
        .getUsersList()
        .stream()
        .filter(User::getActive)
        .map(User::getName)
        .toList();
  }
}
