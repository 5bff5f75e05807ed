package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static social.starling.server.member.Delivering.at;
import static social.starling.server.member.Delivering.batch;
import static social.starling.server.member.Delivering.name;

import io.grpc.Status;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Deletion;
import social.starling.proto.sync.v1.Follow;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Position;
import social.starling.proto.sync.v1.Post;
import social.starling.replication.Ids;

/** What a peer may hand over: beta, with the number 2, to alpha. */
@Timeout(60)
class DeliverTest {

  private static final int BETA = 2;

  @TempDir Path directory;

  private static boolean knows(Node node, String name) {
    return node.member.state().exists(name);
  }

  @Test
  void theCursorIsAnsweredFirstAndAgainWhenABatchTookEffect() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      Delivering delivering = Delivering.open(node).peer(BETA);
      assertThat(delivering.cursor()).isEqualTo(at(0));

      delivering.say(batch(0, 7).addItems(name("bob")).build());
      delivering.awaitCursor(7);
      assertThat(knows(node, "bob")).isTrue();
      delivering.out.onCompleted();
      assertThat(delivering.end().getCode()).isEqualTo(Code.OK);

      assertThat(Delivering.open(node).peer(BETA).cursor()).isEqualTo(at(7));
    }
  }

  @Test
  void aBatchThatDoesNotBeginAtTheCursorEndsTheCallAndChangesNothing() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      Delivering first = Delivering.open(node, BETA);
      first.say(batch(0, 7).addItems(name("bob")).build());
      first.awaitCursor(7);

      for (Batch late :
          List.of(
              batch(0, 7).addItems(name("bob")).build(),
              batch(9, 12).addItems(name("eve")).build())) {
        Delivering delivering = Delivering.open(node, BETA);
        Status end = delivering.say(late).end();
        assertThat(end.getCode()).isEqualTo(Code.ABORTED);
        assertThat(end.getDescription()).contains("begin again");
      }
      assertThat(knows(node, "eve")).isFalse();
      assertThat(node.metric("starling.exchange.aborted")).isEqualTo(2);
      Delivering.open(node, BETA).say(batch(7, 8).addItems(name("joe")).build()).awaitCursor(8);
    }
  }

  @Test
  void seenCountsOnceEverythingBeforeItIsApplied() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      Delivering delivering = Delivering.open(node, BETA);

      delivering.say(batch(0, 7).addItems(name("bob")).setSeen(20).build());
      delivering.say(Batch.newBuilder().setAfter(at(7)).setSeen(30).build());

      await().atMost(Pair.SOON).until(() -> node.exchange.position(BETA) == 30);
      assertThat(knows(node, "bob")).isTrue();
      assertThat(node.member.state().cursor(BETA).index()).isEqualTo(7);
      // One that did not begin where the last ended would say nothing about what lies between.
      Status end = delivering.say(Batch.newBuilder().setAfter(at(8)).setSeen(99).build()).end();
      assertThat(end.getCode()).isEqualTo(Code.ABORTED);
      assertThat(node.exchange.position(BETA)).isEqualTo(30);
    }
  }

  @Test
  void malformedOversizedAndForeignBatchesAreRefusedAndTheMemberGoesOn() throws Exception {
    long own = Ids.next(0, System.currentTimeMillis(), 1);
    Batch.Builder tooMany = batch(0, 1);
    for (int i = 0; i < 501; i++) {
      tooMany.addItems(name("user" + i));
    }
    Batch.Builder tooLarge = batch(0, 1);
    for (int i = 0; i < 500; i++) {
      tooLarge.addItems(name("x".repeat(600)));
    }
    Item post = post("bob", Ids.next(0, System.currentTimeMillis(), BETA), "hi");
    List<Batch> bad =
        List.of(
            Batch.getDefaultInstance(),
            Batch.newBuilder().setUpTo(at(1)).build(),
            batch(1, 1).build(),
            batch(2, 1).build(),
            Batch.newBuilder().setAfter(at(0)).addItems(name("bob")).build(),
            Batch.newBuilder().setAfter(at(0)).setSeen(-1).build(),
            batch(0, -1).build(),
            Batch.newBuilder()
                .setAfter(at(0))
                .setUpTo(Position.newBuilder().setIndex(1).setWithin(-1))
                .build(),
            batch(0, 1).addItems(Item.getDefaultInstance()).build(),
            batch(0, 1).addItems(name("not a name")).build(),
            batch(0, 1).addItems(name("")).build(),
            batch(0, 1)
                .addItems(
                    Item.newBuilder()
                        .setFollow(
                            Follow.newBuilder()
                                .setFollower("bob")
                                .setAuthor("alice")
                                .setPosition(-1)))
                .build(),
            batch(0, 1).addItems(post).addItems(name("bob")).build(),
            batch(0, 1).addItems(post).addItems(post).build(),
            batch(0, 1).addItems(post("bob", own, "hi")).build(),
            batch(0, 1).addItems(post("bob", 0, "hi")).build(),
            batch(0, 1).addItems(post("bob", post.getPost().getId(), "")).build(),
            batch(0, 1).addItems(post("bob", post.getPost().getId(), "é".repeat(2_501))).build(),
            batch(0, 1)
                .addItems(
                    Item.newBuilder()
                        .setDeletion(Deletion.newBuilder().setAuthor("bob").setId(own)))
                .build(),
            tooMany.build(),
            tooLarge.build());
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);

      for (Batch each : bad) {
        Status end = Delivering.open(node, BETA).say(each).end();
        assertThat(end.getCode()).as("%s", each).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(end.getDescription()).startsWith("the batch is refused: ");
      }
      assertThat(node.metric("starling.exchange.refused")).isEqualTo(bad.size());
      Batch huge = batch(0, 1).addItems(name("x".repeat(17 << 20))).build();
      // Beyond what the port reads at all: gRPC says so in one of two ways.
      assertThat(Delivering.open(node, BETA).say(huge).end().getCode())
          .isIn(Code.RESOURCE_EXHAUSTED, Code.CANCELLED);

      assertThat(node.member.state().cursor(BETA).index()).isZero();
      Delivering.open(node, BETA)
          .say(batch(0, 1).addItems(name("bob")).addItems(post).build())
          .awaitCursor(1);
      pair.login("alice");
    }
  }

  private static Item post(String author, long id, String text) {
    return Item.newBuilder()
        .setPost(Post.newBuilder().setAuthor(author).setId(id).setTimeMillis(1).setText(text))
        .build();
  }

  @Test
  void aCallThatBeginsWronglyIsRefused() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      List<Supplier<Delivering>> wrong = new ArrayList<>();
      wrong.add(() -> Delivering.open(node).say(batch(0, 1).build()));
      for (int peer : new int[] {pair.number, 1024, -1}) {
        wrong.add(() -> Delivering.open(node).peer(peer));
      }
      for (Supplier<Delivering> each : wrong) {
        Status end = each.get().end();
        assertThat(end.getCode()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(end.getDescription()).isNotBlank();
      }
      Status twice = Delivering.open(node, BETA).peer(BETA).end();
      assertThat(twice.getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    }
  }

  @Test
  void theSlaveSendsADeliveryToTheMaster() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      Status end = Delivering.open(pair.node(2)).peer(BETA).end();

      assertThat(end.getCode()).isEqualTo(Code.FAILED_PRECONDITION);
      assertThat(end.getDescription()).contains("not the master");
    }
  }

  @Test
  void ofTwoDeliveriesFromOnePeerTheNewerGoesOn() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      Delivering older = Delivering.open(node, BETA);
      older.say(batch(0, 5).addItems(name("bob")).build());
      older.awaitCursor(5);

      Delivering newer = Delivering.open(node).peer(BETA);

      assertThat(newer.cursor()).isEqualTo(at(5));
      assertThat(older.end().getCode()).isEqualTo(Code.ABORTED);
      assertThat(older.end().getDescription()).contains("newer call");
      newer.say(batch(5, 6).addItems(name("eve")).build()).awaitCursor(6);
      // Of another peer nothing changes.
      Delivering.open(node, 3).say(batch(0, 4).addItems(name("joe")).build()).awaitCursor(4);
      newer.say(batch(6, 7).addItems(name("ann")).build()).awaitCursor(7);
    }
  }

  @Test
  void aNewerDeliveryBeginsWhereTheOlderOneComesToAnEnd() throws Exception {
    ControlledDisk disk = new ControlledDisk();
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1, Node.Choice.normal().on(disk));
      pair.login("alice");
      Delivering older = Delivering.open(node, BETA);
      disk.hang();
      older.say(batch(0, 5).addItems(name("bob")).build());
      await().atMost(Pair.SOON).until(() -> node.metric("starling.exchange.in.flight") == 1);

      Delivering newer = Delivering.open(node).peer(BETA);
      assertThat(older.end().getCode()).isEqualTo(Code.ABORTED);
      disk.goOn();

      assertThat(newer.cursor()).isEqualTo(at(5));
      assertThat(knows(node, "bob")).isTrue();
    }
  }

  @Test
  void onlySoManyBatchesAreUnderWayToTheJournal() throws Exception {
    ControlledDisk disk = new ControlledDisk();
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1, Node.Choice.normal().on(disk));
      pair.login("alice");
      Delivering delivering = Delivering.open(node, BETA);
      disk.hang();
      for (int i = 0; i < 300; i++) {
        delivering.say(batch(i, i + 1).addItems(name("user" + i)).build());
      }

      underWay(node, 64);

      disk.goOn();
      delivering.awaitCursor(300);
      assertThat(node.member.state().userCount()).isEqualTo(301);
    }
  }

  @Test
  void onlySoManyBytesAreUnderWayToTheJournal() throws Exception {
    ControlledDisk disk = new ControlledDisk();
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1, Node.Choice.normal().on(disk));
      pair.login("alice");
      Delivering delivering = Delivering.open(node, BETA);
      Batch.Builder items = Batch.newBuilder();
      for (int i = 0; i < 500; i++) {
        items.addItems(
            Item.newBuilder()
                .setFollow(
                    Follow.newBuilder()
                        .setFollower("f".repeat(26) + "%04d".formatted(i))
                        .setAuthor("a".repeat(30))
                        .setPosition(Long.MAX_VALUE)));
      }
      int bytes = items.setAfter(at(0)).setUpTo(at(1)).build().getSerializedSize();
      disk.hang();
      for (int i = 0; i < 60; i++) {
        delivering.say(items.setAfter(at(i)).setUpTo(at(i + 1)).build());
      }

      underWay(node, (1 << 20) / bytes + 1);

      disk.goOn();
      delivering.awaitCursor(60);
    }
  }

  /** So many are, and it stays so. */
  private static void underWay(Node node, int count) {
    await().atMost(Pair.SOON).until(() -> node.metric("starling.exchange.in.flight") >= count);
    await()
        .during(Duration.ofMillis(300))
        .atMost(Duration.ofSeconds(5))
        .until(() -> node.metric("starling.exchange.in.flight") == count);
  }

  @Test
  void onlySoManyDeliveriesAreOpen() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);
      List<Delivering> many = new ArrayList<>();
      for (int i = 0; i < 256; i++) {
        many.add(Delivering.open(node, 100 + i));
      }

      Status refused = Delivering.open(node).peer(BETA).end();

      assertThat(refused.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
      many.getFirst().out.cancel("enough", null);
      await().atMost(Pair.SOON).until(() -> node.metric("starling.exchange.deliveries") == 255);
      Delivering.open(node, BETA).say(batch(0, 1).addItems(name("bob")).build()).awaitCursor(1);
    }
  }
}
