package social.starling.coordinator;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.Optional;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.Member;

/**
 * What is recorded of one cluster: one {@link Document} of the store. Immutable.
 *
 * @param version of the document, as the store counts it
 * @param name of the cluster
 * @param number 0 to 1,023, never given again
 * @param members both members, as they were recorded
 * @param membersVersion rises each time that a member takes the place of another; from 1
 * @param configuration the current one; epoch 0 when no member was ever configured
 */
record RecordedCluster(
    long version,
    String name,
    int number,
    List<String> members,
    long membersVersion,
    Configuration configuration) {

  private static final String KEY_PREFIX = "cluster/";

  RecordedCluster {
    members = List.copyOf(members);
  }

  /** The key of the document of a cluster. */
  static String key(String name) {
    return KEY_PREFIX + name;
  }

  /** The cluster that the document with a key of this kind is about. */
  static String nameOf(String key) {
    return key.substring(KEY_PREFIX.length());
  }

  static boolean isKey(String key) {
    return key.startsWith(KEY_PREFIX);
  }

  /**
   * What the document says; empty when it says that the cluster was forgotten.
   *
   * @throws StoreException when the content is not a cluster
   */
  static Optional<RecordedCluster> read(Document document) {
    if (document.content().length == 0) {
      return Optional.empty();
    }
    try {
      ClusterEntry entry = ClusterEntry.parseFrom(document.content());
      if (!key(entry.getName()).equals(document.key())) {
        throw StoreException.damaged(document.key(), "it names the cluster " + entry.getName());
      }
      return Optional.of(
          new RecordedCluster(
              document.version(),
              entry.getName(),
              entry.getNumber(),
              entry.getMembersList().stream().map(Member::getName).toList(),
              Math.max(1, entry.getMembersVersion()),
              entry.getConfiguration()));
    } catch (InvalidProtocolBufferException e) {
      throw StoreException.damaged(document.key(), e.getMessage());
    }
  }

  /** The content of the document. */
  byte[] content() {
    ClusterEntry.Builder entry =
        ClusterEntry.newBuilder()
            .setName(name)
            .setNumber(number)
            .setMembersVersion(membersVersion)
            .setConfiguration(configuration);
    members.forEach(member -> entry.addMembers(Member.newBuilder().setName(member)));
    return entry.build().toByteArray();
  }

  RecordedCluster with(Configuration next) {
    return new RecordedCluster(version, name, number, members, membersVersion, next);
  }

  /** With other members; the configuration stays as it is. */
  RecordedCluster with(List<String> others) {
    return new RecordedCluster(version, name, number, others, membersVersion + 1, configuration);
  }

  RecordedCluster atVersion(long next) {
    return new RecordedCluster(next, name, number, members, membersVersion, configuration);
  }

  long epoch() {
    return configuration.getEpoch();
  }

  boolean hasMember(String member) {
    return members.contains(member);
  }

  /** Who is in sync, by name. */
  List<String> inSyncMembers() {
    return configuration.getInSyncList().stream().map(InSyncMember::getMember).toList();
  }

  /** The volume of this member that is in sync, if one is. */
  Optional<String> volumeInSync(String member) {
    return configuration.getInSyncList().stream()
        .filter(entry -> entry.getMember().equals(member))
        .map(InSyncMember::getVolume)
        .findFirst();
  }
}
