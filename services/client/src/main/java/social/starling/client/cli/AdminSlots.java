package social.starling.client.cli;

import picocli.CommandLine.Command;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.SlotOwner;

@Command(name = "slots", description = "Which cluster owns which slots of users.")
final class AdminSlots extends AdminCommand {

  AdminSlots(Io io) {
    super(io);
  }

  @Override
  boolean run(Coordinators coordinators) {
    GetStatusResponse status = ClusterReport.read(coordinators);
    if (status.getSlotsCount() == 0 && !json()) {
      print(
          "not dealt out yet: waiting for clusters: "
              + status.getClustersCount()
              + " of "
              + status.getExpectedClusters());
    }
    for (SlotOwner owner : status.getSlotsList()) {
      print(
          json()
              ? new Json()
                  .put("from", owner.getFrom())
                  .put("to", owner.getTo() - 1)
                  .put("cluster", owner.getCluster())
                  .toString()
              : owner.getFrom() + " to " + (owner.getTo() - 1) + ": " + owner.getCluster());
    }
    return true;
  }
}
