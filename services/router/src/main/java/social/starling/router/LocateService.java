package social.starling.router;

import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import social.starling.common.Errors;
import social.starling.common.Limits;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.router.v1.RouterGrpc;
import social.starling.proto.sns.v1.Reason;

/** Tells where a user lives, from the map, without asking any member. */
final class LocateService extends RouterGrpc.RouterImplBase {

  private final Routes routes;
  private final Upstreams upstreams;

  LocateService(Routes routes, Upstreams upstreams) {
    this.routes = routes;
    this.upstreams = upstreams;
  }

  @Override
  public void locate(LocateRequest request, StreamObserver<LocateResponse> answer) {
    String user = Limits.checkName(request.getUser());
    answer.onNext(located(routes.current(), user));
    answer.onCompleted();
  }

  private LocateResponse located(RouteMap map, String user) {
    if (!map.heard()) {
      throw Errors.of(
          Code.UNAVAILABLE,
          Reason.NOT_READY,
          "the router has just started and has heard no coordinator yet; try again");
    }
    if (!map.dealt()) {
      throw Errors.of(Code.UNAVAILABLE, Reason.WAITING_FOR_CLUSTERS, map.waiting());
    }
    String owner = map.ownerOf(user).orElse("");
    ClusterRoute cluster = map.clusters().get(owner);
    if (cluster == null || cluster.masterFirst().isEmpty()) {
      throw Errors.of(
          Code.UNAVAILABLE,
          Reason.CLUSTER_DOWN,
          "no member of cluster " + owner + " has been heard by a coordinator; try again",
          Map.of("cluster", owner));
    }
    if (cluster.down() && !upstreams.connected(cluster)) {
      throw Errors.of(
          Code.UNAVAILABLE,
          Reason.CLUSTER_DOWN,
          "no member of cluster "
              + owner
              + " can serve now (no coordinator hears one that could);"
              + " try again",
          Map.of("cluster", owner));
    }
    LocateResponse.Builder response =
        LocateResponse.newBuilder().setCluster(cluster.name()).setEpoch(cluster.epoch());
    for (MemberRoute member : cluster.masterFirst()) {
      response.addMembers(
          Location.newBuilder()
              .setMember(member.name())
              .setAddress(member.address())
              .setMaster(member.name().equals(cluster.master())));
    }
    return response.build();
  }
}
