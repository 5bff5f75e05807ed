package social.starling.server.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Follow;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Name;
import social.starling.proto.sync.v1.Post;
import social.starling.replication.Ids;
import social.starling.server.state.Outgoing;
import social.starling.server.state.Position;
import social.starling.server.state.State;

class BatchesTest {

  private static final int PEER = 3;
  private static final Position START = new Position(10, 4);

  private static Item name(int i) {
    return Item.newBuilder().setName(Name.newBuilder().setName("user" + i)).build();
  }

  private static Item post(long id, int bytes) {
    return Item.newBuilder()
        .setPost(
            Post.newBuilder()
                .setAuthor("alice")
                .setId(id)
                .setTimeMillis(1)
                .setText("x".repeat(bytes)))
        .build();
  }

  private static Outgoing.Step step(Item item, long index) {
    return new Outgoing.Step(item, new Position(index, 0));
  }

  private static Outgoing read(List<Outgoing.Step> steps, long reached) {
    return new Outgoing(steps, new Position(reached, 0), false);
  }

  @Test
  void aPostEndsItsBatch() {
    List<Batch> batches =
        Batches.cut(
            START,
            read(
                List.of(
                    step(name(1), 11),
                    step(post(1, 5), 12),
                    step(post(2, 5), 13),
                    step(name(2), 14)),
                20));

    assertThat(batches).extracting(Batch::getItemsCount).containsExactly(2, 1, 1);
    assertThat(batches)
        .extracting(each -> each.getUpTo().getIndex())
        .containsExactly(12L, 13L, 20L);
    assertThat(batches.getFirst().getAfter()).isEqualTo(START.message());
  }

  @Test
  void theLastBatchGoesAsFarAsWasReadAndSaysSo() {
    List<Batch> batches = Batches.cut(START, read(List.of(step(post(1, 5), 12)), 40));

    assertThat(batches).hasSize(1);
    assertThat(batches.getFirst().getUpTo()).isEqualTo(new Position(40, 0).message());
    assertThat(batches.getFirst().getSeen()).isEqualTo(40);
  }

  @Test
  void whateverIsReadBecomesBatchesThatChainAndThatTheReceiverTakes() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      List<Outgoing.Step> steps = new ArrayList<>();
      long index = START.index();
      long id = Ids.next(0, 1_800_000_000_000L, PEER);
      int count = 1 + random.nextInt(2_000);
      int postsInHundred = random.nextInt(20);
      for (int i = 0; i < count; i++) {
        index += 1 + random.nextInt(3);
        id = Ids.next(id, 1_800_000_000_000L, PEER);
        steps.add(
            step(
                random.nextInt(100) < postsInHundred
                    ? post(id, 1 + random.nextInt(State.MAX_BATCH_BYTES / 60))
                    : random.nextBoolean() ? name(i) : longest(),
                index));
      }

      List<Batch> batches = Batches.cut(START, read(steps, index + random.nextInt(5)));

      Position end = START;
      List<Item> items = new ArrayList<>();
      for (Batch batch : batches) {
        assertThat(Position.of(batch.getAfter())).isEqualTo(end);
        assertThat(Batches.received(batch, PEER).getItemsList()).isEqualTo(batch.getItemsList());
        end = Position.of(batch.getUpTo());
        items.addAll(batch.getItemsList());
      }
      assertThat(items).isEqualTo(steps.stream().map(Outgoing.Step::item).toList());
      assertThat(end.index()).isGreaterThanOrEqualTo(index);
    }
  }

  private static Item longest() {
    return Item.newBuilder()
        .setFollow(
            Follow.newBuilder()
                .setFollower("f".repeat(30))
                .setAuthor("a".repeat(30))
                .setPosition(Long.MAX_VALUE))
        .build();
  }
}
