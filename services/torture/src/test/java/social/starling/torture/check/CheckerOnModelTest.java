package social.starling.torture.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import social.starling.torture.check.World.Bug;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.History;
import social.starling.torture.history.Shown;

class CheckerOnModelTest {

  /** By which checkers a bug is seen, of those that must see it at least once in some seeds. */
  private static final Map<Bug, Set<String>> SEEN_BY =
      Map.ofEntries(
          Map.entry(Bug.LOSES_A_POST, Set.of("acknowledged", "stale-reads")),
          Map.entry(Bug.DOES_TWICE, Set.of("twice")),
          Map.entry(Bug.DOES_WHAT_IT_REFUSED, Set.of("invented")),
          Map.entry(Bug.READS_STALE_POSTS, Set.of("stale-reads", "own-posts", "sessions")),
          Map.entry(Bug.READS_STALE_TIMELINES, Set.of("timelines")),
          Map.entry(Bug.READS_STALE_FOLLOWS, Set.of("follows")),
          Map.entry(Bug.FORGETS_A_DELETION, Set.of("gone", "stale-reads")),
          Map.entry(Bug.FORGETS_AN_UNFOLLOW, Set.of("follows", "gone")),
          Map.entry(Bug.FORGETS_A_FOLLOW, Set.of("follows")),
          Map.entry(Bug.STREAM_LEAVES_OUT, Set.of("streams")),
          Map.entry(Bug.STREAM_REPEATS, Set.of("streams")),
          Map.entry(Bug.STREAM_IGNORES_UNFOLLOWS, Set.of("streams")),
          Map.entry(Bug.LOSES_A_CROSSING, Set.of("clusters", "timelines", "streams")),
          Map.entry(Bug.IDS_STEP_BACK, Set.of("order")));

  @Test
  void shouldFindNothingWrongWithACorrectInstallation() {
    for (long seed = 1; seed <= 15; seed++) {
      History history = World.history(seed, Bug.NONE, 800);
      assertThat(history.events().size()).isGreaterThan(2_000);
      assertThat(history.events())
          .as("unknown outcomes, and shows")
          .anyMatch(e -> e instanceof Call call && call.outcome() == Outcome.UNKNOWN)
          .anyMatch(Shown.class::isInstance);
      assertThat(Checker.check(history).stream().map(v -> v.checker() + ": " + v.sentence()))
          .as("seed %d", seed)
          .isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void shouldSeeEachBug(Bug bug) {
    Set<String> seen = new TreeSet<>();
    int caught = 0;
    for (long seed = 1; seed <= 6; seed++) {
      List<Violation> violations = Checker.check(World.history(seed, bug, 700));
      caught += violations.isEmpty() ? 0 : 1;
      seen.addAll(violations.stream().map(Violation::checker).collect(Collectors.toSet()));
    }
    assertThat(seen).containsAll(SEEN_BY.get(bug));
    assertThat(caught).as("runs of 6 in which %s was caught", bug).isGreaterThanOrEqualTo(4);
  }
}
