package social.starling.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Runs {@code helm} over the chart. Tests are skipped where there is none. */
final class Helm {

  static final String NAMESPACE = "birds";
  static final Path ROOT = Path.of(System.getProperty("starling.root", "..")).normalize();
  static final Path CHART = ROOT.resolve("helm/starling");

  /** What helm said. */
  record Outcome(int code, String out, String err) {}

  private Helm() {}

  static void assumeThere() {
    boolean there =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "helm")));
    assumeTrue(there, "helm is not on the PATH, so the chart is not rendered");
  }

  /** Renders the chart as for a first installation. */
  static Manifest render(String... flags) {
    Outcome outcome = template(flags);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return new Manifest(objects(outcome.out()));
  }

  /** What somebody reads who has installed it. Only an installation renders it, so it is put in. */
  static String notes(String... flags) throws IOException {
    Path copy = Files.createTempDirectory("chart");
    try {
      try (Stream<Path> files = Files.walk(CHART)) {
        for (Path file : files.toList()) {
          Path target = copy.resolve(CHART.relativize(file).toString());
          if (!Files.isDirectory(file)) {
            Files.copy(file, target);
          } else if (!target.equals(copy)) {
            Files.createDirectories(target);
          }
        }
      }
      Files.writeString(
          copy.resolve("templates/told.yaml"),
          """
          apiVersion: v1
          kind: ConfigMap
          metadata:
            name: told
          data:
            notes: {{ include (print $.Template.BasePath "/NOTES.txt") . | quote }}
          """);
      Outcome outcome = template(copy, flags);
      assertThat(outcome.code()).as(outcome.err()).isZero();
      return new Manifest(objects(outcome.out()))
          .get(ConfigMap.class, "told")
          .getData()
          .get("notes");
    } finally {
      try (Stream<Path> files = Files.walk(copy)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  static Outcome template(String... flags) {
    return template(CHART, flags);
  }

  private static Outcome template(Path chart, String... flags) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "template",
                "starling",
                chart.toString(),
                "--namespace",
                NAMESPACE,
                "--kube-version",
                "1.34.0"));
    arguments.addAll(List.of(flags));
    return run(arguments);
  }

  static Outcome run(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of("helm"));
    command.addAll(arguments);
    try {
      Path err = Files.createTempFile("helm", ".err");
      try {
        Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err));
      } finally {
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<HasMetadata> objects(String yaml) {
    List<HasMetadata> objects = new ArrayList<>();
    for (String document : yaml.split("(?m)^---$")) {
      boolean holds = document.lines().anyMatch(line -> !line.isBlank() && !line.startsWith("#"));
      if (holds) {
        Object read = Serialization.unmarshal(document);
        objects.add(
            read instanceof HasMetadata object
                ? object
                : Serialization.unmarshal(document, GenericKubernetesResource.class));
      }
    }
    return objects;
  }
}
