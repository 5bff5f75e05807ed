package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A check that finds nothing proves nothing: every invariant must catch a planted bug. */
class PlantedBugTest {

  private static final int FAULTY_EVENTS = 2_000;
  private static final int BATCH = 64;
  private static final int MOST_SEEDS = 20_000;

  @ParameterizedTest
  @EnumSource
  void shouldFindThePlantedBug(PlantedBug bug) {
    Map<Invariant, Long> firstSeeds = new ConcurrentHashMap<>();
    long next = 1;
    while (!firstSeeds.containsKey(bug.caughtBy()) && next <= MOST_SEEDS) {
      LongStream.range(next, next + BATCH).parallel().forEach(seed -> run(bug, seed, firstSeeds));
      next += BATCH;
    }
    System.out.printf("planted %s: broken (first seed) %s%n", bug, new TreeMap<>(firstSeeds));
    assertThat(firstSeeds).as("invariants that caught %s", bug).containsKey(bug.caughtBy());
  }

  private static void run(PlantedBug bug, long seed, Map<Invariant, Long> firstSeeds) {
    try {
      new Simulation(seed, bug.profile(seed), bug.plant(), null).run(FAULTY_EVENTS);
    } catch (Violation violation) {
      firstSeeds.merge(violation.invariant(), seed, Math::min);
    }
  }

  @Test
  void shouldHaveABugForEveryInvariant() {
    assertThat(
            Arrays.stream(PlantedBug.values())
                .map(PlantedBug::caughtBy)
                .collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(Invariant.values());
  }
}
