package social.starling.coordinator;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Expand;
import social.starling.proto.coordinator.v1.Handover;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.ReconfigureRequest;

/**
 * Who may change a configuration, and into what. Pure: no clock, no store, no session.
 *
 * <p>Every change is from the current epoch e to e + 1, and
 *
 * <ol>
 *   <li><b>promote</b>: the member is in sync with the volume named → it is master, alone;
 *   <li><b>shrink</b>: the member is master → it stays master, alone. Also when it is alone
 *       already: winning this is how an expand that may still be on its way is given up;
 *   <li><b>expand</b>: the member is master and the peer is not in sync → both are;
 *   <li><b>handover</b>: the member is master and the peer in sync → the peer is master, the set
 *       stays, released;
 *   <li><b>first</b>: no member was ever configured → the member is master, alone;
 *   <li><b>recover</b>: a person gave up what only the recorded volumes hold → the member is
 *       master, alone.
 * </ol>
 *
 * <p>What holds for all: who is in the set is there with the volume that was recorded, the master
 * is always in the set, and the new configuration names master and instance of the one before.
 * Whether a member is heard plays no part: safety does not rest on who seems alive.
 */
final class Reconfigurations {

  private Reconfigurations() {}

  /** Decides on a member's request, from the cluster as it is recorded. */
  static Decision decide(RecordedCluster cluster, ReconfigureRequest request) {
    Configuration current = cluster.configuration();
    if (request.getEpoch() != current.getEpoch()) {
      return refused(
          "epoch %d is not the current one, which is %d", request.getEpoch(), current.getEpoch());
    }
    if (current.getEpoch() == 0) {
      return refused("cluster %s has no configuration yet", cluster.name());
    }
    if (request.getInstance().isEmpty()) {
      return refused("the request names no instance");
    }
    Optional<String> recorded = cluster.volumeInSync(request.getMember());
    if (recorded.isEmpty()) {
      return refused("%s is not in sync at epoch %d", request.getMember(), current.getEpoch());
    }
    if (!recorded.get().equals(request.getVolume())) {
      return refused(
          "%s is in sync with volume %s, not with %s",
          request.getMember(), recorded.get(), request.getVolume());
    }
    return switch (request.getChangeCase()) {
      case PROMOTE -> executed(alone(cluster, request));
      case SHRINK -> ifMaster(cluster, request, () -> executed(alone(cluster, request)));
      case EXPAND ->
          ifMaster(cluster, request, () -> expand(cluster, request, request.getExpand()));
      case HANDOVER ->
          ifMaster(cluster, request, () -> handover(cluster, request.getHandover(), request));
      case CHANGE_NOT_SET -> refused("the request names no change that this coordinator knows");
    };
  }

  /** The first configuration of a cluster, with a volume that was never used. */
  static Configuration first(
      RecordedCluster cluster, String member, String volume, String instance) {
    if (cluster.epoch() != 0) {
      throw new IllegalArgumentException(
          "cluster %s is at epoch %d".formatted(cluster.name(), cluster.epoch()));
    }
    return next(cluster, member, instance, Map.of(member, volume), false);
  }

  /** The configuration after a loss that a person accepted. */
  static Configuration recovered(
      RecordedCluster cluster, String member, String volume, String instance) {
    return next(cluster, member, instance, Map.of(member, volume), false);
  }

  private static Configuration alone(RecordedCluster cluster, ReconfigureRequest request) {
    return next(
        cluster,
        request.getMember(),
        request.getInstance(),
        Map.of(request.getMember(), request.getVolume()),
        false);
  }

  private static Decision expand(
      RecordedCluster cluster, ReconfigureRequest request, Expand expand) {
    String peer = expand.getPeer();
    if (!cluster.hasMember(peer)) {
      return refused("%s is not a member of cluster %s", peer, cluster.name());
    }
    if (cluster.volumeInSync(peer).isPresent()) {
      return refused("%s is in sync already", peer);
    }
    if (expand.getPeerVolume().isEmpty()) {
      return refused("the request names no volume of %s", peer);
    }
    if (expand.getPeerVolume().equals(request.getVolume())) {
      return refused("%s and %s name the same volume", request.getMember(), peer);
    }
    return executed(
        next(
            cluster,
            request.getMember(),
            request.getInstance(),
            Map.of(request.getMember(), request.getVolume(), peer, expand.getPeerVolume()),
            false));
  }

  private static Decision handover(
      RecordedCluster cluster, Handover handover, ReconfigureRequest request) {
    String peer = handover.getPeer();
    if (peer.equals(request.getMember()) || cluster.volumeInSync(peer).isEmpty()) {
      return refused("%s is no other member that is in sync", peer);
    }
    if (handover.getPeerInstance().isEmpty()) {
      return refused("the request names no instance of %s", peer);
    }
    Map<String, String> inSync = new TreeMap<>();
    cluster
        .configuration()
        .getInSyncList()
        .forEach(entry -> inSync.put(entry.getMember(), entry.getVolume()));
    return executed(next(cluster, peer, handover.getPeerInstance(), inSync, true));
  }

  private static Decision ifMaster(
      RecordedCluster cluster, ReconfigureRequest request, Supplier<Decision> decision) {
    String master = cluster.configuration().getMaster();
    return master.equals(request.getMember())
        ? decision.get()
        : refused("%s is not the master, %s is", request.getMember(), master);
  }

  private static Configuration next(
      RecordedCluster cluster,
      String master,
      String instance,
      Map<String, String> inSync,
      boolean released) {
    Configuration current = cluster.configuration();
    List<InSyncMember> entries =
        inSync.entrySet().stream()
            .sorted(Comparator.comparingInt(e -> cluster.members().indexOf(e.getKey())))
            .map(e ->
                InSyncMember.newBuilder().setMember(e.getKey()).setVolume(e.getValue()).build())
            .toList();
    return Configuration.newBuilder()
        .setCluster(cluster.name())
        .setEpoch(current.getEpoch() + 1)
        .setMaster(master)
        .setMasterInstance(instance)
        .addAllInSync(entries)
        .setReleased(released)
        .setPreviousMaster(current.getMaster())
        .setPreviousInstance(current.getMasterInstance())
        .build();
  }

  private static Decision executed(Configuration next) {
    return new Decision.Executed(next);
  }

  private static Decision refused(String format, Object... values) {
    return new Decision.Refused(format.formatted(values));
  }
}
