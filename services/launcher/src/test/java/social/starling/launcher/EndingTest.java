package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class EndingTest {

  private final List<String> events = new ArrayList<>();
  private final Ending ending = new Ending(events::add, Duration.ofMillis(50));

  @Test
  void shouldEndRoutersSynchronizersAndSlavesThenMastersThenCoordinators() throws Exception {
    ending.end(
        List.of(
            candidate(Service.coordinator(), true),
            candidate(Service.server("alpha", "alpha-1"), true),
            candidate(Service.server("alpha", "alpha-2"), true),
            candidate(Service.synchronizer("alpha"), true),
            candidate(Service.router(), true)),
        service -> service.name().equals("alpha-1"));

    assertThat(events)
        .containsExactly(
            "terminate alpha-2",
            "terminate alpha-synchronizer",
            "terminate router",
            "terminate alpha-1",
            "terminate coordinator");
  }

  @Test
  void shouldKillWhoeverDoesNotEndInTimeAndSaySo() throws Exception {
    ending.end(List.of(candidate(Service.router(), false)), service -> false);

    assertThat(events)
        .containsExactly(
            "terminate router",
            "router             did not end within 0 s; killed (pid 42)",
            "kill router");
  }

  private Ending.Candidate candidate(Service service, boolean obeys) {
    return new Ending.Candidate(service, new Obedient(service.name(), obeys));
  }

  private final class Obedient implements Running {

    private final String name;
    private final boolean obeys;
    private boolean alive = true;

    Obedient(String name, boolean obeys) {
      this.name = name;
      this.obeys = obeys;
    }

    @Override
    public long pid() {
      return 42;
    }

    @Override
    public Instant started() {
      return Instant.EPOCH;
    }

    @Override
    public boolean isAlive() {
      return alive;
    }

    @Override
    public OptionalInt awaitDeath() {
      return OptionalInt.of(0);
    }

    @Override
    public void terminate() {
      events.add("terminate " + name);
      alive = !obeys;
    }

    @Override
    public void kill() {
      events.add("kill " + name);
      alive = false;
    }
  }
}
