package social.starling.client.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import social.starling.common.ExitCode;
import social.starling.common.Slots;
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
    if (!comesAbout(new Settling(coordinators, name))
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

  /**
   * Looks until the cluster serves and has its share of the slots, or gets no more of them: where
   * users live in many slots, there are fewer to be had.
   */
  private static final class Settling implements BooleanSupplier {

    private static final Duration NO_MORE = Duration.ofSeconds(5);

    private final Coordinators coordinators;
    private final String name;
    private int slots;
    private long changedAt;

    Settling(Coordinators coordinators, String name) {
      this.coordinators = coordinators;
      this.name = name;
    }

    @Override
    public boolean getAsBoolean() {
      GetStatusResponse status = ClusterReport.read(coordinators);
      long now = System.nanoTime();
      int owned = ClusterReport.slots(status, name).cardinality();
      if (owned != slots || !serves(status, name)) {
        slots = owned;
        changedAt = now;
      }
      boolean dealt = status.getSlotsCount() > 0;
      boolean hasShare = !dealt || owned >= Slots.COUNT / status.getClustersCount();
      return serves(status, name) && (hasShare || now - changedAt > NO_MORE.toNanos());
    }
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
