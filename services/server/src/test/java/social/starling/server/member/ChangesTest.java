package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static social.starling.server.member.Delivering.at;
import static social.starling.server.member.Delivering.batch;
import static social.starling.server.member.Delivering.name;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Errors;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.ExpireAnswers;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.ChangesRequest;
import social.starling.proto.sync.v1.ExchangeGrpc;
import social.starling.proto.sync.v1.Follow;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Position;

/** What alpha hands out for beta, which has the number 2. */
@Timeout(60)
class ChangesTest {

  private static final int BETA = 2;

  @TempDir Path directory;

  /** A call that reads when the test wants it. */
  private static final class Reading implements ClientResponseObserver<ChangesRequest, Batch> {
    final BlockingQueue<Batch> batches = new LinkedBlockingQueue<>();
    final CompletableFuture<Status> ended = new CompletableFuture<>();
    ClientCallStreamObserver<ChangesRequest> call;
    Position end;

    Reading(Node node, Position after) {
      this(node, BETA, after);
    }

    Reading(Node node, int peer, Position after) {
      end = after;
      ExchangeGrpc.newStub(node.internalChannel)
          .changes(ChangesRequest.newBuilder().setPeer(peer).setAfter(after).build(), this);
    }

    Reading all() {
      call.request(Integer.MAX_VALUE);
      return this;
    }

    /** The next one that is more than "seen"; they must chain. */
    Batch next() throws InterruptedException {
      while (true) {
        Batch batch = batches.poll(20, TimeUnit.SECONDS);
        assertThat(batch).as("a batch; the call ended with %s", ended).isNotNull();
        assertThat(batch.getAfter()).isEqualTo(end);
        if (batch.hasUpTo()) {
          end = batch.getUpTo();
          return batch;
        }
      }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ChangesRequest> requestStream) {
      call = requestStream;
      call.disableAutoRequestWithInitial(0);
    }

    @Override
    public void onNext(Batch batch) {
      batches.add(batch);
    }

    @Override
    public void onError(Throwable problem) {
      ended.complete(Status.fromThrowable(problem));
    }

    @Override
    public void onCompleted() {
      ended.complete(Status.OK);
    }
  }

  /** Alice lives here, and bob in beta follows her. */
  private Node followed(Pair pair) throws InterruptedException {
    Node node = pair.start(1);
    pair.login("alice");
    Delivering.open(node, BETA)
        .say(
            batch(0, 1)
                .addItems(name("bob"))
                .addItems(
                    Item.newBuilder()
                        .setFollow(Follow.newBuilder().setFollower("bob").setAuthor("alice")))
                .build())
        .awaitCursor(1);
    return node;
  }

  @Test
  void whatAPeerNeedsComesInOrderAndEachPostEndsABatch() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = followed(pair);
      Reading reading = new Reading(node, at(0)).all();
      assertThat(reading.next().getItemsList()).containsExactly(name("alice"));

      for (int i = 0; i < 20; i++) {
        String text = "post " + i;
        pair.post("alice", text);
        Batch batch = reading.next();
        assertThat(batch.getItemsList()).hasSize(1);
        assertThat(batch.getItems(0).getPost().getText()).isEqualTo(text);
      }
      assertThat(reading.end.getIndex()).isEqualTo(node.member.state().appliedIndex());
      // From where this one stood, another goes on with what is new only.
      pair.post("alice", "last");
      assertThat(new Reading(node, reading.end).all().next().getItems(0).getPost().getText())
          .isEqualTo("last");
    }
  }

  @Test
  void aReaderThatDoesNotReadCostsNoMemoryAndMissesNothing() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = followed(pair);
      Reading reading = new Reading(node, at(0));
      int posts = 1_200;
      for (int i = 0; i < posts; i++) {
        pair.post("alice", "%05d".formatted(i) + "x".repeat(4_900));
      }

      // What gRPC takes before it says that it is enough: its window, of 6 MB.
      double sent = node.metric("starling.exchange.sent.bytes");
      assertThat(sent).isLessThan(2 << 20);
      await()
          .during(Duration.ofMillis(300))
          .until(() -> node.metric("starling.exchange.sent.bytes") == sent);

      reading.all();
      List<Integer> read = new ArrayList<>();
      while (read.size() < posts) {
        // The first post may share the batch of alice's name.
        for (Item item : reading.next().getItemsList()) {
          if (item.hasPost()) {
            read.add(Integer.parseInt(item.getPost().getText().substring(0, 5)));
          }
        }
      }
      assertThat(read).isEqualTo(IntStream.range(0, posts).boxed().toList());
    }
  }

  @Test
  void manyNamesShareBatchesOfABoundedSize() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      for (int i = 0; i < 600; i++) {
        pair.login("user" + i);
      }

      Reading reading = new Reading(node, at(0)).all();

      List<String> names = new ArrayList<>();
      int batches = 0;
      while (names.size() < 600) {
        Batch batch = reading.next();
        batches++;
        assertThat(batch.getItemsCount()).isBetween(1, 500);
        batch.getItemsList().forEach(each -> names.add(each.getName().getName()));
      }
      assertThat(names).isEqualTo(IntStream.range(0, 600).mapToObj(i -> "user" + i).toList());
      assertThat(batches).isLessThan(10);
    }
  }

  @Test
  void anIdlePeerHearsEachSecondThatThereIsNothing() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = followed(pair);
      Reading reading = new Reading(node, at(0)).all();
      reading.next();
      long began = System.nanoTime();
      for (int i = 0; i < 3; i++) {
        Batch batch = reading.batches.poll(5, TimeUnit.SECONDS);
        assertThat(batch).isNotNull();
        assertThat(batch.hasUpTo()).isFalse();
        assertThat(batch.getSeen()).isEqualTo(node.member.state().appliedIndex());
      }
      assertThat(Duration.ofNanos(System.nanoTime() - began))
          .isBetween(Duration.ofMillis(1_900), Duration.ofSeconds(5));
    }
  }

  @Test
  void whatIsNotForThePeerIsToldAtMostTenTimesASecond() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.login("carol");
      Reading reading = new Reading(node, at(0)).all();
      reading.next();
      long began = System.nanoTime();
      while (System.nanoTime() - began < TimeUnit.MILLISECONDS.toNanos(1_500)) {
        pair.post("carol", "for nobody");
      }
      long last = node.member.state().appliedIndex();
      await()
          .atMost(Pair.SOON)
          .until(() -> reading.batches.stream().anyMatch(each -> each.getSeen() == last));

      assertThat(reading.batches).hasSizeBetween(5, 25).allMatch(each -> !each.hasUpTo());
    }
  }

  @Test
  void theCursorFollowsAfterManyEntriesThatWereNotForThePeer() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.login("carol");
      Reading reading = new Reading(node, at(0)).all();
      reading.next();
      Request nothing =
          Request.newBuilder()
              .setExpireAnswers(ExpireAnswers.newBuilder().setBeforeMillis(1))
              .build();
      for (int round = 0; round < 9; round++) {
        List<CompletableFuture<Answer>> answers =
            IntStream.range(0, 8_000).mapToObj(_ -> node.member.submit(nothing)).toList();
        for (CompletableFuture<Answer> each : answers) {
          each.get(20, TimeUnit.SECONDS);
        }
      }

      Batch skip = reading.next();

      assertThat(skip.getItemsList()).isEmpty();
      assertThat(skip.getUpTo().getIndex() - skip.getAfter().getIndex()).isGreaterThan(65_536);
      // Which the receiver takes.
      Delivering.open(node, BETA)
          .say(skip.toBuilder().setAfter(at(0)).build())
          .awaitCursor(skip.getUpTo().getIndex());
    }
  }

  @Test
  void aCallEndsWhenTheMemberServesNoLonger() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      Reading reading = new Reading(pair.node(1), at(0)).all();
      Delivering delivering = Delivering.open(pair.node(1), BETA);

      assertThat(pair.node(1).member.handover(Duration.ofSeconds(3))).isEmpty();

      for (CompletableFuture<Status> each : List.of(reading.ended, delivering.ended)) {
        assertThat(each.get(5, TimeUnit.SECONDS).getCode())
            .isIn(Code.UNAVAILABLE, Code.FAILED_PRECONDITION);
      }
      await()
          .atMost(Pair.SOON)
          .until(() ->
              pair.node(1).metric("starling.exchange.changes")
                      + pair.node(1).metric("starling.exchange.deliveries")
                  == 0);
    }
  }

  @Test
  void aPositionThatTheClusterNeverReachedIsRefused() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      for (Position position :
          List.of(at(1L << 40), at(-1), Position.newBuilder().setWithin(-1).build())) {
        refused(new Reading(node, position).all(), Code.INVALID_ARGUMENT);
      }
      for (int peer : new int[] {pair.number, 1024, -1}) {
        refused(new Reading(node, peer, at(0)).all(), Code.INVALID_ARGUMENT);
      }
    }
  }

  @Test
  void theSlaveSendsAReaderToTheMaster() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      assertThatThrownBy(() ->
              ExchangeGrpc.newBlockingStub(pair.node(2).internalChannel)
                  .changes(ChangesRequest.newBuilder().setPeer(BETA).build())
                  .next())
          .isInstanceOf(StatusRuntimeException.class)
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.NOT_MASTER));
    }
  }

  @Test
  void onlySoManyCallsAreOpen() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      List<Reading> many = new ArrayList<>();
      for (int i = 0; i < 256; i++) {
        many.add(new Reading(node, at(0)));
      }
      await().atMost(Pair.SOON).until(() -> node.metric("starling.exchange.changes") == 256);

      refused(new Reading(node, at(0)).all(), Code.RESOURCE_EXHAUSTED);

      many.forEach(each -> each.call.cancel("enough", null));
      await().atMost(Pair.SOON).until(() -> node.metric("starling.exchange.changes") == 0);
    }
  }

  private static void refused(Reading reading, Code code) throws Exception {
    Status end = reading.ended.get(20, TimeUnit.SECONDS);
    assertThat(end.getCode()).isEqualTo(code);
    assertThat(end.getDescription()).isNotBlank();
  }
}
