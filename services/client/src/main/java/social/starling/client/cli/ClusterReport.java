package social.starling.client.cli;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberReport;

/** What a coordinator says of clusters, as text and as JSON. */
final class ClusterReport {

  private ClusterReport() {}

  static GetStatusResponse read(Coordinators coordinators) {
    return coordinators.ask(AdminGrpc.getGetStatusMethod(), GetStatusRequest.getDefaultInstance());
  }

  /** One cluster, or all when none is named. */
  static List<ClusterStatus> clusters(GetStatusResponse status, String name) {
    List<ClusterStatus> all = status.getClustersList();
    if (name == null) {
      return all;
    }
    Optional<ClusterStatus> named = all.stream().filter(c -> c.getName().equals(name)).findFirst();
    return List.of(
        named.orElseThrow(() ->
            new StartException(
                ExitCode.FAILED,
                "there is no cluster '"
                    + name
                    + "'; recorded: "
                    + String.join(", ", all.stream().map(ClusterStatus::getName).toList()))));
  }

  /** The slots that a cluster owns. */
  static BitSet slots(GetStatusResponse status, String cluster) {
    BitSet slots = new BitSet();
    status.getSlotsList().stream()
        .filter(owner -> owner.getCluster().equals(cluster))
        .forEach(owner -> slots.set(owner.getFrom(), owner.getTo()));
    return slots;
  }

  static List<String> inSync(Configuration configuration) {
    return configuration.getInSyncList().stream().map(InSyncMember::getMember).toList();
  }

  static Json json(Configuration configuration) {
    return new Json()
        .put("cluster", configuration.getCluster())
        .put("epoch", configuration.getEpoch())
        .put("master", configuration.getMaster())
        .strings("inSync", inSync(configuration));
  }

  static String text(Configuration configuration) {
    return configuration.getEpoch() == 0
        ? configuration.getCluster() + ": recorded, no member has served yet"
        : configuration.getCluster()
            + ": epoch "
            + configuration.getEpoch()
            + ", master "
            + configuration.getMaster()
            + ", in sync "
            + String.join(", ", inSync(configuration));
  }

  /** One cluster of a status. */
  static Json json(GetStatusResponse status, ClusterStatus cluster) {
    Json json =
        json(cluster.getConfiguration().toBuilder().setCluster(cluster.getName()).build())
            .put("number", cluster.getNumber())
            .put("slots", slots(status, cluster.getName()).cardinality());
    users(cluster).ifPresent(users -> json.put("users", users));
    json.objects("members", cluster.getMembersList().stream().map(m -> json(m)).toList());
    if (cluster.hasSynchronizer()) {
      json.object("synchronizer", SynchronizerText.json(cluster.getSynchronizer()));
    }
    return json;
  }

  /** One cluster of a status: a line for itself, and one for each of its processes. */
  static List<String> text(GetStatusResponse status, ClusterStatus cluster) {
    List<String> lines = new ArrayList<>();
    lines.add(text(cluster.getConfiguration().toBuilder().setCluster(cluster.getName()).build()));
    int slots = slots(status, cluster.getName()).cardinality();
    OptionalLong users = users(cluster);
    lines.add(
        "  owns "
            + slots
            + " slots"
            + (users.isPresent() ? "; " + users.getAsLong() + " users live there" : ""));
    cluster.getMembersList().forEach(member -> lines.add("  " + text(member)));
    lines.add("  synchronizer: " + SynchronizerText.text(cluster));
    return lines;
  }

  private static Json json(MemberReport member) {
    Json json =
        new Json()
            .put("member", member.getName())
            .put("hearing", hearing(member.getHearing(), member.hasHello()));
    if (member.hasHello()) {
      json.put("address", member.getHello().getPublicAddress())
          .put("internalAddress", member.getHello().getInternalAddress())
          .put("httpAddress", member.getHello().getHttpAddress())
          .put("volume", member.getHello().getVolume())
          .put("pid", member.getHello().getPid())
          .put("heardMillisAgo", member.getHeardMillisAgo());
    }
    if (member.hasStatus()) {
      json.put("role", member.getStatus().getRole().name())
          .put("epoch", member.getStatus().getEpoch())
          .put("lastIndex", member.getStatus().getLastIndex())
          .put("commitIndex", member.getStatus().getCommitIndex())
          .put("lag", member.getStatus().getLag())
          .put("users", member.getStatus().getUsers())
          .put("trouble", member.getStatus().getTrouble());
    }
    return json;
  }

  /** Users who live in the cluster, as its master says; empty when it has not said it. */
  private static OptionalLong users(ClusterStatus cluster) {
    return cluster.getMembersList().stream()
        .filter(MemberReport::hasStatus)
        .filter(member -> member.getName().equals(cluster.getConfiguration().getMaster()))
        .mapToLong(member -> member.getStatus().getUsers())
        .findFirst();
  }

  private static String text(MemberReport member) {
    StringBuilder text =
        new StringBuilder(member.getName())
            .append(": ")
            .append(hearing(member.getHearing(), member.hasHello()));
    if (member.hasHello()) {
      text.append(" ")
          .append(member.getHeardMillisAgo())
          .append(" ms ago at ")
          .append(member.getHello().getPublicAddress());
    }
    if (member.hasStatus()) {
      text.append(", ")
          .append(member.getStatus().getRole().name().toLowerCase(Locale.ROOT))
          .append(", entries to ")
          .append(member.getStatus().getLastIndex())
          .append(", committed to ")
          .append(member.getStatus().getCommitIndex());
      if (!member.getStatus().getTrouble().isEmpty()) {
        text.append("; ").append(Shown.line(member.getStatus().getTrouble()));
      }
    }
    return text.toString();
  }

  /** A word for what a coordinator hears of a process. */
  static String hearing(Hearing hearing, boolean everHeard) {
    return switch (hearing) {
      case HEARD -> "heard";
      case SUSPECTED -> "suspected";
      case LOST -> "lost";
      case HEARING_UNSPECIFIED, UNRECOGNIZED -> everHeard ? "unknown" : "never heard";
    };
  }
}
