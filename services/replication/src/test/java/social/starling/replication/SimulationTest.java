package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import social.starling.replication.Counts.Seen;

/** Many seeds of the simulator; {@code -Dseeds=N -DfirstSeed=N -Dseed=N}. */
class SimulationTest {

  private static final int FAULTY_EVENTS = Integer.getInteger("events", 2_000);

  @Test
  @DisabledIfSystemProperty(named = "seed", matches = ".+")
  void everyInvariantHoldsAfterEveryStepOfEverySeed() {
    long first = Long.getLong("firstSeed", 1);
    long many = Long.getLong("seeds", 10_000);
    long began = System.nanoTime();
    Counts total = new Counts();
    AtomicReference<Violation> worst = new AtomicReference<>();
    AtomicReference<String> which = new AtomicReference<>();
    LongStream.range(first, first + many)
        .parallel()
        .forEach(
            seed -> {
              if (worst.get() != null) {
                return;
              }
              Simulation simulation =
                  new Simulation(seed, Profile.of(seed), Plant.NONE, null);
              try {
                Counts counts = simulation.run(FAULTY_EVENTS);
                synchronized (total) {
                  total.addAll(counts);
                }
              } catch (Violation violation) {
                if (worst.compareAndSet(null, violation)) {
                  which.set(simulation.toString());
                }
              }
            });
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf("simulator: %d seeds in %.1f s: %s%n", many, seconds, total);
    if (worst.get() != null) {
      throw new AssertionError(
          which.get()
              + "; replay it with: mvn -o -pl services/replication -am test"
              + " -Dtest=SimulationTest -Dsurefire.failIfNoSpecifiedTests=false "
              + which.get().replaceAll("seed (\\d+),.*", "-Dseed=$1"),
          worst.get());
    }
    for (Seen seen : Seen.values()) {
      assertThat(total.get(seen)).as("%s in %s", seen, total).isPositive();
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "seed", matches = ".+")
  void replayOneSeed() {
    long seed = Long.getLong("seed");
    System.out.println(
        new Simulation(seed, Profile.of(seed), Plant.NONE, System.out::println)
            .run(FAULTY_EVENTS));
  }
}
