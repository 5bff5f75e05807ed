package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.GetStatusResponse;

@Command(
    name = "clusters",
    description =
        "Configuration, slots, users, members and synchronizer of each cluster, as the coordinator"
            + " has them.")
final class AdminClusters extends AdminCommand {

  @Parameters(arity = "0..1", paramLabel = "CLUSTER", description = "One; default: all.")
  private String cluster;

  AdminClusters(Io io) {
    super(io);
  }

  @Override
  boolean run(Coordinators coordinators) {
    GetStatusResponse status = ClusterReport.read(coordinators);
    for (ClusterStatus each : ClusterReport.clusters(status, cluster)) {
      if (json()) {
        print(ClusterReport.json(status, each).toString());
      } else {
        ClusterReport.text(status, each).forEach(this::print);
      }
    }
    return true;
  }
}
