package social.starling.e2e;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.Collectors;
import social.starling.e2e.installation.Starling;

/** How things are in the namespace, written to files for a person who looks for a cause. */
final class Diagnostics {

  private static final int LINES = 2_000;

  private Diagnostics() {}

  /** Writes all that can be had; what cannot is left out. */
  static void write(Ground ground, String name) {
    Path directory =
        ground.target().resolve("diagnostics").resolve(name.replaceAll("[^A-Za-z0-9]+", "-"));
    KubernetesClient client = ground.starling().client();
    try {
      Files.createDirectories(directory);
      Files.writeString(
          directory.resolve("snsclusters.yaml"),
          Serialization.asYaml(ground.starling().clusters()));
      Files.writeString(
          directory.resolve("pods.yaml"),
          Serialization.asYaml(client.pods().inNamespace(Starling.NAMESPACE).list().getItems()));
      Files.writeString(
          directory.resolve("events.txt"),
          client.v1().events().inNamespace(Starling.NAMESPACE).list().getItems().stream()
              .sorted(
                  Comparator.comparing(
                      event -> Objects.requireNonNullElse(event.getLastTimestamp(), "")))
              .map(Diagnostics::line)
              .collect(Collectors.joining("\n")));
      for (Pod pod : client.pods().inNamespace(Starling.NAMESPACE).list().getItems()) {
        log(client, pod, directory, false);
        log(client, pod, directory, true);
      }
      ground.story().tell("how things are is written to %s", directory);
    } catch (IOException | KubernetesClientException e) {
      ground.story().tell("how things are could not be written: %s", e.getMessage());
    }
  }

  private static String line(Event event) {
    return "%s %s %s %s/%s %s"
        .formatted(
            event.getLastTimestamp(),
            event.getType(),
            event.getReason(),
            event.getInvolvedObject().getKind(),
            event.getInvolvedObject().getName(),
            event.getMessage());
  }

  private static void log(KubernetesClient client, Pod pod, Path directory, boolean before)
      throws IOException {
    String name = pod.getMetadata().getName();
    try {
      var one = client.pods().inNamespace(Starling.NAMESPACE).withName(name);
      String log =
          before ? one.terminated().tailingLines(LINES).getLog() : one.tailingLines(LINES).getLog();
      Files.writeString(directory.resolve(name + (before ? "-before" : "") + ".log"), log);
    } catch (KubernetesClientException e) {
      // It has none, or its node does not answer.
    }
  }
}
