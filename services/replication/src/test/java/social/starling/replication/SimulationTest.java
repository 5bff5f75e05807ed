package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.replication.Counts.Seen;

/**
 * Many seeds of the simulator. {@code -Dseeds=N} runs N of them, from {@code -DfirstSeed=N} on,
 * with {@code -Devents=N} events before each heals; {@code -Dseed=N} replays one and prints what
 * happens.
 */
class SimulationTest {

  private static final int FAULTY_EVENTS = Integer.getInteger("events", 2_000);

  /** A run that broke an invariant. */
  private record Failure(long seed, Profile profile, Violation violation) {}

  @Test
  @DisabledIfSystemProperty(named = "seed", matches = ".+")
  void everyInvariantHoldsAfterEveryStepOfEverySeed() {
    long first = Long.getLong("firstSeed", 1);
    long many = Long.getLong("seeds", 10_000);
    long began = System.nanoTime();
    Counts total = new Counts();
    AtomicReference<Failure> failure = new AtomicReference<>();
    LongStream.range(first, first + many)
        .parallel()
        .filter(seed -> failure.get() == null)
        .forEach(seed -> {
          try {
            Counts counts = run(seed, Profile.of(seed), Plant.NONE);
            synchronized (total) {
              total.addAll(counts);
            }
          } catch (Violation violation) {
            failure.compareAndSet(null, new Failure(seed, Profile.of(seed), violation));
          }
        });
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf(
        "simulator: %d seeds, %.0f events/s, saw %s%n",
        many, total.get(Seen.EVENTS) / seconds, total);
    if (failure.get() != null) {
      throw new AssertionError(
          ("seed %d (%s) breaks an invariant; replay it with: mvn -pl services/replication -am"
                  + " test -Dtest=SimulationTest -Dsurefire.failIfNoSpecifiedTests=false"
                  + " -Devents=%d -Dseed=%d")
              .formatted(
                  failure.get().seed(),
                  failure.get().profile().name(),
                  FAULTY_EVENTS,
                  failure.get().seed()),
          failure.get().violation());
    }
    for (Seen seen : Seen.values()) {
      assertThat(total.get(seen)).as("%s in %s", seen, total).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  @DisabledIfSystemProperty(named = "seed", matches = ".+")
  void nobodyFailsOverInALongRunUnderLoadWithoutAFault(long seed) {
    Counts calm = new Simulation(seed, Profile.CALM, Plant.NONE, null).run(150_000);
    Counts busy = new Simulation(seed, Profile.BUSY, Plant.NONE, null).run(150_000);
    calm.addAll(busy);
    assertThat(calm.get(Seen.ACKNOWLEDGED)).isGreaterThan(20_000);
    assertThat(calm.get(Seen.PROMOTIONS) + calm.get(Seen.SHRINKS)).isZero();
  }

  @Test
  void theSameSeedGivesTheSameRun() {
    Counts once = run(7, Profile.CHAOS, Plant.NONE);
    Counts again = run(7, Profile.CHAOS, Plant.NONE);
    assertThat(again).hasToString(once.toString());
  }

  @Test
  @EnabledIfSystemProperty(named = "seed", matches = ".+")
  void replayOneSeed() {
    long seed = Long.getLong("seed");
    Simulation simulation = new Simulation(seed, Profile.of(seed), Plant.NONE, System.out::println);
    System.out.println(simulation + " saw " + simulation.run(FAULTY_EVENTS));
  }

  private static Counts run(long seed, Profile profile, Plant plant) {
    return new Simulation(seed, profile, plant, null).run(FAULTY_EVENTS);
  }
}
