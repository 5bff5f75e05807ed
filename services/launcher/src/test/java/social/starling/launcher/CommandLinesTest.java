package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLinesTest {

  private static final CommandLines LINES =
      new CommandLines(
          new Distribution(Path.of("java"), Path.of("home"), Optional.empty()),
          new DataDirectory(Path.of("/data")));

  private static final RunState STATE =
      Plan.of(
              RunState.NEW,
              new Plan.Wish(OptionalInt.of(1), OptionalInt.empty()),
              Set.of(),
              port -> true)
          .state();

  private static final int COORDINATOR_PORT =
      STATE.entry("coordinator").orElseThrow().endpoints().internalPort();

  @ParameterizedTest
  @ValueSource(strings = {"alpha-1", "alpha-2", "alpha-synchronizer", "router"})
  void shouldLetProcessesKnowEachOtherByNamesWhenThereIsADomain(String name) {
    List<String> command = command(STATE.withDomain("starling.test"), name);

    assertThat(after(command, "--advertise")).isEqualTo(name + ".starling.test");
    assertThat(after(command, "--coordinators"))
        .isEqualTo("coordinator.starling.test:" + COORDINATOR_PORT);
    assertThat(after(command, "--host")).isEqualTo("127.0.0.1");
  }

  @Test
  void shouldLetTheCoordinatorBeKnownByItsNameToo() {
    List<String> command = command(STATE.withDomain("starling.test"), "coordinator");

    assertThat(after(command, "--advertise")).isEqualTo("coordinator.starling.test");
  }

  @Test
  void shouldLetProcessesKnowEachOtherByTheLoopbackAddressOtherwise() {
    List<String> command = command(STATE, "alpha-1");

    assertThat(command).doesNotContain("--advertise");
    assertThat(after(command, "--coordinators")).isEqualTo("127.0.0.1:" + COORDINATOR_PORT);
  }

  private static List<String> command(RunState state, String name) {
    return LINES.of(state, state.entry(name).orElseThrow(), "instance");
  }

  private static String after(List<String> command, String flag) {
    return command.get(command.indexOf(flag) + 1);
  }
}
