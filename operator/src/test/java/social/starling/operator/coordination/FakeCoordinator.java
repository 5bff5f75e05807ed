package social.starling.operator.coordination;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.ForgetClusterRequest;
import social.starling.proto.coordinator.v1.ForgetClusterResponse;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.RecordClusterResponse;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.ReportDeadResponse;
import social.starling.proto.coordinator.v1.SwitchoverRequest;
import social.starling.proto.coordinator.v1.SwitchoverResponse;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/**
 * A coordinator as the operator sees it: says what a test tells it to, and remembers what it was
 * asked. All state is guarded by this object.
 */
public final class FakeCoordinator implements AutoCloseable {

  private final GrpcServer server;
  private final Map<String, ClusterStatus> clusters = new LinkedHashMap<>();
  private final List<StreamObserver<ClusterMap>> watchers = new ArrayList<>();
  private final List<String> asked = new ArrayList<>();
  private Status refusal = Status.OK;
  private BooleanSupplier reached = () -> true;
  private Optional<ClusterStatus> afterNextAnswer = Optional.empty();
  private long version;

  public FakeCoordinator(Credential credential) {
    server =
        GrpcServers.internalServer("127.0.0.1", 0, credential, new Admin(), new Coordination());
  }

  public Address address() {
    return new Address("127.0.0.1", server.port());
  }

  /** What it was asked to do, in order. */
  public synchronized List<String> asked() {
    return List.copyOf(asked);
  }

  public synchronized ClusterStatus cluster(String name) {
    return clusters.get(name);
  }

  /** From now on this is so. */
  public synchronized void say(ClusterStatus status) {
    clusters.put(status.getName(), status);
    tell();
  }

  /** Refuses what it is asked to do; {@code OK} refuses nothing. */
  public synchronized void refuse(Status status) {
    refusal = status;
  }

  /** What it is asked to do comes through only while this says so. */
  public synchronized void reachedWhile(BooleanSupplier reached) {
    this.reached = reached;
  }

  /** The next who asks for the status is told what is so now; right after that, this is so. */
  public synchronized void sayAfterNextAnswer(ClusterStatus status) {
    afterNextAnswer = Optional.of(status);
  }

  private void tell() {
    version++;
    watchers.removeIf(watcher -> {
      try {
        watcher.onNext(map());
        return false;
      } catch (RuntimeException _) {
        return true;
      }
    });
  }

  private ClusterMap map() {
    ClusterMap.Builder map = ClusterMap.newBuilder().setVersion(version);
    clusters
        .values()
        .forEach(status ->
            map.addClusters(
                ClusterEntry.newBuilder()
                    .setName(status.getName())
                    .setConfiguration(status.getConfiguration())
                    .setMembersVersion(status.getMembersVersion())));
    return map.build();
  }

  private synchronized boolean takes(String what, StreamObserver<?> caller) {
    if (!reached.getAsBoolean()) {
      caller.onError(Status.UNAVAILABLE.asRuntimeException());
      return false;
    }
    asked.add(what);
    if (!refusal.isOk()) {
      caller.onError(refusal.asRuntimeException());
      return false;
    }
    return true;
  }

  private static <T> void answer(StreamObserver<T> caller, T answer) {
    caller.onNext(answer);
    caller.onCompleted();
  }

  @Override
  public void close() {
    server.close();
  }

  private final class Coordination extends CoordinationGrpc.CoordinationImplBase {

    @Override
    public void watchMap(WatchMapRequest request, StreamObserver<ClusterMap> caller) {
      synchronized (FakeCoordinator.this) {
        watchers.add(caller);
        caller.onNext(map());
      }
    }
  }

  private final class Admin extends AdminGrpc.AdminImplBase {

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> caller) {
      synchronized (FakeCoordinator.this) {
        answer(caller, GetStatusResponse.newBuilder().addAllClusters(clusters.values()).build());
        Optional<ClusterStatus> next = afterNextAnswer;
        afterNextAnswer = Optional.empty();
        next.ifPresent(FakeCoordinator.this::say);
      }
    }

    @Override
    public void recordCluster(
        RecordClusterRequest request, StreamObserver<RecordClusterResponse> caller) {
      synchronized (FakeCoordinator.this) {
        if (!takes(
            "record %s %s after %d"
                .formatted(
                    request.getName(), request.getMembersList(), request.getMembersVersion()),
            caller)) {
          return;
        }
        ClusterStatus.Builder status =
            clusters
                .getOrDefault(
                    request.getName(),
                    ClusterStatus.newBuilder().setName(request.getName()).build())
                .toBuilder()
                .clearMembers()
                .setMembersVersion(request.getMembersVersion() + 1);
        request
            .getMembersList()
            .forEach(name -> status.addMembers(MemberReport.newBuilder().setName(name)));
        say(status.build());
        answer(caller, RecordClusterResponse.getDefaultInstance());
      }
    }

    @Override
    public void forgetCluster(
        ForgetClusterRequest request, StreamObserver<ForgetClusterResponse> caller) {
      synchronized (FakeCoordinator.this) {
        if (takes("forget " + request.getName(), caller)) {
          if (clusters.remove(request.getName()) == null) {
            caller.onError(Status.NOT_FOUND.asRuntimeException());
            return;
          }
          tell();
          answer(caller, ForgetClusterResponse.getDefaultInstance());
        }
      }
    }

    @Override
    public void reportDead(ReportDeadRequest request, StreamObserver<ReportDeadResponse> caller) {
      if (takes("dead %s %s".formatted(request.getMember(), request.getInstance()), caller)) {
        answer(caller, ReportDeadResponse.getDefaultInstance());
      }
    }

    @Override
    public void switchover(SwitchoverRequest request, StreamObserver<SwitchoverResponse> caller) {
      if (takes("hand over " + request.getCluster(), caller)) {
        answer(caller, SwitchoverResponse.getDefaultInstance());
      }
    }
  }
}
