package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.StartException;

class RunStateJsonTest {

  private static final ProcessRecord PROCESS =
      new ProcessRecord(
          4711, Instant.parse("2026-11-22T01:02:03.120Z"), "f00", List.of("java", "-x", "a \"b\""));

  private static final RunState STATE =
      RunState.NEW
          .withInitialised()
          .withFirstClusters(List.of("alpha"))
          .withEntry(entry(Service.coordinator(), new Endpoints(0, 4601, 4602)))
          .withEntry(entry(Service.server("alpha", "alpha-1"), new Endpoints(4603, 4604, 4605)))
          .withEntry(entry(Service.synchronizer("alpha"), new Endpoints(0, 4607, 4608)))
          .withEntry(entry(Service.router(), new Endpoints(4600, 0, 4606)))
          .withProcess("alpha-1", Optional.of(PROCESS))
          .withLauncher(PROCESS)
          .withReady();

  @Test
  void shouldReadWhatItWrote() {
    assertThat(RunStateJson.read(RunStateJson.write(STATE), "f")).isEqualTo(STATE);
    assertThat(RunStateJson.read(RunStateJson.write(RunState.NEW), "f")).isEqualTo(RunState.NEW);
    RunState named = STATE.withDomain("starling.test");
    assertThat(RunStateJson.read(RunStateJson.write(named), "f")).isEqualTo(named);
  }

  @Test
  void shouldTellOtherCommandsTheAddressesOfCoordinatorsAndRouter() {
    JsonObject json = JsonParser.parseString(RunStateJson.write(STATE)).getAsJsonObject();

    assertThat(json.getAsJsonArray("coordinators").get(0).getAsString())
        .isEqualTo("127.0.0.1:4601");
    assertThat(json.get("router").getAsString()).isEqualTo("127.0.0.1:4600");
  }

  @Test
  void shouldExpectAsManyClustersAsThereAreWhenAnOlderFileDoesNotSay() {
    String older = RunStateJson.write(STATE).replaceFirst("\"expectedClusters\": 1,", "");

    assertThat(RunStateJson.read(older, "f")).isEqualTo(STATE);
  }

  @Test
  void shouldSayInASentenceThatTheFileIsDamaged() {
    String whole = RunStateJson.write(STATE);

    for (String damaged :
        List.of("", "{", "[]", "{}", whole.substring(0, whole.length() / 2), "null")) {
      assertThatThrownBy(() -> RunStateJson.read(damaged, "launcher.json"))
          .as(damaged)
          .isInstanceOf(StartException.class)
          .hasMessageStartingWith("launcher.json is damaged");
    }
  }

  @Test
  void shouldRefuseANewerFormat() {
    assertThatThrownBy(() -> RunStateJson.read("{\"format\": 2}", "launcher.json"))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "launcher.json has format 2; this starling reads formats up to 1: use a newer one");
  }

  @Test
  void shouldHaveInTheFileWhatUpdateReturnedFrom(@TempDir Path folder) {
    Path path = folder.resolve("launcher.json");
    StateFile file = StateFile.open(path);

    file.update(state -> STATE);

    assertThat(StateFile.read(path)).isEqualTo(STATE).isEqualTo(file.state());
    assertThat(folder).isDirectoryContaining(f -> f.equals(path));
    assertThat(Files.exists(folder.resolve("launcher.json.new"))).isFalse();
  }

  private static RunState.Entry entry(Service service, Endpoints endpoints) {
    return new RunState.Entry(service, endpoints, Optional.empty());
  }
}
