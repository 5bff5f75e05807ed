package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sync.v1.Item;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;

/** What batches of another cluster do to a state, and what they cannot do. */
class ReceivedTest {

  private static final int PEER = 7;

  private final Entries entries = new Entries();
  private final State state = Entries.state();
  private long upTo;

  private Answer apply(Entry entry) {
    return state.apply(entry).answer();
  }

  private void receive(Item... items) {
    Position after = state.cursor(PEER);
    assertThat(apply(entries.received(PEER, after, new Position(++upTo, 0), items)))
        .isEqualTo(Answer.getDefaultInstance());
  }

  private List<String> streamed(String user) {
    return state.streamSince(user, 0, 99).orElseThrow().posts().stream()
        .map(streamed -> streamed.post().getText())
        .toList();
  }

  @Test
  void usersOfAnotherClusterAreListedButLiveThere() {
    apply(entries.login("alice"));
    receive(Items.name("Zoe"), Items.name("yan"));

    assertThat(state.users("", 9)).containsExactly("alice", "yan", "Zoe");
    assertThat(state.home("ALICE")).isEqualTo(OptionalInt.of(State.LOCAL));
    assertThat(state.home("zoe")).isEqualTo(OptionalInt.of(PEER));
    assertThat(state.home("nobody")).isEmpty();
    assertThat(state.userCount()).isEqualTo(3);
    assertThat(state.localUserCount()).isEqualTo(1);
  }

  @Test
  void aNameThatIsTakenStaysWhereItIs() {
    apply(entries.login("alice"));
    receive(Items.name("ALICE"), Items.name("zoe"), Items.name("ZOE"));
    apply(entries.received(8, Position.ZERO, new Position(1, 0), Items.name("zoe")));

    assertThat(state.users("", 9)).containsExactly("alice", "zoe");
    assertThat(state.home("alice")).hasValue(State.LOCAL);
    assertThat(state.home("zoe")).hasValue(PEER);
  }

  @Test
  void whoLivesElsewhereCanDoNothingHereAndIsToldEachTime() {
    receive(Items.name("zoe"));
    apply(entries.login("alice"));
    for (Entry entry :
        List.of(
            entries.login("Zoe"),
            entries.post("zoe", "x"),
            entries.follow("zoe", "alice"),
            entries.unfollow("zoe", "alice"),
            entries.delete("zoe", 1))) {
      Applied applied = state.apply(entry);
      assertThat(applied.answer().getReason()).isEqualTo("WRONG_CLUSTER");
      // Not recorded: a retry is looked at again.
      assertThat(applied.change().effects()).isEmpty();
      assertThat(state.lookup(entry.requestId(), Requests.parse(entry))).isEmpty();
    }
  }

  @Test
  void aPostOfAnotherClusterHasItsTimeAndIdAndTheIndexOfItsArrival() {
    apply(entries.login("alice"));
    receive(Items.name("zoe"));
    apply(entries.follow("alice", "zoe", 5));
    AtomicInteger woken = new AtomicInteger();
    assertThat(state.watch("alice", woken::incrementAndGet)).isPresent();
    receive(Items.post("zoe", 1000, "from far away\n"));

    State.Streamed streamed = state.streamSince("alice", 0, 9).orElseThrow().posts().getFirst();
    assertThat(streamed.index()).isEqualTo(state.appliedIndex());
    assertThat(streamed.post())
        .isEqualTo(
            Post.newBuilder()
                .setId(1000)
                .setAuthor("zoe")
                .setTimeMillis(Entries.START + 1000)
                .setText("from far away\n")
                .build());
    assertThat(state.timeline("alice", 0, 0, 9).orElseThrow().posts())
        .containsExactly(streamed.post());
    assertThat(woken).hasValue(1);
  }

  @Test
  void idsOfOtherClustersMayBeOlderOrNewerThanThoseOfThisOne() {
    apply(entries.login("alice"));
    apply(entries.login("bob"));
    receive(Items.name("zoe"));
    apply(entries.follow("alice", "zoe"));
    apply(entries.follow("alice", "bob"));
    receive(Items.post("zoe", Long.MAX_VALUE, "of the future"));
    long first = apply(entries.post("bob", "one")).getPostId();
    long second = apply(entries.post("bob", "two")).getPostId();
    receive(Items.name("yan"));
    apply(entries.follow("alice", "yan"));
    receive(Items.post("yan", 3, "of the past"));

    assertThat(streamed("alice")).containsExactly("of the future", "one", "two", "of the past");
    assertThat(state.timeline("alice", 0, 0, 9).orElseThrow().posts())
        .extracting(Post::getText)
        .containsExactly("of the future", "two", "one", "of the past");
    assertThat(state.timeline("alice", second, 3, 9).orElseThrow().posts())
        .extracting(Post::getText)
        .containsExactly("one");
    assertThat(apply(entries.delete("bob", first)).getReason()).isEmpty();
    assertThat(apply(entries.delete("alice", second)).getReason()).isEqualTo("NOT_AUTHOR");
    assertThat(apply(entries.delete("alice", 3)).getReason()).isEqualTo("POST_UNKNOWN");
    assertThat(streamed("alice")).containsExactly("of the future", "two", "of the past");
  }

  @Test
  void aPostThatIsBroughtBackAgainIsKnownByItsId() {
    receive(Items.name("zoe"));
    for (long id : List.of(10L, 20L, 10L, 20L, 15L, 30L)) {
      receive(Items.post("zoe", id, "post " + id));
    }
    assertThat(state.posts("zoe", 0, 0, 9).orElseThrow())
        .extracting(Post::getId)
        .containsExactly(30L, 20L, 10L);
  }

  @Test
  void aDeletionTakesThePostAwayAndOneOfAnUnknownPostDoesNothing() {
    apply(entries.login("alice"));
    receive(Items.name("zoe"), Items.name("yan"));
    apply(entries.follow("alice", "zoe"));
    receive(Items.post("zoe", 10, "goes"));
    receive(Items.post("zoe", 20, "stays"));
    receive(
        Items.deletion("yan", 20),
        Items.deletion("zoe", 15),
        Items.deletion("zoe", 10),
        Items.deletion("zoe", 10),
        Items.deletion("nobody", 10));

    assertThat(streamed("alice")).containsExactly("stays");
    receive(Items.post("zoe", 10, "goes"));
    assertThat(streamed("alice")).containsExactly("stays");
  }

  @Test
  void aClusterSpeaksForItsOwnUsersOnly() {
    apply(entries.login("alice"));
    apply(entries.login("bob"));
    long own = apply(entries.post("alice", "own")).getPostId();
    receive(Items.name("zoe"));
    apply(entries.received(8, Position.ZERO, new Position(1, 0), Items.name("yan")));

    int at = 0;
    for (Item item :
        List.of(
            Items.post("alice", Long.MAX_VALUE, "forged"),
            Items.deletion("alice", own),
            Items.follow("bob", "alice", 0),
            Items.follow("yan", "alice", 0),
            Items.follow("zoe", "yan", 0),
            Items.follow("zoe", "nobody", 0),
            Items.unfollow("zoe", "alice"),
            Items.post("yan", 5, "forged"))) {
      List<Effect> effects =
          state
              .apply(entries.received(PEER, state.cursor(PEER), new Position(upTo + ++at, 0), item))
              .change()
              .effects();
      assertThat(effects).singleElement().isInstanceOf(Effect.CursorMoved.class);
    }
    assertThat(state.posts("alice", 0, 0, 9).orElseThrow()).hasSize(1);
  }

  @Test
  void followersOfOtherClustersAreListed() {
    apply(entries.login("alice"));
    receive(Items.name("zoe"), Items.name("yan"));
    receive(Items.follow("ZOE", "Alice", 0), Items.follow("yan", "alice", 0));
    receive(Items.follow("zoe", "alice", 0));
    assertThat(state.followers("alice", "", 9)).contains(List.of("yan", "zoe"));

    receive(Items.unfollow("zoe", "alice"), Items.unfollow("zoe", "alice"));
    assertThat(state.followers("alice", "", 9)).contains(List.of("yan"));
  }

  @Test
  void aBatchThatDoesNotBeginAtTheCursorDoesNothing() {
    receive(Items.name("zoe"));
    Position cursor = state.cursor(PEER);
    Change.Totals before = state.totals();
    for (Position after :
        List.of(Position.ZERO, new Position(0, 9), new Position(1, 1), new Position(2, 0))) {
      Applied applied =
          state.apply(entries.received(PEER, after, new Position(9, 0), Items.name("late")));
      assertThat(applied.answer().getReason()).isEqualTo("NOT_READY");
      assertThat(applied.change().effects()).isEmpty();
    }
    assertThat(state.totals()).isEqualTo(before);
    assertThat(state.cursor(PEER)).isEqualTo(cursor);
    assertThat(state.exists("late")).isFalse();
    assertThat(state.cursor(8)).isEqualTo(Position.ZERO);
  }

  @Test
  void aBatchThatCannotBeIsRefusedWholeAndStopsNobody() {
    receive(Items.name("zoe"));
    Position end = new Position(9, 0);
    Map<String, Received.Builder> bad = new HashMap<>();
    bad.putAll(
        Map.of(
            "no cluster has the number 1024", batch(end).setCluster(1024),
            "it ends at 1, not after 1", batch(state.cursor(PEER)),
            "a position is out of range", batch(new Position(-1, 0)),
            "item 2: \"../x\" is no name", batch(end, Items.name("ok"), Items.name("../x")),
            "item 1: a position is", batch(end, Items.follow("zoe", "zoe", -1)),
            "item 1: a post is not the last",
                batch(end, Items.post("zoe", 1, "x"), Items.name("ok")),
            "item 1: a post is 1 to 5000 bytes, not 0", batch(end, Items.post("zoe", 1, "")),
            "item 1: no post has the id", batch(end, Items.post("zoe", -1, "x")),
            "item 1: no post was made at", batch(end, untimely()),
            "more than 500 items", batch(end, names(501))));
    bad.put("item 1: this version does not know what it is", batch(end, Item.getDefaultInstance()));
    Change.Totals before = state.totals();
    bad.forEach((why, batch) -> {
      Applied applied = state.apply(entries.received(batch));
      assertThat(applied.answer().getReason()).isEqualTo("INVALID_REQUEST");
      assertThat(applied.answer().getMessage()).contains(why);
      assertThat(applied.change().effects()).isEmpty();
      assertThat(State.defect(batch.build()).orElseThrow()).contains(why);
    });
    assertThat(state.totals()).isEqualTo(before);
    receive(names(500));
  }

  @Test
  void anItemThatANewerVersionMayKnowStopsTheMember() {
    Item unknown =
        Item.newBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        99,
                        UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(ByteString.EMPTY)
                            .build())
                    .build())
            .build();
    Received.Builder batch = batch(new Position(1, 0), Items.name("zoe"), unknown);

    assertThat(State.defect(batch.build())).isPresent();
    assertThatExceptionOfType(UnappliableException.class)
        .isThrownBy(() -> state.apply(entries.received(batch)))
        .withMessageContaining("does not know");
    assertThat(state.exists("zoe")).isFalse();
  }

  @Test
  void noClientCanSendABatch() {
    Entry entry =
        entries.next(
            new RequestId(Entries.client(Entries.START), 1),
            request -> request.setReceived(batch(new Position(1, 0), Items.name("zoe"))));
    assertThat(apply(entry).getReason()).isEqualTo("INVALID_REQUEST");
    assertThat(state.exists("zoe")).isFalse();
  }

  @Test
  void aFollowIsTheSameRequestWhateverPositionTheMasterFilledIn() {
    apply(entries.login("alice"));
    receive(Items.name("zoe"));
    RequestId write = new RequestId(Entries.client(Entries.START), 50);
    byte[] first = new Entries().follow("alice", "zoe", 3).request();
    byte[] again = new Entries().follow("alice", "zoe", 8).request();

    assertThat(apply(entries.next(write, first)).getReason()).isEmpty();
    assertThat(apply(entries.next(write, again))).isEqualTo(Answer.getDefaultInstance());
  }

  private Received.Builder batch(Position end, Item... items) {
    return Received.newBuilder()
        .setCluster(PEER)
        .setAfter(state.cursor(PEER).message())
        .setUpTo(end.message())
        .addAllItems(List.of(items));
  }

  private static Item untimely() {
    Item.Builder item = Items.post("zoe", 1, "x").toBuilder();
    item.getPostBuilder().setTimeMillis(Long.MAX_VALUE);
    return item.build();
  }

  private static Item[] names(int count) {
    Item[] names = new Item[count];
    for (int i = 0; i < count; i++) {
      names[i] = Items.name("name" + i);
    }
    return names;
  }
}
