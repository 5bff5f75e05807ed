package social.starling.operator.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.operator.api.SnsCluster;

/** What the objects of a cluster look like. Write them anew: -Dgolden.write=true. */
class ChildrenTest {

  private static final Path CASES = Path.of("src/test/resources/objects");
  private static final Settings SETTINGS =
      new Settings(
          "starling",
          "starling-coordinator.starling.svc:7001",
          "starling-credential",
          "starling/server:0.1.0",
          "starling/synchronizer:0.1.0",
          "IfNotPresent",
          List.of("registry"),
          Duration.ofSeconds(30),
          "json",
          "info");

  @ParameterizedTest
  @ValueSource(strings = {"defaults", "everything"})
  void areMadeFromTheSpec(String name) throws IOException {
    SnsCluster cluster = read(name);
    List<HasMetadata> children = new ArrayList<>();
    children.add(Member.claim(cluster, 1));
    children.add(Member.pod(cluster, 1, 0, SETTINGS));
    children.addAll(Companions.of(cluster, SETTINGS));

    StringBuilder text = new StringBuilder();
    children.forEach(child -> text.append(Serialization.asYaml(child)));

    Path golden = CASES.resolve(name + ".children.yaml");
    if (Boolean.getBoolean("golden.write")) {
      Files.writeString(golden, text.toString());
    }
    assertThat(text.toString()).isEqualTo(Files.readString(golden));
  }

  @Test
  void noClaimIsOwned() throws IOException {
    assertThat(Member.claim(read("everything"), 1).getMetadata().getOwnerReferences()).isEmpty();
  }

  @Test
  void theRevisionIsThatOfTheSpecAndNotOfTheMember() throws IOException {
    SnsCluster cluster = read("defaults");

    assertThat(Labels.annotation(Member.pod(cluster, 1, 0, SETTINGS), Labels.REVISION))
        .isEqualTo(Labels.annotation(Member.pod(cluster, 2, 5, SETTINGS), Labels.REVISION))
        .isNotEqualTo(
            Labels.annotation(Member.pod(read("everything"), 1, 0, SETTINGS), Labels.REVISION));
  }

  private static SnsCluster read(String name) throws IOException {
    return Serialization.unmarshal(
        Files.readString(CASES.resolve(name + ".yaml")), SnsCluster.class);
  }
}
