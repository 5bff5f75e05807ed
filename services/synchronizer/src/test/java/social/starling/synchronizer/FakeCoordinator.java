package social.starling.synchronizer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import social.starling.common.Address;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerMessage;
import social.starling.proto.coordinator.v1.SynchronizerStatus;

/**
 * Holds sessions with synchronizers and pushes the map that a test makes: at once, at each change,
 * and now and then.
 */
final class FakeCoordinator extends CoordinationGrpc.CoordinationImplBase implements AutoCloseable {

  private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
  private final Map<String, SynchronizerStatus> statuses = new ConcurrentHashMap<>();
  final List<SynchronizerHello> hellos = new CopyOnWriteArrayList<>();
  private GrpcServer server =
      GrpcServers.internalServer("127.0.0.1", 0, FakeMember.CREDENTIAL, this);
  private final Address address = new Address("127.0.0.1", server.port());
  private ClusterMap map = ClusterMap.newBuilder().setVersion(1).build();

  /** How often it pushes the map when nothing has changed. */
  volatile Duration quiet = Duration.ofMillis(200);

  /** Says nothing any more, though its connections stand. */
  volatile boolean silent;

  /** Whether it puts the synchronizers that it hears into the map. */
  volatile boolean tellsSynchronizers = true;

  Address address() {
    return address;
  }

  int sessions() {
    return sessions.size();
  }

  /** What this coordinator was told last of a cluster's intake from a peer. */
  Optional<PeerProgress> progress(String cluster, String peer) {
    return Optional.ofNullable(statuses.get(cluster)).stream()
        .flatMap(status -> status.getPeersList().stream())
        .filter(progress -> progress.getCluster().equals(peer))
        .findFirst();
  }

  synchronized ClusterMap map() {
    return map;
  }

  /** Puts a cluster into the map, or changes it there. */
  synchronized void record(ClusterEntry entry) {
    ClusterMap.Builder next = map.toBuilder().clearClusters();
    String synchronizer = entry.getSynchronizer();
    for (ClusterEntry known : map.getClustersList()) {
      if (!known.getName().equals(entry.getName())) {
        next.addClusters(known);
      } else if (synchronizer.isEmpty()) {
        synchronizer = known.getSynchronizer();
      }
    }
    next.addClusters(entry.toBuilder().setSynchronizer(synchronizer));
    push(next);
  }

  synchronized void forget(String cluster) {
    ClusterMap.Builder next = map.toBuilder().clearClusters();
    map.getClustersList().stream()
        .filter(entry -> !entry.getName().equals(cluster))
        .forEach(next::addClusters);
    push(next);
  }

  private synchronized void push(ClusterMap.Builder next) {
    map = next.setVersion(map.getVersion() + 1).build();
    if (!silent) {
      sessions.forEach(session -> session.out.onNext(map));
    }
  }

  private synchronized void heard(SynchronizerHello hello) {
    hellos.add(hello);
    map.getClustersList().stream()
        .filter(entry -> entry.getName().equals(hello.getCluster()) && tellsSynchronizers)
        .findFirst()
        .ifPresent(
            entry -> record(entry.toBuilder().setSynchronizer(hello.getInternalAddress()).build()));
  }

  @Override
  public StreamObserver<SynchronizerMessage> synchronizerSession(StreamObserver<ClusterMap> out) {
    Session session = new Session(out);
    ((ServerCallStreamObserver<ClusterMap>) out).setOnCancelHandler(() -> sessions.remove(session));
    return session;
  }

  synchronized void goAway() {
    server.close();
    sessions.clear();
  }

  synchronized void comeBack() {
    server = GrpcServers.internalServer("127.0.0.1", address.port(), FakeMember.CREDENTIAL, this);
  }

  @Override
  public void close() {
    server.close();
  }

  private final class Session implements StreamObserver<SynchronizerMessage> {
    private final StreamObserver<ClusterMap> out;
    private String cluster = "";
    private long saidAt = System.nanoTime();

    Session(StreamObserver<ClusterMap> out) {
      this.out = out;
    }

    @Override
    public void onNext(SynchronizerMessage message) {
      if (silent) {
        return;
      }
      switch (message.getMessageCase()) {
        case HELLO -> {
          cluster = message.getHello().getCluster();
          synchronized (FakeCoordinator.this) {
            sessions.add(this);
            out.onNext(map);
          }
          heard(message.getHello());
        }
        case STATUS -> {
          synchronized (FakeCoordinator.this) {
            if (sessions.contains(this)) {
              statuses.put(cluster, message.getStatus());
              if (System.nanoTime() - saidAt >= quiet.toNanos()) {
                saidAt = System.nanoTime();
                out.onNext(map);
              }
            }
          }
        }
        case MESSAGE_NOT_SET -> throw new AssertionError("an empty message");
      }
    }

    @Override
    public void onError(Throwable problem) {
      sessions.remove(this);
    }

    @Override
    public void onCompleted() {
      sessions.remove(this);
      out.onCompleted();
    }
  }

  static ClusterEntry cluster(
      String name, int number, long epoch, FakeMember master, FakeMember slave) {
    return ClusterEntry.newBuilder()
        .setName(name)
        .setNumber(number)
        .setConfiguration(
            Configuration.newBuilder().setCluster(name).setEpoch(epoch).setMaster(master.name()))
        .addMembers(member(slave))
        .addMembers(member(master))
        .build();
  }

  /** Changes one cluster of the map. */
  synchronized void change(String cluster, UnaryOperator<ClusterEntry.Builder> change) {
    map.getClustersList().stream()
        .filter(entry -> entry.getName().equals(cluster))
        .findFirst()
        .ifPresent(entry -> record(change.apply(entry.toBuilder()).build()));
  }

  private static Member member(FakeMember member) {
    return Member.newBuilder().setName(member.name()).setInternalAddress(member.address()).build();
  }
}
