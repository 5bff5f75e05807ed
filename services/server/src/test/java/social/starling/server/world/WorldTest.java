package social.starling.server.world;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Many seeds of several clusters. {@code -Dworld.seeds=N} runs N of them, from {@code
 * -Dworld.firstSeed=N} on; {@code -Dworld.seed=N} replays one and prints what happens.
 */
class WorldTest {

  /** A run that broke something. */
  private record Failure(long seed, RuntimeException why) {}

  @Test
  @DisabledIfSystemProperty(named = "world.seed", matches = ".+")
  void everyPromiseHoldsInEverySeed() {
    long first = Long.getLong("world.firstSeed", 1);
    long many = Long.getLong("world.seeds", 250);
    long began = System.nanoTime();
    WorldCounts total = new WorldCounts();
    AtomicReference<Failure> failure = new AtomicReference<>();
    LongStream.range(first, first + many)
        .parallel()
        .filter(seed -> failure.get() == null)
        .forEach(seed -> {
          try {
            WorldCounts counts = new World(seed, WorldPlant.NONE, null).run();
            synchronized (total) {
              total.addAll(counts);
            }
          } catch (RuntimeException broken) {
            failure.compareAndSet(null, new Failure(seed, broken));
          }
        });
    System.out.printf(
        "worlds: %d seeds in %.1f s, saw %s%n", many, (System.nanoTime() - began) / 1e9, total);
    if (failure.get() != null) {
      throw new AssertionError(
          "seed %d is broken; replay it with: mvn -pl services/server -am test"
                  .formatted(failure.get().seed())
              + " -Dtest=WorldTest -Dsurefire.failIfNoSpecifiedTests=false -Dworld.seed="
              + failure.get().seed(),
          failure.get().why());
    }
    for (Seen seen : Seen.values()) {
      assertThat(total.get(seen)).as("%s in %s", seen, total).isPositive();
    }
  }

  @Test
  @DisabledIfSystemProperty(named = "world.seed", matches = ".+")
  void theSameSeedGivesTheSameRun() {
    WorldCounts once = new World(7, WorldPlant.NONE, null).run();
    WorldCounts again = new World(7, WorldPlant.NONE, null).run();
    assertThat(again).hasToString(once.toString());
  }

  @Test
  @EnabledIfSystemProperty(named = "world.seed", matches = ".+")
  void replayOneSeed() {
    long seed = Long.getLong("world.seed");
    World world = new World(seed, WorldPlant.NONE, System.out::println);
    System.out.println("seed " + seed + " saw " + world.run());
  }
}
