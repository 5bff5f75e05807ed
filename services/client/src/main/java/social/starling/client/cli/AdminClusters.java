package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import social.starling.proto.coordinator.v1.ClusterStatus;

@Command(name = "clusters", description = "Configurations and members as the coordinator has them.")
final class AdminClusters extends AdminCommand {

  @Parameters(arity = "0..1", paramLabel = "CLUSTER", description = "One; default: all.")
  private String cluster;

  AdminClusters(Io io) {
    super(io);
  }

  @Override
  boolean run(Coordinators coordinators) {
    for (ClusterStatus status : ClusterReport.clusters(coordinators, cluster)) {
      if (json()) {
        print(ClusterReport.json(status).toString());
      } else {
        ClusterReport.text(status).forEach(this::print);
      }
    }
    return true;
  }
}
