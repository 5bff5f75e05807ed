package social.starling.client.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.Role;

@Command(
    name = "add-cluster",
    description =
        "Bring in one more cluster while users are at work: it takes its share of the slots that"
            + " hold no user. Harmless when repeated.")
final class AdminAddCluster extends ClusterChange {

  AdminAddCluster(Io io) {
    super(io);
  }

  @Override
  void run(Coordinators coordinators, String name, Optional<LocalInstallation> local) {
    local.ifPresent(l -> l.checkLauncherRuns("start the servers of " + name));
    List<String> members = List.of(name + "-1", name + "-2");
    int number =
        coordinators
            .ask(
                AdminGrpc.getRecordClusterMethod(),
                RecordClusterRequest.newBuilder().setName(name).addAllMembers(members).build())
            .getNumber();
    if (local.isEmpty()) {
      print(
          json()
              ? new Json().put("cluster", name).put("number", number).toString()
              : name
                  + ": recorded as number "
                  + number
                  + "; start "
                  + String.join(" and ", members)
                  + " and a synchronizer");
      return;
    }
    LocalInstallation installation = local.get();
    WantedClusters.change(
        installation.directory(), installation.clusters(), wanted -> with(wanted, name));
    if (!json()) {
      print(name + ": recorded as number " + number + "; the launcher starts it");
    }
    if (!comesAbout(() -> isSettled(ClusterReport.read(coordinators), name))
        && !serves(ClusterReport.read(coordinators), name)) {
      throw new StartException(
          ExitCode.FAILED,
          name
              + " is recorded, and does not serve yet; `starling status` tells more, and so do the"
              + " logs in "
              + installation.directory().resolve("logs"));
    }
    int slots = ClusterReport.slots(ClusterReport.read(coordinators), name).cardinality();
    print(
        json()
            ? new Json()
                .put("cluster", name)
                .put("number", number)
                .put("serving", true)
                .put("slots", slots)
                .toString()
            : name + ": serves, and owns " + slots + " slots");
  }

  private static List<String> with(List<String> wanted, String name) {
    List<String> changed = new ArrayList<>(wanted);
    if (!changed.contains(name)) {
      changed.add(name);
    }
    return changed;
  }

  private static boolean isSettled(GetStatusResponse status, String name) {
    boolean dealt = status.getSlotsCount() > 0;
    return serves(status, name) && (!dealt || !ClusterReport.slots(status, name).isEmpty());
  }

  private static boolean serves(GetStatusResponse status, String name) {
    return status.getClustersList().stream()
        .filter(cluster -> cluster.getName().equals(name))
        .anyMatch(AdminAddCluster::serves);
  }

  private static boolean serves(ClusterStatus cluster) {
    return cluster.getMembersList().stream()
        .anyMatch(member ->
            member.getStatus().getRole() == Role.OPEN
                && member.getName().equals(cluster.getConfiguration().getMaster()));
  }
}
