package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.SwitchoverRequest;
import social.starling.proto.coordinator.v1.SwitchoverResponse;

@Command(name = "switchover", description = "Let the master of a cluster hand over to the slave.")
final class AdminSwitchover extends AdminCommand {

  @Parameters(paramLabel = "CLUSTER", description = "Its name.")
  private String cluster;

  AdminSwitchover(Io io) {
    super(io);
  }

  @Override
  boolean run(Coordinators coordinators) {
    SwitchoverResponse answer =
        coordinators.ask(
            AdminGrpc.getSwitchoverMethod(),
            SwitchoverRequest.newBuilder().setCluster(cluster).build());
    print(
        json()
            ? ClusterReport.json(answer.getConfiguration())
                .put("millis", answer.getMillis())
                .toString()
            : ClusterReport.text(answer.getConfiguration())
                + ", after "
                + answer.getMillis()
                + " ms");
    return true;
  }
}
