package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import social.starling.client.Post;

/** For each kind of violation: a history that is well, and the same with the violation planted. */
class CheckerTest {

  private static final Map<String, Set<String>> READERS = Map.of("carol", Set.of("alice", "bob"));

  private final History history = new History();
  private final Map<String, List<Post>> posts = new TreeMap<>();
  private final Map<String, Set<String>> following = new TreeMap<>();
  private final Map<String, Set<String>> followers = new TreeMap<>();
  private final Map<String, Set<Long>> timelines = new TreeMap<>();

  @BeforeEach
  void somethingThatIsWell() {
    post(1, "alice", "one");
    post(2, "bob", "two");
    post(3, "alice", "three");
    history.followed("carol", "alice", History.Following.YES);
    history.followed("carol", "bob", History.Following.YES);
    history.followed("carol", "dave", History.Following.NO);
    following.put("carol", Set.of("alice", "bob"));
  }

  @Test
  void shouldFindNothingWhenAllIsWell() {
    assertThat(violations()).isEmpty();
  }

  @Test
  void shouldLetAnUnknownWriteHaveHappenedOrNot() {
    history.postUnknown("alice", "unknown and lost", 0);
    history.postUnknown("alice", "unknown and there", 0);
    store(4, "alice", "unknown and there");
    history.seen("carol", made(4, "alice", "unknown and there"));

    assertThat(violations()).isEmpty();
  }

  @Test
  void shouldFindAnAcknowledgedPostThatWasLost() {
    posts.get("alice").removeLast();

    assertThat(violations()).contains("acknowledged but lost: alice #3 \"three\"");
  }

  @Test
  void shouldFindAPostStoredTwice() {
    store(9, "alice", "three");

    assertThat(violations()).contains("stored twice: alice #9 \"three\"");
  }

  @Test
  void shouldFindAPostStoredUnderAnotherId() {
    posts.get("alice").removeLast();
    store(8, "alice", "three");

    assertThat(violations()).contains("acknowledged as alice #3 \"three\", stored as #8");
  }

  @Test
  void shouldFindAPostThatNobodyWrote() {
    store(4, "alice", "forged");
    store(5, "mallory", "forged");

    assertThat(violations())
        .contains(
            "stored but never written: alice #4 \"forged\"", "mallory wrote nothing and has posts");
  }

  @Test
  void shouldFindPostsOutOfOrder() {
    history.postUnknown("bob", "late", 0);
    history.posted("bob", "after", 0, made(5, "bob", "after"));
    store(5, "bob", "after");
    store(6, "bob", "late");

    assertThat(violations()).contains("stored out of order: bob #6 \"late\"");
  }

  @Test
  void shouldFindIdsThatDoNotAscend() {
    history.posted("bob", "again", 0, made(2, "bob", "again"));
    store(2, "bob", "again");

    assertThat(violations()).contains("ids do not ascend at bob #2 \"again\"");
  }

  @Test
  void shouldFindADeletedPostThatIsStillThere() {
    history.deleted("alice", 3, History.Deletion.UNKNOWN);
    assertThat(violations()).isEmpty();

    history.deleted("alice", 3, History.Deletion.ACKNOWLEDGED);
    assertThat(violations()).containsExactly("deleted but still there: alice #3 \"three\"");

    posts.get("alice").removeLast();
    assertThat(violations()).isEmpty();
  }

  @Test
  void shouldFindAGapInAStream() {
    history.posted("alice", "unseen", 0, made(4, "alice", "unseen"));
    store(4, "alice", "unseen");

    assertThat(violations()).containsExactly("carol was never shown: alice #4 \"unseen\"");
  }

  @Test
  void shouldFindARepeatInAStream() {
    history.seen("carol", made(3, "alice", "three"));

    assertThat(violations()).containsExactly("carol was shown twice: alice #3 \"three\"");
  }

  @Test
  void shouldFindAStreamOutOfOrder() {
    for (long id : List.of(5L, 4L)) {
      history.seen("carol", made(id, "bob", "text " + id));
    }
    for (long id : List.of(4L, 5L)) {
      history.posted("bob", "text " + id, 0, made(id, "bob", "text " + id));
      store(id, "bob", "text " + id);
    }

    assertThat(violations()).containsExactly("carol was shown out of order: bob #4 \"text 4\"");
  }

  @Test
  void shouldLetPostsOfSeveralAuthorsComeInAnyOrder() {
    post(9, "alice", "soon");
    post(8, "bob", "late from another cluster");

    assertThat(violations()).isEmpty();
  }

  @Test
  void shouldFindAPostThatALateFollowerWasNotShown() {
    history.subscribed("dave", "alice", 100);
    history.posted("alice", "before", 99, made(4, "alice", "before"));
    history.posted("alice", "after", 100, made(5, "alice", "after"));
    for (Post post : List.of(made(4, "alice", "before"), made(5, "alice", "after"))) {
      store(post.id(), "alice", post.text());
      history.seen("carol", post);
    }

    assertThat(violations())
        .containsExactly("dave followed before, and was never shown: alice #5 \"after\"");
    history.seen("dave", made(5, "alice", "after"));
    assertThat(violations()).isEmpty();
    history.seen("dave", made(5, "alice", "after"));
    assertThat(violations()).containsExactly("dave was shown twice: alice #5 \"after\"");
  }

  @Test
  void shouldFindATimelineThatLacksAPostOrHasADeletedOne() {
    timelines.put("carol", Set.of(1L, 2L, 3L));
    assertThat(violations()).isEmpty();

    timelines.put("carol", Set.of(1L, 3L, 7L));
    assertThat(violations())
        .containsExactly(
            "the timeline of carol lacks #2", "the timeline of carol has #7, which is not stored");
  }

  @Test
  void shouldFindEndsThatDisagreeOnWhoFollowsWhom() {
    followers.put("alice", Set.of("carol"));
    followers.put("bob", Set.of("carol"));
    assertThat(violations()).isEmpty();

    followers.put("alice", Set.of());
    followers.put("dave", Set.of("carol"));
    assertThat(violations())
        .containsExactly(
            "carol follows alice, who does not know it",
            "dave has a follower carol, who does not follow");
  }

  @Test
  void shouldFindWhatAStreamShowedAndIsNotStored() {
    history.seen("carol", made(4, "alice", "never committed"));
    history.seen("carol", made(5, "mallory", "not followed"));

    assertThat(violations())
        .containsExactlyInAnyOrder(
            "carol was shown what is not stored: alice #4 \"never committed\"",
            "carol does not follow: mallory #5 \"not followed\"");
  }

  @Test
  void shouldFindATextThatChanged() {
    history.posted("alice", "right", 0, made(4, "alice", "right"));
    store(4, "alice", "right");
    history.seen("carol", made(4, "alice", "wrong"));

    assertThat(violations()).containsExactly("carol was shown \"wrong\" for alice #4 \"right\"");
  }

  @Test
  void shouldFindLostFollowsAndUnfollows() {
    following.put("carol", Set.of("bob", "dave", "erin"));

    assertThat(violations())
        .containsExactlyInAnyOrder(
            "the follow of alice by carol was lost",
            "the unfollow of dave by carol was lost",
            "carol never followed erin and does");
  }

  @Test
  void shouldLetAnUnknownFollowBeEither() {
    history.followed("carol", "alice", History.Following.UNKNOWN);
    assertThat(violations()).isEmpty();

    following.put("carol", Set.of("bob"));
    assertThat(violations()).isEmpty();
  }

  @Test
  void shouldPassOnStaleReads() {
    history.staleRead("a read missed a write");

    assertThat(violations()).containsExactly("a read missed a write");
  }

  private void post(long id, String author, String text) {
    history.posted(author, text, 0, made(id, author, text));
    store(id, author, text);
    history.seen("carol", made(id, author, text));
  }

  private void store(long id, String author, String text) {
    posts.computeIfAbsent(author, missing -> new ArrayList<>()).add(made(id, author, text));
  }

  private List<String> violations() {
    return Checker.violations(
        history, new Checker.Stored(posts, following, followers, timelines), READERS);
  }

  private static Post made(long id, String author, String text) {
    return new Post(id, author, text, Instant.ofEpochMilli(id));
  }
}
