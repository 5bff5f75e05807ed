package social.starling.client.cli;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
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
    if (json()) {
      status.getSlotsList().forEach(owner -> print(json(owner)));
      return true;
    }
    if (status.getSlotsCount() == 0) {
      print(
          "not dealt out yet: waiting for clusters: "
              + status.getClustersCount()
              + " of "
              + status.getExpectedClusters());
    }
    TreeSet<String> owners =
        status.getSlotsList().stream()
            .map(SlotOwner::getCluster)
            .collect(Collectors.toCollection(TreeSet::new));
    for (String owner : owners) {
      BitSet slots = ClusterReport.slots(status, owner);
      print(owner + " owns " + slots.cardinality() + " slots: " + String.join(", ", ranges(slots)));
    }
    return true;
  }

  private static String json(SlotOwner owner) {
    return new Json()
        .put("from", owner.getFrom())
        .put("to", owner.getTo() - 1)
        .put("cluster", owner.getCluster())
        .toString();
  }

  private static List<String> ranges(BitSet slots) {
    List<String> ranges = new ArrayList<>();
    for (int from = slots.nextSetBit(0); from >= 0; ) {
      int to = slots.nextClearBit(from);
      ranges.add(to == from + 1 ? "" + from : from + " to " + (to - 1));
      from = slots.nextSetBit(to);
    }
    return ranges;
  }
}
