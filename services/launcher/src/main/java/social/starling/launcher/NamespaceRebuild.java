package social.starling.launcher;

import static social.starling.launcher.Namespace.nameOf;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.GetStatusResponse;

/**
 * A rebuild on Kubernetes: the volumes are claims, the state is ConfigMaps. What there was is kept
 * in a file; then it is deleted, the marker first, so that no coordinator begins with half of it;
 * then a pod with the coordinators' account writes the new one, the marker last. Broken off at any
 * point it is done again from the start.
 */
final class NamespaceRebuild {

  private final Namespace namespace;
  private final Path folder;
  private final Duration patience;
  private final Consumer<String> say;

  /**
   * @param folder in which what is replaced, and what is written, are kept
   * @param patience how long a pod may take
   * @param say is told what is done, in sentences
   */
  NamespaceRebuild(Namespace namespace, Path folder, Duration patience, Consumer<String> say) {
    this.namespace = namespace;
    this.folder = folder;
    this.patience = patience;
    this.say = say;
  }

  /** The volumes of both members of each cluster. */
  List<VolumeView> volumes() throws InterruptedException {
    List<VolumeView> found = new ClaimReader(namespace, RebuildPods.of(namespace), patience).read();
    List<VolumeView> chosen = MemberChoice.of(found, namespace.clusters());
    if (chosen.isEmpty()) {
      throw new StartException(
          ExitCode.USAGE,
          "no volume of a cluster is found in namespace %s; coordinators begin there by themselves"
              .formatted(namespace.name()));
    }
    return chosen;
  }

  /** What coordinators know, if they would begin with it. */
  Optional<GetStatusResponse> status() throws InterruptedException {
    return RecordedState.of(namespace).status();
  }

  /** Puts the state in the place of what there is. */
  void write(Rebuilt rebuilt) throws InterruptedException {
    RebuildPods pods = RebuildPods.of(namespace);
    RecordedState before = RecordedState.of(namespace);
    String text = rebuilt.state().toString();
    say.accept("Kept as " + keep("rebuilt-coordinator-", ".txt", text) + ".");
    if (!before.isEmpty()) {
      say.accept(
          "What was there is kept as "
              + keep("replaced-coordinator-", ".json", before.backup().toString())
              + ".");
    }
    removeWriter();
    try {
      namespace.createConfigMap(pods.stateMap(text));
      if (before.marker().isPresent()) {
        namespace.deleteConfigMap(nameOf(before.marker().get()));
      }
      for (JsonObject document : before.documents()) {
        namespace.deleteConfigMap(nameOf(document));
      }
      namespace.createPod(pods.write());
      ClaimReader.End end = ClaimReader.await(namespace, RebuildPods.WRITER, patience);
      if (!end.succeeded()) {
        throw new StartException(
            ExitCode.FAILED,
            "the state was not written, so no coordinator begins; do it again: the pod that writes it "
                + end.why());
      }
    } finally {
      removeWriter();
    }
    // They end by themselves, but one that ended often is started again minutes later.
    for (JsonObject pod : namespace.pods(Namespace.COORDINATORS)) {
      namespace.endPod(nameOf(pod));
    }
  }

  private void removeWriter() throws InterruptedException {
    namespace.removePod(RebuildPods.WRITER);
    namespace.deleteConfigMap(RebuildPods.WRITER);
  }

  private Path keep(String prefix, String suffix, String content) {
    Path file =
        IntStream.iterate(1, number -> number + 1)
            .mapToObj(number ->
                folder.resolve(
                    prefix + namespace.name() + (number == 1 ? "" : "-" + number) + suffix))
            .filter(free -> !Files.exists(free))
            .findFirst()
            .orElseThrow();
    try {
      return Files.writeString(file, content, StandardOpenOption.CREATE_NEW);
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "%s cannot be written: %s".formatted(file, Reasons.of(e)), e);
    }
  }
}
