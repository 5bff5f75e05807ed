package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;

class StateTest {

  private final Entries entries = new Entries();
  private final State state = Entries.state();

  private Answer apply(Entry entry) {
    return state.apply(entry).answer();
  }

  private void users(String... names) {
    for (String name : names) {
      assertThat(apply(entries.login(name)).getCreated()).isTrue();
    }
  }

  @Test
  void theFirstLoginRegistersAndLaterOnesGiveTheNameAsItWasRegistered() {
    Answer first = apply(entries.login("Alice"));
    Answer second = apply(entries.login("aLICE"));

    assertThat(first.getCreated()).isTrue();
    assertThat(second.getCreated()).isFalse();
    assertThat(second.getUser()).isEqualTo("Alice");
    assertThat(state.userCount()).isEqualTo(1);
    assertThat(state.registered("alice")).contains("Alice");
  }

  @Test
  void aNameThatIsNoFileNameIsNeverRegistered() {
    for (String name : List.of("", "../x", "a b", "ü", "a".repeat(31), "nul\0")) {
      assertThat(apply(entries.login(name)).getReason()).isEqualTo("INVALID_NAME");
    }
    assertThat(state.userCount()).isZero();
  }

  @Test
  void whoDidNotLogInCanDoNothing() {
    users("alice");
    assertThat(apply(entries.follow("dave", "alice")).getReason()).isEqualTo("USER_UNKNOWN");
    assertThat(apply(entries.unfollow("dave", "alice")).getReason()).isEqualTo("USER_UNKNOWN");
    assertThat(apply(entries.post("dave", "x")).getReason()).isEqualTo("USER_UNKNOWN");
    assertThat(apply(entries.delete("dave", 1)).getMessage())
        .isEqualTo("\"dave\" is not a user; log in first");
  }

  @Test
  void followsAreMadeOnceAndUndoneOnce() {
    users("alice", "Bob");

    assertThat(apply(entries.follow("alice", "BOB")).getReason()).isEmpty();
    assertThat(apply(entries.follow("alice", "bob")).getReason()).isEqualTo("ALREADY_FOLLOWING");
    assertThat(apply(entries.follow("alice", "Alice")).getReason()).isEqualTo("ALREADY_FOLLOWING");
    assertThat(apply(entries.follow("alice", "carol")).getMessage())
        .isEqualTo("\"carol\" is not a user; nothing was followed");
    assertThat(state.following("alice", "", 10)).contains(List.of("Bob"));
    assertThat(state.followers("bob", "", 10)).contains(List.of("alice"));

    assertThat(apply(entries.unfollow("alice", "bob")).getReason()).isEmpty();
    assertThat(apply(entries.unfollow("alice", "bob")).getReason()).isEqualTo("NOT_FOLLOWING");
    assertThat(apply(entries.unfollow("alice", "alice")).getReason()).isEqualTo("SELF");
    assertThat(apply(entries.unfollow("alice", "carol")).getReason()).isEqualTo("USER_UNKNOWN");
    assertThat(state.following("alice", "", 10)).contains(List.of());
    assertThat(state.followers("bob", "", 10)).contains(List.of());
  }

  @Test
  void namesArePagedInOrderIgnoringCase() {
    users("delta", "Alpha", "charlie", "BRAVO", "b_");
    for (String name : List.of("alpha", "delta", "bravo", "b_")) {
      apply(entries.follow("charlie", name));
      apply(entries.follow(name, "charlie"));
    }

    assertThat(state.users("", 3)).containsExactly("Alpha", "b_", "BRAVO");
    assertThat(state.users("bravo", 3)).containsExactly("charlie", "delta");
    assertThat(state.users("zulu", 3)).isEmpty();
    assertThat(state.following("charlie", "B_", 2)).contains(List.of("BRAVO", "delta"));
    assertThat(state.followers("charlie", "c", 2)).contains(List.of("delta"));
    assertThat(state.followers("nobody", "", 2)).isEmpty();
  }

  @Test
  void aPostGetsTheIdAndTheTimeOfItsEntry() {
    users("alice");
    Entry entry = entries.post("ALICE", "hello");

    Answer answer = apply(entry);

    assertThat(answer.getPostId()).isEqualTo(entry.id());
    assertThat(answer.getTimeMillis()).isEqualTo(entry.timeMillis());
    assertThat(state.posts("alice", 0, 0, 10))
        .contains(
            List.of(
                Post.newBuilder()
                    .setId(entry.id())
                    .setAuthor("alice")
                    .setText("hello")
                    .setTimeMillis(entry.timeMillis())
                    .build()));
  }

  @Test
  void textsHaveOneToFiveThousandBytes() {
    users("alice");
    assertThat(apply(entries.post("alice", "")).getReason()).isEqualTo("INVALID_TEXT");
    assertThat(apply(entries.post("alice", "ü".repeat(2500))).getReason()).isEmpty();
    assertThat(apply(entries.post("alice", "ü".repeat(2500) + "x")).getReason())
        .isEqualTo("INVALID_TEXT");
  }

  @Test
  void onlyItsAuthorDeletesAPostAndOnlyOnce() {
    users("alice", "bob");
    apply(entries.follow("bob", "alice"));
    apply(entries.post("alice", "stays"));
    long id = apply(entries.post("alice", "goes")).getPostId();

    assertThat(apply(entries.delete("bob", id)).getReason()).isEqualTo("NOT_AUTHOR");
    assertThat(apply(entries.delete("alice", id + 1)).getReason()).isEqualTo("POST_UNKNOWN");
    assertThat(apply(entries.delete("alice", -1)).getReason()).isEqualTo("POST_UNKNOWN");
    assertThat(apply(entries.delete("alice", id)).getReason()).isEmpty();
    assertThat(apply(entries.delete("alice", id)).getReason()).isEqualTo("POST_UNKNOWN");

    assertThat(texts(state.posts("alice", 0, 0, 9))).containsExactly("stays");
    assertThat(texts(state.timeline("bob", 0, 0, 9).map(State.Timeline::posts)))
        .containsExactly("stays");
    assertThat(streamed("bob")).containsExactly("stays");
  }

  @Test
  void aFollowCountsFromTheMomentItIsMade() {
    users("alice", "bob");
    apply(entries.post("alice", "before"));
    apply(entries.follow("bob", "alice"));
    apply(entries.post("alice", "while"));
    apply(entries.unfollow("bob", "alice"));
    assertThat(state.timeline("bob", 0, 0, 9).orElseThrow().posts()).isEmpty();
    apply(entries.post("alice", "between"));
    apply(entries.follow("bob", "alice"));
    apply(entries.post("alice", "after"));

    assertThat(texts(state.timeline("bob", 0, 0, 9).map(State.Timeline::posts)))
        .containsExactly("after");
    assertThat(streamed("bob")).containsExactly("after");
  }

  @Test
  void whoeverIsUnknownHasNoPostsNoTimelineAndNoStream() {
    assertThat(state.posts("nobody", 0, 0, 9)).isEmpty();
    assertThat(state.timeline("nobody", 0, 0, 9)).isEmpty();
    assertThat(state.streamSince("nobody", 0, 9)).isEmpty();
    assertThat(state.watch("nobody", () -> {})).isEmpty();
  }

  @Test
  void aLiveStreamIsWokenByThoseWhomItsUserFollowsAndNobodyElse() {
    users("alice", "bob", "carol", "dave");
    apply(entries.follow("bob", "alice"));
    apply(entries.follow("carol", "alice"));
    AtomicInteger woken = new AtomicInteger();
    State.Watch watch = state.watch("bob", woken::incrementAndGet).orElseThrow();

    apply(entries.post("alice", "1"));
    assertThat(woken).hasValue(1);
    apply(entries.post("carol", "not followed"));
    apply(entries.post("bob", "own"));
    assertThat(woken).hasValue(1);
    apply(entries.follow("bob", "dave"));
    apply(entries.post("dave", "followed since"));
    assertThat(woken).hasValue(2);
    watch.close();
    apply(entries.post("alice", "2"));
    assertThat(woken).hasValue(2);
  }

  @Test
  void aWokenStreamCanReadThePost() {
    users("alice", "bob");
    apply(entries.follow("bob", "alice"));
    StringBuilder seen = new StringBuilder();
    state.watch(
        "bob",
        () ->
            seen.append(
                state.streamSince("bob", state.appliedIndex() - 1, 9).orElseThrow().posts()));

    apply(entries.post("alice", "here already"));

    assertThat(seen).contains("here already");
  }

  @Test
  void anEntryOutOfOrderIsRefused() {
    Entry first = entries.login("alice");
    Entry second = entries.login("bob");
    assertThatIllegalArgumentException().isThrownBy(() -> state.apply(second));
    state.apply(first);
    assertThatIllegalArgumentException().isThrownBy(() -> state.apply(first));
  }

  @Test
  void aRequestThatThisVersionDoesNotKnowStopsTheMember() {
    byte[] fromTheFuture =
        Request.newBuilder()
            .setUser("alice")
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        99,
                        UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(ByteString.EMPTY)
                            .build())
                    .build())
            .build()
            .toByteArray();
    Entry entry = entries.next(new RequestId(Entries.client(Entries.START), 1), fromTheFuture);

    assertThatExceptionOfType(UnappliableException.class)
        .isThrownBy(() -> state.apply(entry))
        .withMessageContaining("does not know");
    assertThat(state.appliedIndex()).isZero();
    assertThatExceptionOfType(UnappliableException.class)
        .isThrownBy(() ->
            state.apply(new Entry(1, 1, RequestId.NONE, 1, 1, new byte[] {(byte) 0xff, 1, 2})))
        .withMessageContaining("not readable");
  }

  @Test
  void bothMembersComputeTheSame() {
    State other = Entries.state();
    for (Entry entry :
        List.of(
            entries.login("alice"),
            entries.login("bob"),
            entries.follow("alice", "bob"),
            entries.post("bob", "x"),
            entries.delete("bob", entries.lastId()),
            entries.expire(entries.time()))) {
      Applied here = state.apply(entry);
      Applied there = other.apply(entry);
      assertThat(there.answer()).isEqualTo(here.answer());
      assertThat(there.change().totals()).isEqualTo(here.change().totals());
      assertThat(there.change()).usingRecursiveComparison().isEqualTo(here.change());
    }
  }

  private List<String> streamed(String user) {
    return state.streamSince(user, 0, 9).orElseThrow().posts().stream()
        .map(streamed -> streamed.post().getText())
        .toList();
  }

  private static List<String> texts(Optional<List<Post>> posts) {
    return posts.orElseThrow().stream().map(Post::getText).toList();
  }
}
