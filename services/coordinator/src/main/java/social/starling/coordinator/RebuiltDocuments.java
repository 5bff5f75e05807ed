package social.starling.coordinator;

import com.google.protobuf.TextFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.RebuiltState;

/**
 * The documents of a state that was rebuilt from the volumes and reviewed by a person: a {@link
 * RebuiltState} in protobuf's text format. Whatever could not be a coordinator's state is refused.
 */
final class RebuiltDocuments {

  private static final long MAX_BYTES = 4 << 20;

  private RebuiltDocuments() {}

  /**
   * Reads the file.
   *
   * @throws StartException with a sentence when it is no such state
   */
  static List<Document> read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw refused(file, "it is longer than %d MiB".formatted(MAX_BYTES >> 20));
      }
      return of(TextFormat.parse(Files.readString(file), RebuiltState.class));
    } catch (IOException e) {
      throw refused(file, "it cannot be read (%s)".formatted(e));
    } catch (IllegalArgumentException | Refusal e) {
      throw refused(file, e.getMessage());
    }
  }

  /**
   * The documents.
   *
   * @throws IllegalArgumentException with a sentence when they contradict each other
   * @throws Refusal likewise
   */
  static List<Document> of(RebuiltState state) {
    SlotTable slots = SlotTable.of(1, state.getSlots());
    List<Document> documents = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Set<Integer> numbers = new HashSet<>();
    for (ClusterEntry entry : state.getClustersList()) {
      RecordedCluster cluster =
          new RecordedCluster(
              1,
              entry.getName(),
              entry.getNumber(),
              entry.getMembersList().stream().map(Member::getName).toList(),
              Math.max(1, entry.getMembersVersion()),
              entry.getConfiguration());
      check(cluster, slots);
      require(names.add(cluster.name()), "cluster %s is there twice", cluster.name());
      require(numbers.add(cluster.number()), "number %d is there twice", cluster.number());
      documents.add(new Document(RecordedCluster.key(cluster.name()), 1, cluster.content()));
    }
    require(!documents.isEmpty(), "it holds no cluster");
    require(
        numbers.containsAll(slots.owningNumbers()), "slots belong to a cluster that is not there");
    documents.add(new Document(SlotTable.KEY, 1, slots.content()));
    return documents;
  }

  private static void check(RecordedCluster cluster, SlotTable slots) {
    Bounds.checkCluster(cluster.name(), cluster.members());
    require(
        slots.isGiven(cluster.number(), cluster.name()),
        "number %d was not given to cluster %s",
        cluster.number(),
        cluster.name());
    Configuration configuration = cluster.configuration();
    require(
        configuration.getCluster().equals(cluster.name()),
        "the configuration of %s names another cluster",
        cluster.name());
    if (configuration.getEpoch() == 0) {
      require(
          configuration.getMaster().isEmpty() && configuration.getInSyncCount() == 0,
          "cluster %s has a master at epoch 0",
          cluster.name());
      return;
    }
    require(configuration.getEpoch() > 0, "the epoch of %s is out of range", cluster.name());
    require(
        cluster.volumeInSync(configuration.getMaster()).isPresent(),
        "the master of %s is not in sync",
        cluster.name());
    for (InSyncMember member : configuration.getInSyncList()) {
      require(
          cluster.hasMember(member.getMember()),
          "%s is no member of %s",
          member.getMember(),
          cluster.name());
      Bounds.checkId("volume", member.getVolume());
    }
  }

  private static void require(boolean holds, String sentence, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException(sentence.formatted(values));
    }
  }

  private static StartException refused(Path file, String why) {
    return new StartException(
        ExitCode.REFUSED, "%s is not taken as a coordinator's state: %s".formatted(file, why));
  }
}
