package social.starling.torture.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Call.Via;
import social.starling.torture.history.Content;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.History;
import social.starling.torture.history.Mismatch;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Shown;
import social.starling.torture.history.Stored;
import social.starling.torture.history.StreamBegun;

/** One broken promise each, in a history of a few calls: alice and bob in alpha, carol in beta. */
class PlantedTest {

  private final List<Event> events = new ArrayList<>();
  private final Map<Long, Content> contents = new LinkedHashMap<>();
  private final Map<String, List<Long>> posts = new LinkedHashMap<>();
  private final Map<String, List<String>> following = new LinkedHashMap<>();
  private final Map<String, List<String>> followers = new LinkedHashMap<>();
  private final Map<String, List<Long>> timelines = new LinkedHashMap<>();
  private final Map<String, List<String>> users =
      new LinkedHashMap<>(
          Map.of(
              "alpha", List.of("alice", "bob", "carol"), "beta", List.of("alice", "bob", "carol")));
  private final Map<String, Map<String, String>> digests = new LinkedHashMap<>();
  private final List<String> verified = new ArrayList<>();
  private boolean brokeOff;

  // ---------------------------------------------------------------- what is well

  @Test
  void shouldTakeUnknownOutcomesEitherWay() {
    call("bob", new Operation.Post("done", 0), 10, 20, Outcome.UNKNOWN, "");
    call("bob", new Operation.Post("not done", 0), 30, 40, Outcome.UNKNOWN, "");
    contents.put(5L, new Content("bob", "done"));
    ok("alice", new Operation.Posts("bob", 0, 10, List.of()), 50, 60);
    ok("alice", new Operation.Posts("bob", 0, 10, List.of(5L)), 70, 80);
    call("bob", new Operation.Delete(5), 90, 100, Outcome.UNKNOWN, "");
    ok("alice", new Operation.Posts("bob", 0, 10, List.of(5L)), 110, 120);
    ok("alice", new Operation.Posts("bob", 0, 10, List.of()), 130, 140);

    assertThat(checkers()).isEmpty();
  }

  @Test
  void shouldTakeAnUnknownDeletionThatAnotherOneOvertook() {
    post("bob", "x", 5, 10, 20);
    call(1, "bob", new Operation.Delete(5), 30, 40, Outcome.UNKNOWN, "");
    call(1, "bob", new Operation.Post("y", 6), 50, 60, Outcome.OK, "");
    contents.put(6L, new Content("bob", "y"));
    call(2, "bob", new Operation.Delete(5), 70, 80, Outcome.OK, "");
    ok("alice", new Operation.Posts("bob", 0, 10, List.of(6L)), 90, 100);
    posts.put("bob", List.of(6L));

    assertThat(checkers()).isEmpty();
  }

  @Test
  void shouldTakeALatePostOfAnotherClusterWithAnOlderId() {
    follow("alice", "bob", 1, 2);
    follow("alice", "carol", 3, 4);
    stream("alice", 1, 0, 5);
    post("carol", "far", 7, 10, 20);
    post("bob", "near", 8, 30, 40);
    shown("alice", 1, 8, 100, 50);
    ok("alice", new Operation.Timeline(0, 10, List.of(8L), 100), 60, 70);
    shown("alice", 1, 7, 101, 80);
    ok("alice", new Operation.Timeline(0, 10, List.of(8L, 7L), 101), 90, 100);
    posts.put("bob", List.of(8L));
    posts.put("carol", List.of(7L));
    following.put("alice", List.of("bob", "carol"));
    timelines.put("alice", List.of(7L, 8L));

    assertThat(checkers()).isEmpty();
  }

  @Test
  void shouldTakeAStreamThatComesPastAPostAfterTheUnfollow() {
    follow("alice", "bob", 1, 2);
    stream("alice", 1, 0, 5);
    post("bob", "missed", 7, 10, 20);
    ok("alice", new Operation.Unfollow("bob"), 30, 40);
    follow("alice", "bob", 50, 60);
    post("bob", "shown", 8, 70, 80);
    stream("alice", 2, 3, 85);
    shown("alice", 2, 8, 101, 90);
    posts.put("bob", List.of(7L, 8L));
    following.put("alice", List.of("bob"));
    timelines.put("alice", List.of(8L));

    assertThat(checkers()).isEmpty();
  }

  @Test
  void shouldTakeAShowThatWasOnItsWayWhenItsPostWasDeleted() {
    follow("alice", "bob", 1, 2);
    stream("alice", 1, 0, 5);
    post("bob", "x", 7, 10, 20);
    ok("bob", new Operation.Delete(7), 30, 40);
    ok("alice", new Operation.Unfollow("bob"), 50, 60);
    shown("alice", 1, 7, 100, 90);

    assertThat(checkers()).isEmpty();
  }

  @Test
  void shouldCheckWhatItCanOfARunThatBrokeOff() {
    post("bob", "x", 7, 10, 20);
    brokeOff = true;

    assertThat(checkers()).isEmpty();
  }

  // ---------------------------------------------------------------- what is not

  @Test
  void shouldSeeALostPost() {
    post("bob", "x", 7, 10, 20);
    assertThat(checkers()).containsExactly("acknowledged");
  }

  @Test
  void shouldSeeAPostThatWasReadAndLost() {
    call("bob", new Operation.Post("x", 0), 10, 20, Outcome.UNKNOWN, "");
    contents.put(7L, new Content("bob", "x"));
    ok("alice", new Operation.Posts("bob", 0, 10, List.of(7L)), 30, 40);
    assertThat(checkers()).containsExactly("acknowledged");
  }

  @Test
  void shouldSeeALostFollow() {
    follow("alice", "bob", 1, 2);
    following.put("alice", List.of());
    assertThat(checkers()).containsExactly("acknowledged");
  }

  @Test
  void shouldSeeALostUser() {
    ok("bob", new Operation.Register(), 1, 2);
    users.put("alpha", List.of("alice", "carol"));
    users.put("beta", List.of("alice", "carol"));
    assertThat(checkers()).containsExactly("acknowledged");
  }

  @Test
  void shouldSeeAnAnswerThatIsAnothers() {
    post("bob", "x", 7, 10, 20);
    contents.put(7L, new Content("alice", "y"));
    posts.put("alice", List.of(7L));
    assertThat(checkers()).contains("acknowledged");
  }

  @Test
  void shouldSeeADeletionOfAnothersPost() {
    post("bob", "x", 7, 10, 20);
    ok("alice", new Operation.Delete(7), 30, 40);
    assertThat(checkers()).containsExactly("acknowledged");
  }

  @Test
  void shouldSeeARetryThatWasDoneAgain() {
    post("bob", "x", 7, 10, 20);
    contents.put(8L, new Content("bob", "x"));
    posts.put("bob", List.of(7L, 8L));
    assertThat(checkers()).containsExactly("twice");
  }

  @Test
  void shouldSeeAnUnansweredWriteThatWasDoneTwice() {
    call("bob", new Operation.Post("x", 0), 10, 20, Outcome.UNKNOWN, "");
    contents.put(7L, new Content("bob", "x"));
    contents.put(8L, new Content("bob", "x"));
    posts.put("bob", List.of(7L, 8L));
    assertThat(checkers()).containsExactly("twice");
  }

  @Test
  void shouldSeeAPageWithTheSamePostTwice() {
    post("bob", "x", 7, 10, 20);
    posts.put("bob", List.of(7L));
    ok("alice", new Operation.Posts("bob", 0, 10, List.of(7L, 7L)), 30, 40);
    assertThat(checkers()).contains("twice", "order");
  }

  @Test
  void shouldSeeWhatWasRefusedAndIsThere() {
    call("bob", new Operation.Post("x", 0), 10, 20, Outcome.FAILED, "OVERLOADED");
    contents.put(7L, new Content("bob", "x"));
    posts.put("bob", List.of(7L));
    assertThat(checkers()).containsExactly("invented");
  }

  @Test
  void shouldSeeWhatNobodyAskedFor() {
    contents.put(7L, new Content("bob", "x"));
    posts.put("bob", List.of(7L));
    following.put("alice", List.of("bob"));
    followers.put("bob", List.of("alice"));
    assertThat(check()).hasSize(3).allMatch(v -> v.checker().equals("invented"));
  }

  @Test
  void shouldSeeAUserWhoNeverRegistered() {
    users.put("alpha", List.of("alice", "bob", "carol", "zoe"));
    users.put("beta", List.of("alice", "bob", "carol", "zoe"));
    assertThat(check()).hasSize(2).allMatch(v -> v.checker().equals("invented"));
  }

  @Test
  void shouldSeeAPostThatChanged() {
    events.add(new Mismatch(7, "x", "y", "a page", 30));
    assertThat(checkers()).containsExactly("invented");
  }

  @Test
  void shouldSeeADeletedPostAgain() {
    post("bob", "x", 7, 10, 20);
    ok("bob", new Operation.Delete(7), 30, 40);
    ok("alice", new Operation.Posts("bob", 0, 10, List.of(7L)), 50, 60);
    assertThat(checkers()).containsExactly("gone", "stale-reads");
  }

  @Test
  void shouldSeeADeletedPostInTheEnd() {
    post("bob", "x", 7, 10, 20);
    ok("bob", new Operation.Delete(7), 30, 40);
    posts.put("bob", List.of(7L));
    assertThat(checkers()).containsExactly("gone");
  }

  @Test
  void shouldSeeADeletionThatComesUndoneInAnotherCluster() {
    follow("alice", "carol", 1, 2);
    post("carol", "x", 7, 10, 20);
    ok("alice", new Operation.Timeline(0, 10, List.of(7L), 5), 30, 40);
    ok("carol", new Operation.Delete(7), 50, 60);
    ok("alice", new Operation.Timeline(0, 10, List.of(7L), 5), 70, 80);
    ok("alice", new Operation.Timeline(0, 10, List.of(), 6), 90, 100);
    assertThat(checkers()).isEmpty();
    ok("alice", new Operation.Timeline(0, 10, List.of(7L), 7), 110, 120);
    assertThat(checkers()).containsExactly("gone");
  }

  @Test
  void shouldSeeATimelineOfOneWhoIsNotFollowed() {
    follow("alice", "bob", 1, 2);
    ok("alice", new Operation.Unfollow("bob"), 3, 4);
    post("bob", "x", 7, 10, 20);
    posts.put("bob", List.of(7L));
    ok("alice", new Operation.Timeline(0, 10, List.of(7L), 5), 30, 40);
    assertThat(checkers()).containsExactly("gone");
  }

  @Test
  void shouldSeeATimelineWithPostsFromBeforeTheFollow() {
    post("bob", "x", 7, 10, 20);
    posts.put("bob", List.of(7L));
    follow("alice", "bob", 30, 40);
    ok("alice", new Operation.Timeline(0, 10, List.of(7L), 5), 50, 60);
    following.put("alice", List.of("bob"));
    assertThat(checkers()).containsExactly("gone");
  }

  @Test
  void shouldSeeAnUnfollowThatComesUndone() {
    follow("alice", "bob", 1, 2);
    ok("alice", new Operation.Unfollow("bob"), 3, 4);
    following.put("alice", List.of("bob"));
    assertThat(checkers()).containsExactly("gone");
  }

  @Test
  void shouldSeeIdsThatStepBack() {
    post("bob", "first", 8, 10, 20);
    post("alice", "second", 7, 30, 40);
    posts.put("bob", List.of(8L));
    posts.put("alice", List.of(7L));
    assertThat(checkers()).containsExactly("order");
  }

  @Test
  void shouldSeeAPageBeyondItsBounds() {
    post("bob", "x", 7, 10, 20);
    posts.put("bob", List.of(7L));
    ok("alice", new Operation.Posts("bob", 7, 10, List.of(7L)), 30, 40);
    assertThat(checkers()).contains("order");
  }

  @Test
  void shouldSeeASessionThatGoesBack() {
    call("bob", new Operation.Post("x", 0), 10, 15, Outcome.UNKNOWN, "");
    contents.put(7L, new Content("bob", "x"));
    posts.put("bob", List.of(7L));
    ok("alice", new Operation.Posts("bob", 0, 10, List.of(7L)), 30, 40);
    ok("alice", new Operation.Posts("bob", 0, 10, List.of()), 50, 60);
    assertThat(checkers()).containsExactly("sessions", "stale-reads");
  }

  @Test
  void shouldSeeATimelineWhoseIndexFalls() {
    ok("alice", new Operation.Timeline(0, 10, List.of(), 9), 10, 20);
    ok("alice", new Operation.Timeline(0, 10, List.of(), 8), 30, 40);
    assertThat(checkers()).containsExactly("sessions");
  }

  @Test
  void shouldSeeThatAnOwnPostIsNotVisibleAtOnce() {
    post("bob", "x", 7, 10, 20);
    posts.put("bob", List.of(7L));
    call(9, "bob", new Operation.Posts("bob", 0, 10, List.of()), 30, 40, Outcome.OK, "");
    assertThat(checkers()).containsExactly("own-posts", "stale-reads");
  }

  @Test
  void shouldSeeAStaleReadOfTheNewestPostOnly() {
    post("bob", "x", 7, 10, 20);
    post("bob", "y", 8, 30, 40);
    posts.put("bob", List.of(7L, 8L));
    ok("alice", new Operation.Posts("bob", 0, 1, List.of(7L)), 50, 60);
    assertThat(checkers()).containsExactly("stale-reads");
  }

  @Test
  void shouldSeeThatNoOrderExplainsTwoReadsAtOnce() {
    call("bob", new Operation.Post("x", 7), 10, 100, Outcome.OK, "");
    contents.put(7L, new Content("bob", "x"));
    posts.put("bob", List.of(7L));
    ok("alice", new Operation.Posts("bob", 0, 1, List.of(7L)), 20, 30);
    call(9, "carol", new Operation.Posts("bob", 0, 1, List.of()), 40, 50, Outcome.OK, "");
    assertThat(checkers()).containsExactly("stale-reads");
  }

  @Test
  void shouldSeeATimelineThatLacksWhatItsClusterHas() {
    follow("alice", "bob", 1, 2);
    post("bob", "x", 7, 10, 20);
    posts.put("bob", List.of(7L));
    following.put("alice", List.of("bob"));
    timelines.put("alice", List.of(7L));
    ok("alice", new Operation.Timeline(0, 10, List.of(), 5), 30, 40);
    assertThat(checkers()).containsExactly("timelines");
  }

  @Test
  void shouldSeeAHoleInATimeline() {
    follow("alice", "carol", 1, 2);
    post("carol", "x", 7, 10, 20);
    post("carol", "y", 8, 30, 40);
    post("carol", "z", 9, 50, 60);
    posts.put("carol", List.of(7L, 8L, 9L));
    following.put("alice", List.of("carol"));
    timelines.put("alice", List.of(7L, 8L, 9L));
    ok("alice", new Operation.Timeline(0, 10, List.of(9L, 7L), 5), 70, 80);
    assertThat(checkers()).containsExactly("timelines");
  }

  @Test
  void shouldSeeMembersThatDiffer() {
    verified.add("alpha-1 and alpha-2 differ");
    digests.put("beta", Map.of("beta-1", "x", "beta-2", "y"));
    assertThat(check()).hasSize(2).allMatch(v -> v.checker().equals("members"));
  }

  @Test
  void shouldSeeClustersThatDisagree() {
    follow("alice", "carol", 1, 2);
    following.put("alice", List.of("carol"));
    followers.put("carol", List.of());
    users.put("beta", List.of("alice", "bob"));
    post("carol", "x", 7, 10, 20);
    posts.put("carol", List.of(7L));
    timelines.put("alice", List.of());
    assertThat(check()).hasSize(3).allMatch(v -> v.checker().equals("clusters"));
  }

  @Test
  void shouldSeeAListThatMissesAFollow() {
    follow("alice", "bob", 1, 2);
    following.put("alice", List.of("bob"));
    ok("alice", new Operation.Following(List.of()), 30, 40);
    assertThat(checkers()).containsExactly("follows");
  }

  @Test
  void shouldSeeAStreamThatLeavesOut() {
    follow("alice", "bob", 1, 2);
    stream("alice", 1, 0, 5);
    post("bob", "x", 7, 10, 20);
    post("bob", "y", 8, 30, 40);
    shown("alice", 1, 8, 100, 50);
    ok("alice", new Operation.Unfollow("bob"), 60, 70);
    posts.put("bob", List.of(7L, 8L));
    assertThat(checkers()).containsExactly("streams");
  }

  @Test
  void shouldSeeAStreamThatNeverShows() {
    follow("alice", "carol", 1, 2);
    stream("alice", 1, 0, 5);
    post("carol", "x", 7, 10, 20);
    posts.put("carol", List.of(7L));
    following.put("alice", List.of("carol"));
    timelines.put("alice", List.of(7L));
    assertThat(checkers()).containsExactly("streams");
  }

  @Test
  void shouldSeeAStreamThatRepeatsOrGoesBack() {
    follow("alice", "bob", 1, 2);
    stream("alice", 1, 0, 5);
    post("bob", "x", 7, 10, 20);
    post("bob", "y", 8, 30, 40);
    shown("alice", 1, 8, 100, 50);
    shown("alice", 1, 7, 101, 60);
    stream("alice", 2, 101, 65);
    shown("alice", 2, 7, 101, 70);
    posts.put("bob", List.of(7L, 8L));
    assertThat(check()).hasSize(2).allMatch(v -> v.checker().equals("streams"));
  }

  @Test
  void shouldSeeAStreamOfOneWhoIsNotFollowed() {
    stream("alice", 1, 0, 5);
    post("bob", "x", 7, 10, 20);
    shown("alice", 1, 7, 101, 30);
    posts.put("bob", List.of(7L));
    assertThat(checkers()).containsExactly("streams");
  }

  @Test
  void shouldSeeAStreamThatShowsWhatWasDeletedBeforeItWasSent() {
    follow("alice", "bob", 1, 2);
    stream("alice", 1, 0, 5);
    post("bob", "x", 7, 10, 20);
    ok("bob", new Operation.Delete(7), 30, 40);
    post("bob", "y", 8, 50, 60);
    shown("alice", 1, 8, 102, 70);
    shown("alice", 1, 7, 103, 80);
    posts.put("bob", List.of(8L));
    assertThat(check()).hasSize(2).allMatch(v -> v.checker().equals("streams"));
  }

  @Test
  void shouldSeeAPostWithTwoPlacesInOneJournal() {
    follow("alice", "carol", 1, 2);
    follow("bob", "carol", 3, 4);
    stream("alice", 1, 0, 5);
    stream("bob", 1, 0, 6);
    post("carol", "x", 7, 10, 20);
    shown("alice", 1, 7, 100, 30);
    shown("bob", 1, 7, 101, 40);
    posts.put("carol", List.of(7L));
    assertThat(checkers()).containsExactly("streams");
  }

  @Test
  void shouldShowTheCallsAndFaultsAroundAViolation() {
    events.add(new Fault("kill", List.of("alpha-1"), "", 15, 15, List.of("alpha")));
    post("bob", "x", 7, 10, 20);
    post("carol", "elsewhere", 9, 11, 21);
    posts.put("carol", List.of(9L));

    List<Violation> violations = check();

    assertThat(violations).hasSize(1);
    assertThat(violations.getFirst().sentence())
        .contains("post 7 of bob \"x\"")
        .contains("is lost");
    assertThat(violations.getFirst().around())
        .hasSize(2)
        .anyMatch(Fault.class::isInstance)
        .anyMatch(e -> e instanceof Call call && call.user().equals("bob"));
  }

  @Test
  void shouldCountWhatIsMoreThanAPersonReads() {
    for (int i = 1; i <= 100; i++) {
      post("bob", "x" + i, i, i * 10, i * 10 + 5);
    }
    List<Violation> violations = check();
    assertThat(violations).hasSize(Findings.MOST + 1);
    assertThat(violations.getLast().sentence()).isEqualTo("75 more of this kind");
  }

  // ---------------------------------------------------------------- how it is said

  private List<String> checkers() {
    return check().stream().map(Violation::checker).distinct().sorted().toList();
  }

  private List<Violation> check() {
    events.sort(
        Comparator.comparingLong(event ->
            switch (event) {
              case Call call -> call.ended();
              case Shown shown -> shown.at();
              case StreamBegun begun -> begun.at();
              case Fault fault -> fault.ended();
              case Mismatch mismatch -> mismatch.at();
            }));
    return Checker.check(
        new History(
            1,
            "",
            Instant.EPOCH,
            10_000,
            Map.of("alice", "alpha", "bob", "alpha", "carol", "beta"),
            contents,
            events,
            brokeOff
                ? null
                : new Stored(posts, following, followers, timelines, users, digests, verified)));
  }

  private void ok(String user, Operation operation, long begun, long ended) {
    call(user, operation, begun, ended, Outcome.OK, "");
  }

  private void call(
      String user, Operation operation, long begun, long ended, Outcome outcome, String reason) {
    call(
        Arrays.asList("alice", "bob", "carol").indexOf(user) + 1,
        user,
        operation,
        begun,
        ended,
        outcome,
        reason);
  }

  private void call(
      int session,
      String user,
      Operation operation,
      long begun,
      long ended,
      Outcome outcome,
      String reason) {
    events.add(new Call(session, user, Via.ROUTER, operation, begun, ended, outcome, reason));
  }

  private void post(String user, String text, long id, long begun, long ended) {
    contents.put(id, new Content(user, text));
    ok(user, new Operation.Post(text, id), begun, ended);
  }

  private void follow(String user, String name, long begun, long ended) {
    ok(user, new Operation.Follow(name), begun, ended);
  }

  private void stream(String reader, int number, long cursor, long at) {
    events.add(new StreamBegun(reader, number, cursor, at));
  }

  private void shown(String reader, int stream, long id, long cursor, long at) {
    events.add(new Shown(reader, stream, id, cursor, at));
  }
}
