package social.starling.coordinator;

import io.grpc.stub.StreamObserver;
import social.starling.proto.coordinator.v1.AdminGrpc.AdminImplBase;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.ForgetClusterRequest;
import social.starling.proto.coordinator.v1.ForgetClusterResponse;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.RecordClusterResponse;
import social.starling.proto.coordinator.v1.RecoverRequest;
import social.starling.proto.coordinator.v1.RecoverResponse;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.ReportDeadResponse;
import social.starling.proto.coordinator.v1.SwitchoverRequest;
import social.starling.proto.coordinator.v1.SwitchoverResponse;

/** What the operator, the launcher and {@code starling admin} ask. Thread-safe. */
final class AdminService extends AdminImplBase {

  private final Registry registry;
  private final Sessions sessions;
  private final Synchronizers synchronizers;
  private final MapWatchers watchers;
  private final Switchovers switchovers;
  private final Recoveries recoveries;
  private final SlotMoves moves;

  AdminService(
      Registry registry,
      Sessions sessions,
      Synchronizers synchronizers,
      MapWatchers watchers,
      Switchovers switchovers,
      Recoveries recoveries,
      SlotMoves moves) {
    this.registry = registry;
    this.sessions = sessions;
    this.synchronizers = synchronizers;
    this.moves = moves;
    this.watchers = watchers;
    this.switchovers = switchovers;
    this.recoveries = recoveries;
  }

  @Override
  public void recordCluster(
      RecordClusterRequest request, StreamObserver<RecordClusterResponse> caller) {
    Statuses.answer(
        caller,
        () ->
            RecordClusterResponse.newBuilder()
                .setNumber(
                    registry.record(
                        request.getName(), request.getMembersList(), request.getMembersVersion()))
                .build());
  }

  @Override
  public void forgetCluster(
      ForgetClusterRequest request, StreamObserver<ForgetClusterResponse> caller) {
    Statuses.answer(
        caller,
        () -> {
          moves.forget(request.getName());
          return ForgetClusterResponse.getDefaultInstance();
        });
  }

  @Override
  public void reportDead(ReportDeadRequest request, StreamObserver<ReportDeadResponse> caller) {
    Statuses.answer(
        caller,
        () -> {
          registry.knownMember(request.getCluster(), request.getMember());
          Bounds.checkId("instance", request.getInstance());
          sessions.reportDead(
              new MemberKey(request.getCluster(), request.getMember()), request.getInstance());
          return ReportDeadResponse.getDefaultInstance();
        });
  }

  @Override
  public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> caller) {
    Statuses.answer(
        caller,
        () -> {
          GetStatusResponse.Builder status =
              GetStatusResponse.newBuilder()
                  .setVersion(watchers.current().getVersion())
                  .setExpectedClusters(registry.expectedClusters())
                  .addAllSlots(registry.slots().owners());
          registry.clusters().forEach(cluster -> status.addClusters(report(cluster)));
          return status.build();
        });
  }

  @Override
  public void switchover(SwitchoverRequest request, StreamObserver<SwitchoverResponse> caller) {
    Statuses.answer(caller, () -> switchovers.run(request.getCluster()));
  }

  @Override
  public void recover(RecoverRequest request, StreamObserver<RecoverResponse> caller) {
    Statuses.answer(caller, () -> recoveries.run(request));
  }

  private ClusterStatus report(RecordedCluster cluster) {
    ClusterStatus.Builder status =
        ClusterStatus.newBuilder()
            .setName(cluster.name())
            .setNumber(cluster.number())
            .setMembersVersion(cluster.membersVersion())
            .setConfiguration(cluster.configuration());
    for (String member : cluster.members()) {
      MemberKey key = new MemberKey(cluster.name(), member);
      MemberReport.Builder report =
          MemberReport.newBuilder()
              .setName(member)
              .setHearing(sessions.hearing(key))
              .setHeardMillisAgo(sessions.millisSinceHeard(key));
      sessions
          .presence(key)
          .ifPresent(presence -> {
            report.setHello(presence.hello());
            presence.status().ifPresent(report::setStatus);
          });
      status.addMembers(report);
    }
    synchronizers.report(cluster.name()).ifPresent(status::setSynchronizer);
    return status.build();
  }
}
