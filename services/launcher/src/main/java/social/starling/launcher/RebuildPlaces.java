package social.starling.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Finds the volumes of an installation: as recorded, or else by looking for them. */
final class RebuildPlaces {

  private static final Pattern MEMBER = Pattern.compile("(.+)-[12]");

  private RebuildPlaces() {}

  /**
   * The volumes of both members of every cluster, whether they are there or not.
   *
   * @param recorded what the launcher has recorded; without it all directories are taken that look
   *     like a volume
   * @param openEpoch asks a process that may run
   * @throws StartException when there is none
   */
  static List<VolumeReader.Place> of(
      DataDirectory directory,
      Optional<RunState> recorded,
      Function<Endpoints, OptionalLong> openEpoch) {
    List<VolumeReader.Place> places = new ArrayList<>();
    for (RunState.Entry entry :
        recorded.map(state -> state.ofKind(Kind.SERVER)).orElseGet(List::of)) {
      places.add(
          new VolumeReader.Place(
              entry.service().cluster().orElseThrow(),
              entry.service().name(),
              directory.of(entry.service()),
              openEpoch.apply(entry.endpoints())));
    }
    if (recorded.isEmpty()) {
      for (String cluster : found(directory)) {
        for (String member : ClusterNames.members(cluster)) {
          places.add(
              new VolumeReader.Place(
                  cluster,
                  member,
                  directory.of(Service.server(cluster, member)),
                  OptionalLong.empty()));
        }
      }
    }
    if (places.isEmpty()) {
      throw new StartException(
          ExitCode.USAGE,
          "no volume of a cluster is found in %s; name the directory of `starling up` with --dir"
              .formatted(directory.root()));
    }
    return places;
  }

  private static TreeSet<String> found(DataDirectory directory) {
    TreeSet<String> clusters = new TreeSet<>();
    try (Stream<Path> children = Files.list(directory.root())) {
      children
          .filter(child -> Files.exists(child.resolve("volume-id")))
          .map(child -> MEMBER.matcher(child.getFileName().toString()))
          .filter(Matcher::matches)
          .forEach(name -> clusters.add(name.group(1)));
      return clusters;
    } catch (IOException e) {
      throw new StartException(
          ExitCode.USAGE, "cannot read %s: %s".formatted(directory.root(), Reasons.of(e)), e);
    }
  }
}
