package social.starling.server.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A check that finds nothing proves nothing: every promise must catch a planted bug. */
class WorldBugTest {

  private static final int MOST_SEEDS = 300;
  private static final int SEEDS_OF_THE_HARMLESS = 12;

  @ParameterizedTest
  @EnumSource
  void shouldFindThePlantedBug(WorldBug bug) {
    Map<Promise, Long> firstSeeds = new EnumMap<>(Promise.class);
    for (long seed = 1; seed <= MOST_SEEDS && !firstSeeds.containsKey(bug.caughtBy()); seed++) {
      try {
        new World(seed, bug.plant(), null).run();
      } catch (Broken broken) {
        firstSeeds.putIfAbsent(broken.promise(), seed);
      }
    }
    System.out.printf("planted %s: broken (first seed) %s%n", bug, firstSeeds);
    assertThat(firstSeeds).as("promises that caught %s", bug).containsKey(bug.caughtBy());
  }

  @Test
  void shouldHaveABugForEveryPromise() {
    assertThat(Arrays.stream(WorldBug.values()).map(WorldBug::caughtBy).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(Promise.values());
  }

  /**
   * A position that the peer has named is never above what the peer had committed when the follow
   * was asked for, and posts that are owed come after that. So "seen" may be believed early and
   * kept through failovers: forgetting it is caution, and no promise hangs on it.
   */
  @Test
  void shouldOweNothingToForgettingWhatWasSeen() {
    WorldPlant credulous =
        new WorldPlant() {
          @Override
          boolean believesSeen() {
            return true;
          }

          @Override
          boolean keepsSeen() {
            return true;
          }
        };
    for (long seed = 1; seed <= SEEDS_OF_THE_HARMLESS; seed++) {
      World world = new World(seed, credulous, null);
      assertThatCode(world::run).as("seed %d", seed).doesNotThrowAnyException();
    }
  }
}
