package social.starling.router;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/** Pushes the maps that a test makes, over real gRPC. */
final class FakeCoordinator extends CoordinationGrpc.CoordinationImplBase implements AutoCloseable {

  static final Credential CREDENTIAL = Credential.of("open-sesame");

  private final Set<StreamObserver<ClusterMap>> watchers = ConcurrentHashMap.newKeySet();
  private GrpcServer server = GrpcServers.internalServer("127.0.0.1", 0, CREDENTIAL, this);
  private final Address address = new Address("127.0.0.1", server.port());
  private ClusterMap map;

  Address address() {
    return address;
  }

  @Override
  public synchronized void watchMap(WatchMapRequest request, StreamObserver<ClusterMap> watcher) {
    ((ServerCallStreamObserver<ClusterMap>) watcher)
        .setOnCancelHandler(() -> watchers.remove(watcher));
    watchers.add(watcher);
    if (map != null) {
      watcher.onNext(map);
    }
  }

  synchronized void push(ClusterMap next) {
    map = next;
    watchers.forEach(watcher -> watcher.onNext(next));
  }

  synchronized void goAway() {
    server.close();
    watchers.clear();
  }

  synchronized void comeBack() {
    server = GrpcServers.internalServer("127.0.0.1", address.port(), CREDENTIAL, this);
  }

  @Override
  public void close() {
    server.close();
  }

  /** A map of one cluster, alpha, that owns every slot. */
  static ClusterMap alpha(long epoch, FakeMember master, FakeMember slave) {
    return ClusterMap.newBuilder()
        .setVersion(epoch)
        .setExpectedClusters(1)
        .addClusters(cluster("alpha", epoch, master, slave))
        .addSlots(SlotOwner.newBuilder().setFrom(0).setTo(1024).setCluster("alpha"))
        .build();
  }

  /** A map of two clusters: alpha owns the lower half of the slots, the other the upper half. */
  static ClusterMap halves(ClusterEntry alpha, ClusterEntry other) {
    return ClusterMap.newBuilder()
        .setExpectedClusters(2)
        .addClusters(alpha)
        .addClusters(other)
        .addSlots(SlotOwner.newBuilder().setFrom(0).setTo(512).setCluster("alpha"))
        .addSlots(SlotOwner.newBuilder().setFrom(512).setTo(1024).setCluster(other.getName()))
        .build();
  }

  static ClusterEntry cluster(String name, long epoch, FakeMember master, FakeMember slave) {
    return ClusterEntry.newBuilder()
        .setName(name)
        .setConfiguration(
            Configuration.newBuilder().setCluster(name).setEpoch(epoch).setMaster(master.name()))
        .addMembers(member(slave))
        .addMembers(member(master))
        .build();
  }

  private static Member member(FakeMember member) {
    return Member.newBuilder().setName(member.name()).setPublicAddress(member.address()).build();
  }
}
