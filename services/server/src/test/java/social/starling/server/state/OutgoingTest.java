package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import social.starling.proto.sync.v1.Item;

/** What a state has for other clusters after a position. */
class OutgoingTest {

  private static final int PEER = 7;
  private static final int OTHER = 8;

  private final Entries entries = new Entries();
  private final State state = Entries.state();
  private final long[] upTo = new long[9];

  private long apply(social.starling.replication.Entry entry) {
    assertThat(state.apply(entry).answer().getReason()).isEmpty();
    return entry.index();
  }

  private long receive(int from, Item... items) {
    return apply(entries.received(from, state.cursor(from), new Position(++upTo[from], 0), items));
  }

  private long post(String author, String text) {
    return apply(entries.post(author, text));
  }

  /** Everything after a position, read so many at a time. */
  private List<String> read(int peer, Position after, int most) {
    List<String> items = new ArrayList<>();
    Position at = after;
    while (true) {
      Outgoing outgoing = state.outgoing(peer, at, most);
      assertThat(outgoing.steps().size()).isLessThanOrEqualTo(most);
      for (Outgoing.Step step : outgoing.steps()) {
        assertThat(step.upTo().compareTo(at)).isPositive();
        at = step.upTo();
        items.add(shown(step.item()));
      }
      assertThat(outgoing.reached().compareTo(at)).isNotNegative();
      at = outgoing.reached();
      if (!outgoing.more()) {
        assertThat(at).isEqualTo(new Position(state.appliedIndex(), 0));
        return items;
      }
    }
  }

  private List<String> read(int peer) {
    List<String> all = read(peer, Position.ZERO, 100);
    assertThat(read(peer, Position.ZERO, 1)).isEqualTo(all);
    return all;
  }

  private static String shown(Item item) {
    return switch (item.getItemCase()) {
      case NAME -> "name " + item.getName().getName();
      case FOLLOW ->
          "%s follows %s from %d"
              .formatted(
                  item.getFollow().getFollower(),
                  item.getFollow().getAuthor(),
                  item.getFollow().getPosition());
      case UNFOLLOW ->
          "%s unfollows %s"
              .formatted(item.getUnfollow().getFollower(), item.getUnfollow().getAuthor());
      case POST -> "%s: %s".formatted(item.getPost().getAuthor(), item.getPost().getText());
      case DELETION -> "%s deletes".formatted(item.getDeletion().getAuthor());
      case ITEM_NOT_SET -> "nothing";
    };
  }

  @Test
  void namesOfOwnUsersGoToEveryoneAndThoseOfOthersToNobody() {
    apply(entries.login("Alice"));
    receive(PEER, Items.name("zoe"));
    apply(entries.login("bob"));

    assertThat(read(PEER)).containsExactly("name Alice", "name bob");
    assertThat(read(OTHER)).containsExactly("name Alice", "name bob");
    assertThat(read(OTHER, new Position(1, 0), 9)).containsExactly("name bob");
  }

  @Test
  void postsGoToClustersThatFollowTheAuthorFromTheFollowOn() {
    apply(entries.login("alice"));
    apply(entries.login("bob"));
    post("alice", "before");
    receive(PEER, Items.name("zoe"), Items.follow("zoe", "alice", state.appliedIndex()));
    post("alice", "after");
    post("bob", "not followed");

    assertThat(read(PEER, new Position(3, 0), 9)).containsExactly("alice: after");
    assertThat(read(OTHER, new Position(3, 0), 9)).isEmpty();
  }

  @Test
  void postsBetweenThePositionOfTheFollowAndItsArrivalAreBroughtBackInOrder() {
    apply(entries.login("alice"));
    apply(entries.login("bob"));
    post("alice", "too old");
    long position = state.appliedIndex();
    post("bob", "b1");
    post("alice", "a1");
    long deleted = state.apply(entries.post("alice", "deleted")).answer().getPostId();
    post("bob", "b2");
    post("alice", "a2");
    apply(entries.delete("alice", deleted));
    long arrived =
        receive(
            PEER,
            Items.name("zoe"),
            Items.follow("zoe", "alice", position),
            Items.follow("zoe", "bob", position));
    post("alice", "a3");

    List<String> brought = List.of("bob: b1", "alice: a1", "bob: b2", "alice: a2", "alice: a3");
    assertThat(read(PEER).subList(2, 8))
        .containsExactly(
            "alice deletes", "bob: b1", "alice: a1", "bob: b2", "alice: a2", "alice: a3");
    assertThat(read(PEER, new Position(arrived - 1, 0), 2)).isEqualTo(brought);

    // Resumed within, by another reader.
    Outgoing part = state.outgoing(PEER, new Position(arrived - 1, 0), 2);
    assertThat(part.more()).isTrue();
    assertThat(part.reached()).isEqualTo(part.steps().getLast().upTo());
    assertThat(part.reached().index()).isEqualTo(arrived - 1);
    assertThat(read(PEER, part.reached(), 9)).isEqualTo(brought.subList(2, 5));
  }

  @Test
  void whoFollowsLaterChangesNothingAndTheLastWhoUnfollowsEndsIt() {
    apply(entries.login("alice"));
    receive(PEER, Items.name("zoe"), Items.name("yan"), Items.follow("zoe", "alice", 0));
    post("alice", "1");
    receive(PEER, Items.follow("yan", "alice", 2));
    receive(PEER, Items.unfollow("zoe", "alice"));
    post("alice", "2");
    Position then = new Position(state.appliedIndex(), 0);
    receive(PEER, Items.unfollow("yan", "alice"));
    post("alice", "3");
    assertThat(read(PEER)).containsExactly("name alice");

    long position = state.appliedIndex();
    post("alice", "4");
    receive(PEER, Items.follow("yan", "alice", position));
    post("alice", "5");
    assertThat(read(PEER, then, 9)).containsExactly("alice: 4", "alice: 5");
  }

  @Test
  void deletionsGoToEveryoneWhoMayHaveThePost() {
    apply(entries.login("alice"));
    long before = state.appliedIndex();
    receive(PEER, Items.name("zoe"), Items.follow("zoe", "alice", before));
    long id = state.apply(entries.post("alice", "sent")).answer().getPostId();
    Position sent = new Position(state.appliedIndex(), 0);
    receive(PEER, Items.unfollow("zoe", "alice"));
    apply(entries.delete("alice", id));

    // Nobody there follows alice, but the post is there.
    assertThat(read(PEER, sent, 9)).containsExactly("alice deletes");
    assertThat(read(OTHER, sent, 9)).isEmpty();
    assertThat(read(PEER)).containsExactly("name alice", "alice deletes");
    receive(PEER, Items.follow("zoe", "alice", state.appliedIndex()));
    assertThat(read(PEER, sent, 9)).containsExactly("alice deletes");
  }

  @Test
  void followsGoToTheAuthorsClusterAndOnlyTheLastWordOnEach() {
    apply(entries.login("alice"));
    apply(entries.login("bob"));
    receive(PEER, Items.name("zoe"));
    receive(OTHER, Items.name("yan"));
    apply(entries.follow("alice", "zoe", 11));
    apply(entries.follow("alice", "bob"));
    apply(entries.follow("alice", "yan", 12));
    assertThat(read(PEER).getLast()).isEqualTo("alice follows zoe from 11");
    assertThat(read(OTHER).getLast()).isEqualTo("alice follows yan from 12");

    apply(entries.unfollow("alice", "zoe"));
    apply(entries.follow("bob", "zoe", 13));
    assertThat(read(PEER).subList(2, 4))
        .containsExactly("alice unfollows zoe", "bob follows zoe from 13");
    apply(entries.follow("alice", "zoe", 14));
    assertThat(read(PEER).subList(2, 4))
        .containsExactly("bob follows zoe from 13", "alice follows zoe from 14");
    assertThat(read(OTHER)).hasSize(3);
  }

  @Test
  void theWorkOfOneCallIsBoundedAlsoWhereNothingIsFound() {
    apply(entries.login("alice"));
    for (int i = 0; i < 2 * OutgoingReader.MAX_SCANNED; i++) {
      state.apply(entries.post("alice", "x"));
    }
    Outgoing first = state.outgoing(PEER, new Position(1, 0), 9);
    assertThat(first.steps()).isEmpty();
    assertThat(first.more()).isTrue();
    assertThat(first.reached().index()).isEqualTo(1 + OutgoingReader.MAX_SCANNED);
    assertThat(read(PEER, first.reached(), 9)).isEmpty();
  }

  @Test
  void theBytesOfOneCallAreBounded() {
    apply(entries.login("alice"));
    receive(PEER, Items.name("zoe"), Items.follow("zoe", "alice", 1));
    for (int i = 0; i < 100; i++) {
      post("alice", "x".repeat(5000));
    }
    Outgoing first = state.outgoing(PEER, new Position(2, 0), 500);
    assertThat(first.more()).isTrue();
    assertThat(first.steps().stream().mapToInt(step -> step.item().getSerializedSize()).sum())
        .isBetween(State.MAX_BATCH_BYTES, State.MAX_BATCH_BYTES + 6000);
    assertThat(read(PEER, new Position(2, 0), 500)).hasSize(100);
  }

  @Test
  void aPositionThatIsNotReachedYetStaysAsItIs() {
    apply(entries.login("alice"));
    Position future = new Position(5, 3);
    assertThat(state.outgoing(PEER, future, 9)).isEqualTo(new Outgoing(List.of(), future, false));
  }
}
