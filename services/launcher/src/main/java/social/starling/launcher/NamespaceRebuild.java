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
 *
 * <p>Coordinators may be at work with what there is: it may be too old, or lack its marker only.
 * Whom they promote while the volumes are read is not seen there. So the state is looked at before
 * the volumes, and nothing is written unless each of its documents is still the same when it is
 * deleted; from then on whatever those coordinators write is refused.
 */
final class NamespaceRebuild {

  private final Namespace namespace;
  private final Path folder;
  private final Duration patience;
  private final Consumer<String> say;
  private final RecordedState before;

  /**
   * @param folder in which what is replaced, and what is written, are kept
   * @param patience how long a pod may take
   * @param say is told what is done, in sentences
   */
  NamespaceRebuild(Namespace namespace, Path folder, Duration patience, Consumer<String> say)
      throws InterruptedException {
    this.namespace = namespace;
    this.folder = folder;
    this.patience = patience;
    this.say = say;
    this.before = RecordedState.of(namespace);
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

  /** What coordinators know, if they would begin with it; as it was before any volume was read. */
  Optional<GetStatusResponse> status() {
    return before.status();
  }

  /** What they would know if only the marker were there; empty when it is, or more is missing. */
  Optional<GetStatusResponse> unmarked() {
    return before.marker().isPresent() ? Optional.empty() : before.records();
  }

  /** Puts the marker back to the documents that are there. */
  void mark() throws InterruptedException {
    checkUnchanged();
    namespace.createConfigMap(RecordedState.newMarker());
    restartCoordinators();
  }

  /** Puts the state in the place of what there is. */
  void write(Rebuilt rebuilt) throws InterruptedException {
    RebuildPods pods = RebuildPods.of(namespace);
    checkUnchanged();
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
        if (!namespace.deleteUnchangedConfigMap(document)) {
          throw changed("No coordinator begins before that.");
        }
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
    restartCoordinators();
  }

  private void checkUnchanged() throws InterruptedException {
    if (!RecordedState.of(namespace).hasDocumentsOf(before)) {
      throw changed("Nothing was changed.");
    }
  }

  private StartException changed(String standing) {
    return new StartException(
        ExitCode.REFUSED,
        ("coordinators that are still at work in namespace %s have written their state since the"
                + " volumes were read, so another member may be master by now; do it again. %s")
            .formatted(namespace.name(), standing));
  }

  private void restartCoordinators() throws InterruptedException {
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
