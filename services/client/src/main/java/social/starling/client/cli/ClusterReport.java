package social.starling.client.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberReport;

/** What a coordinator says of clusters, as text and as JSON. */
final class ClusterReport {

  private ClusterReport() {}

  static GetStatusResponse read(Coordinators coordinators) {
    return coordinators.ask(AdminGrpc.getGetStatusMethod(), GetStatusRequest.getDefaultInstance());
  }

  /** One cluster, or all when none is named. */
  static List<ClusterStatus> clusters(Coordinators coordinators, String name) {
    List<ClusterStatus> all = read(coordinators).getClustersList();
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

  static Json json(ClusterStatus cluster) {
    return json(cluster.getConfiguration().toBuilder().setCluster(cluster.getName()).build())
        .put("number", cluster.getNumber())
        .objects("members", cluster.getMembersList().stream().map(m -> json(m)).toList());
  }

  static List<String> text(ClusterStatus cluster) {
    List<String> lines = new ArrayList<>();
    lines.add(text(cluster.getConfiguration().toBuilder().setCluster(cluster.getName()).build()));
    cluster.getMembersList().forEach(member -> lines.add("  " + text(member)));
    return lines;
  }

  private static Json json(MemberReport member) {
    Json json = new Json().put("member", member.getName()).put("hearing", hearing(member));
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

  private static String text(MemberReport member) {
    StringBuilder text = new StringBuilder(member.getName()).append(": ").append(hearing(member));
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

  private static String hearing(MemberReport member) {
    return switch (member.getHearing()) {
      case HEARD -> "heard";
      case SUSPECTED -> "suspected";
      case LOST -> "lost";
      case HEARING_UNSPECIFIED, UNRECOGNIZED -> member.hasHello() ? "unknown" : "never heard";
    };
  }
}
