package social.starling.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.SlotOwner;

/** {@code starling admin rebuild-coordinator}; docs/operations.md tells when and how. */
@Command(
    name = "rebuild-coordinator",
    description =
        "The coordinator's state is gone, or older than the volumes: work it out from the volumes of"
            + " DIR, or of a namespace of Kubernetes, show it, and write it when told.")
final class RebuildCommand implements Callable<Integer> {

  /** An image may have to come first, and a node may be busy. */
  private static final Duration POD = Duration.ofMinutes(3);

  @Mixin private DirectoryOption dir = new DirectoryOption();

  @Option(
      names = "--kubernetes-namespace",
      paramLabel = "NAMESPACE",
      description =
          "Instead of --dir: the volumes and the state are in this namespace of the cluster that"
              + " kubectl talks to.")
  private String namespace;

  @Option(
      names = "--context",
      paramLabel = "NAME",
      description = "Of kubectl's configuration; default: the current one.")
  private String context;

  @Option(names = "--write", description = "Write it; otherwise it is only shown.")
  private boolean write;

  @Option(
      names = "--accept-loss",
      description = "Go on although a volume cannot be used; what only it holds is given up.")
  private boolean acceptLoss;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      converter = StatusCommand.OutputConverter.class,
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private StatusCommand.Output output = StatusCommand.Output.TEXT;

  @Override
  public Integer call() throws InterruptedException {
    return namespace == null ? inDirectory() : inNamespace();
  }

  private int inDirectory() throws InterruptedException {
    DataDirectory directory = dir.directory();
    Distribution distribution = Distribution.current();
    Optional<RunState> recorded =
        Files.exists(directory.stateFile())
            ? Optional.of(StateFile.read(directory.stateFile()))
            : Optional.empty();
    List<VolumeView> volumes =
        VolumeReader.of(distribution).read(RebuildPlaces.of(directory, recorded, OpenEpoch::of));
    Rebuilt rebuilt = Rebuilt.of(volumes);
    show(volumes, rebuilt);
    Optional<GetStatusResponse> running =
        recorded.flatMap(state -> StatusQuery.ask(directory, state).status());
    String usable =
        "a coordinator runs, and what it knows is not older than the volumes. If its directory was"
            + " deleted, end its process first: `starling status` shows which it is";
    if (mayWrite(rebuilt, obstacle(volumes, rebuilt, running, usable))) {
      recorded.ifPresent(RebuildCommand::endCoordinator);
      write(directory, distribution, rebuilt);
      say("Written. `starling up` starts the coordinator, or has started it again already.");
    }
    return ExitCode.DONE;
  }

  private int inNamespace() throws InterruptedException {
    NamespaceRebuild rebuild =
        new NamespaceRebuild(
            new Namespace(
                Kubectl.with(context == null ? List.of() : List.of("--context=" + context)),
                namespace),
            Path.of(""),
            POD,
            RebuildCommand::say);
    List<VolumeView> volumes = rebuild.volumes();
    Rebuilt rebuilt = Rebuilt.of(volumes);
    show(volumes, rebuilt);
    if (rebuild.unmarked().filter(status -> isUsable(status, volumes)).isPresent()) {
      putBackMarker(rebuild);
      return ExitCode.DONE;
    }
    String usable = "the state in namespace %s is not older than the volumes".formatted(namespace);
    if (mayWrite(rebuilt, obstacle(volumes, rebuilt, rebuild.status(), usable))) {
      rebuild.write(rebuilt);
      say("Written. The coordinators begin with it; `kubectl get sns` shows when all is well.");
    }
    return ExitCode.DONE;
  }

  private void putBackMarker(NamespaceRebuild rebuild) throws InterruptedException {
    say(
        "The records of all clusters are there, and not older than the volumes. Only the ConfigMap"
            + " starling-state is missing, without which no coordinator begins.");
    if (write) {
      rebuild.mark();
      say("It is put back; nothing else was changed. The coordinators begin with it.");
    } else {
      say("Nothing was written; --write puts it back and changes nothing else.");
    }
  }

  private void show(List<VolumeView> volumes, Rebuilt rebuilt) {
    System.out.println(
        output == StatusCommand.Output.JSON
            ? RebuildFormat.json(volumes, rebuilt, write)
            : RebuildFormat.text(volumes, rebuilt));
  }

  /** Whether it was told to, and nothing is in the way. */
  private boolean mayWrite(Rebuilt rebuilt, Optional<String> obstacle) {
    if (!write) {
      say(obstacle.map(why -> "--write would be refused: " + why).orElse(""));
      say("Nothing was written; --write does it.");
      return false;
    }
    obstacle.ifPresent(why -> {
      throw new StartException(ExitCode.REFUSED, "nothing was written: " + why);
    });
    rebuilt.losses().forEach(loss -> say("Accepted: " + loss));
    return true;
  }

  private Optional<String> obstacle(
      List<VolumeView> volumes, Rebuilt rebuilt, Optional<GetStatusResponse> known, String usable) {
    if (!rebuilt.contradictions().isEmpty()) {
      return Optional.of(String.join(" ", rebuilt.contradictions()));
    }
    if (known.filter(status -> isUsable(status, volumes)).isPresent()) {
      return Optional.of(usable);
    }
    if (!rebuilt.losses().isEmpty() && !acceptLoss) {
      return Optional.of(
          String.join(" ", rebuilt.losses())
              + " Try everything to bring the volume back, then say --accept-loss.");
    }
    return Optional.empty();
  }

  /** Whether a coordinator knows at least what the volumes show. */
  static boolean isUsable(GetStatusResponse status, List<VolumeView> volumes) {
    if (status.getClustersCount() == 0) {
      return false;
    }
    Predicate<VolumeView> isKnown =
        volume -> {
          boolean configured =
              status.getClustersList().stream()
                  .filter(cluster -> cluster.getName().equals(volume.cluster()))
                  .map(ClusterStatus::getConfiguration)
                  .anyMatch(known -> known.getEpoch() >= volume.promised());
          boolean owned =
              status.getSlotsList().stream()
                      .filter(range -> range.getCluster().equals(volume.cluster()))
                      .mapToInt(range -> used(volume, range))
                      .sum()
                  == volume.usedSlots().cardinality();
          return configured && owned;
        };
    return volumes.stream()
        .filter(volume -> volume.useless().isEmpty() && volume.used())
        .allMatch(isKnown);
  }

  private static int used(VolumeView volume, SlotOwner range) {
    return volume.usedSlots().get(range.getFrom(), range.getTo()).cardinality();
  }

  /** One that holds on to a state that is of no use; its launcher starts another. */
  private static void endCoordinator(RunState state) {
    state.ofKind(Kind.COORDINATOR).stream()
        .flatMap(entry -> entry.process().flatMap(Adopted::find).stream())
        .forEach(Adopted::terminate);
  }

  private static void write(DataDirectory directory, Distribution distribution, Rebuilt rebuilt)
      throws InterruptedException {
    Path file = directory.root().resolve("rebuilt-coordinator.txt");
    try {
      Files.writeString(file, rebuilt.state().toString());
      List<String> command =
          new ArrayList<>(distribution.tool(Kind.COORDINATOR, Kind.COORDINATOR.mainClass()));
      command.addAll(
          List.of(
              "--dir",
              directory.of(Service.coordinator()).toString(),
              "--rebuild",
              file.toString()));
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      int code = process.waitFor();
      if (code != 0) {
        throw new StartException(
            code, "the coordinator's state was not written, see above; it is in " + file);
      }
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED,
          "the coordinator's state was not written: %s".formatted(e.getMessage()),
          e);
    }
  }

  private static void say(String sentence) {
    if (!sentence.isEmpty()) {
      System.err.println(sentence);
    }
  }
}
