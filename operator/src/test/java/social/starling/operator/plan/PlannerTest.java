package social.starling.operator.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import social.starling.operator.model.Labels;

/**
 * What is planned in each situation: one folder each, with what is seen and the plan. Write the
 * plans anew, and read what has changed: -Dgolden.write=true.
 */
class PlannerTest {

  private static final Path CASES = Path.of("src/test/resources/plans");

  static Stream<String> cases() throws IOException {
    try (Stream<Path> folders = Files.list(CASES)) {
      return folders.map(folder -> folder.getFileName().toString()).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void plans(String name) throws IOException {
    // Given
    Path folder = CASES.resolve(name);
    Observation seen = Case.read(Files.readString(folder.resolve("seen.yaml")));

    // When
    Plan plan = new Planner(Case.SETTINGS).plan(seen);

    // Then
    String text = render(plan);
    Path golden = folder.resolve("plan.yaml");
    if (Boolean.getBoolean("golden.write")) {
      Files.writeString(golden, text);
    }
    assertThat(text).isEqualTo(Files.readString(golden));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheSamePlanForTheSameObservation(String name) throws IOException {
    Observation seen = Case.read(Files.readString(CASES.resolve(name).resolve("seen.yaml")));

    Plan plan = new Planner(Case.SETTINGS).plan(seen);

    assertThat(new Planner(Case.SETTINGS).plan(seen)).isEqualTo(plan);
  }

  private static String render(Plan plan) {
    Map<String, Object> text = new LinkedHashMap<>();
    text.put("actions", plan.actions().stream().map(PlannerTest::render).toList());
    text.put("news", plan.news().stream().map(PlannerTest::render).toList());
    text.put("again", plan.again().toString());
    text.put("released", plan.released());
    text.put("status", plan.status());
    return Serialization.asYaml(text).replaceFirst("^---\n", "");
  }

  private static String render(Action action) {
    return switch (action) {
      case Action.ReportDead(String member, String instance) ->
          "report dead: %s, process %s".formatted(member, instance);
      case Action.ReserveSerials(int next) -> "reserve serials below " + next;
      case Action.RecordMembers(List<String> members, long version) ->
          "record members %s after version %d".formatted(members, version);
      case Action.Forget _ -> "forget";
      case Action.HandOver _ -> "hand over";
      case Action.Create(HasMetadata object) -> "create " + render(object);
      case Action.Apply(HasMetadata object) -> "apply " + render(object);
      case Action.Delete(HasMetadata object, boolean atOnce) ->
          "delete " + render(object) + (atOnce ? " at once" : "");
      case Action.Mark mark ->
          "mark %s %s".formatted(mark.pod().getMetadata().getName(), new TreeMap<>(mark.labels()));
      case Action.Grow grow ->
          "grow %s to %s".formatted(grow.claim().getMetadata().getName(), grow.size());
      case Action.Tell tell ->
          "tell %s %s: %s".formatted(tell.importance(), tell.reason(), tell.message());
    };
  }

  private static String render(HasMetadata object) {
    String name = object.getKind() + " " + object.getMetadata().getName();
    return Labels.annotation(object, Labels.ATTEMPTS)
        .filter(attempts -> !attempts.equals("0"))
        .map(attempts -> name + " attempts=" + attempts)
        .orElse(name);
  }
}
