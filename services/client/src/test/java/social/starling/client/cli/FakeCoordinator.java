package social.starling.client.cli;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import social.starling.common.Credential;
import social.starling.common.Errors;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.ForgetClusterRequest;
import social.starling.proto.coordinator.v1.ForgetClusterResponse;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.RecordClusterResponse;
import social.starling.proto.coordinator.v1.RecoverRequest;
import social.starling.proto.coordinator.v1.RecoverResponse;
import social.starling.proto.coordinator.v1.Role;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.SwitchoverRequest;
import social.starling.proto.coordinator.v1.SwitchoverResponse;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerReport;
import social.starling.proto.coordinator.v1.SynchronizerStatus;
import social.starling.proto.replication.v1.DigestRequest;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.FileDigest;
import social.starling.proto.replication.v1.MemberAdminGrpc;
import social.starling.proto.sns.v1.Reason;

/** A pretended coordinator with one cluster, alpha, and its two members' admin ports. */
final class FakeCoordinator implements AutoCloseable {

  static final String CREDENTIAL = "a-secret-of-tests";

  final Member one = new Member("alpha-1");
  final Member two = new Member("alpha-2");
  private final GrpcServer server;
  volatile boolean dealtOut = true;
  volatile boolean refusesSwitchover;
  volatile boolean refusesForgetting;

  /** A cluster that serves, besides alpha, with half of the slots. */
  volatile String serves = "";

  volatile List<SlotOwner> slots = List.of(owner(0, 1024, "alpha"));
  final List<String> recorded = new CopyOnWriteArrayList<>();

  FakeCoordinator() {
    server = GrpcServers.internalServer("127.0.0.1", 0, Credential.of(CREDENTIAL), new FakeAdmin());
  }

  String address() {
    return "127.0.0.1:" + server.port();
  }

  @Override
  public void close() {
    server.close();
    one.server.close();
    two.server.close();
  }

  private static SlotOwner owner(int from, int to, String cluster) {
    return SlotOwner.newBuilder().setFrom(from).setTo(to).setCluster(cluster).build();
  }

  private static SynchronizerReport synchronizer() {
    return SynchronizerReport.newBuilder()
        .setHearing(Hearing.HEARD)
        .setHeardMillisAgo(40)
        .setHello(SynchronizerHello.newBuilder().setInternalAddress("127.0.0.1:4650"))
        .setStatus(
            SynchronizerStatus.newBuilder()
                .addPeers(PeerProgress.newBuilder().setCluster("beta").setConnected(true).setLag(3))
                .addPeers(PeerProgress.newBuilder().setCluster("gamma")))
        .build();
  }

  private static Configuration configuration(long epoch, String master) {
    return Configuration.newBuilder()
        .setCluster("alpha")
        .setEpoch(epoch)
        .setMaster(master)
        .addInSync(InSyncMember.newBuilder().setMember("alpha-1").setVolume("v1"))
        .addInSync(InSyncMember.newBuilder().setMember("alpha-2").setVolume("v2"))
        .build();
  }

  /** A member's internal port; its digest is what a test puts in. */
  static final class Member {

    final String name;
    final Map<String, String> files = new TreeMap<>();
    final AtomicInteger digests = new AtomicInteger();
    volatile Iterator<Long> applied = List.of(7L, 7L, 7L, 7L).iterator();
    volatile String tables = "tables";
    volatile List<String> damage = List.of();
    private final GrpcServer server;
    private final int port;

    Member(String name) {
      this.name = name;
      this.server =
          GrpcServers.internalServer("127.0.0.1", 0, Credential.of(CREDENTIAL), new FakeDigest());
      this.port = server.port();
    }

    void stop() {
      server.close();
    }

    private MemberReport report(Role role) {
      return MemberReport.newBuilder()
          .setName(name)
          .setHearing(Hearing.HEARD)
          .setHeardMillisAgo(30)
          .setHello(
              Hello.newBuilder()
                  .setMember(name)
                  .setPublicAddress("127.0.0.1:4611")
                  .setInternalAddress("127.0.0.1:" + port)
                  .setVolume("v-" + name)
                  .setPid(4711))
          .setStatus(
              MemberStatus.newBuilder()
                  .setEpoch(3)
                  .setRole(role)
                  .setLastIndex(9)
                  .setCommitIndex(8)
                  .setUsers(5))
          .build();
    }

    private final class FakeDigest extends MemberAdminGrpc.MemberAdminImplBase {

      @Override
      public void digest(DigestRequest request, StreamObserver<DigestResponse> to) {
        digests.incrementAndGet();
        DigestResponse.Builder digest =
            DigestResponse.newBuilder()
                .setMember(name)
                .setAppliedIndex(applied.next())
                .setTablesSha256(ByteString.copyFromUtf8(tables))
                .setFilesSha256(ByteString.copyFromUtf8(files.toString()))
                .addAllDamage(damage);
        files.forEach((path, content) ->
            digest.addFiles(
                FileDigest.newBuilder()
                    .setPath(path)
                    .setSize(content.length())
                    .setSha256(ByteString.copyFromUtf8(content))));
        to.onNext(digest.build());
        to.onCompleted();
      }
    }
  }

  private final class FakeAdmin extends AdminGrpc.AdminImplBase {

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> to) {
      GetStatusResponse.Builder status =
          GetStatusResponse.newBuilder()
              .setVersion(5)
              .setExpectedClusters(2)
              .addClusters(
                  ClusterStatus.newBuilder()
                      .setName("alpha")
                      .setNumber(0)
                      .setConfiguration(configuration(3, "alpha-1"))
                      .addMembers(one.report(Role.OPEN))
                      .addMembers(two.report(Role.FOLLOWER))
                      .setSynchronizer(synchronizer()));
      if (dealtOut) {
        status.addAllSlots(slots);
      }
      if (!serves.isEmpty()) {
        status
            .clearSlots()
            .addSlots(owner(0, 512, "alpha"))
            .addSlots(owner(512, 1024, serves))
            .addClusters(
                ClusterStatus.newBuilder()
                    .setName(serves)
                    .setConfiguration(Configuration.newBuilder().setMaster("alpha-1"))
                    .addMembers(one.report(Role.OPEN)));
      }
      to.onNext(status.build());
      to.onCompleted();
    }

    @Override
    public void switchover(SwitchoverRequest request, StreamObserver<SwitchoverResponse> to) {
      if (refusesSwitchover) {
        to.onError(
            Errors.of(
                Status.Code.FAILED_PRECONDITION,
                Reason.NOT_READY,
                "alpha-2 is not in sync; wait until it has caught up"));
        return;
      }
      to.onNext(
          SwitchoverResponse.newBuilder()
              .setConfiguration(configuration(4, "alpha-2"))
              .setMillis(12)
              .build());
      to.onCompleted();
    }

    @Override
    public void recordCluster(
        RecordClusterRequest request, StreamObserver<RecordClusterResponse> to) {
      recorded.add(request.getName() + ": " + String.join(", ", request.getMembersList()));
      to.onNext(RecordClusterResponse.newBuilder().setNumber(3).build());
      to.onCompleted();
    }

    @Override
    public void forgetCluster(
        ForgetClusterRequest request, StreamObserver<ForgetClusterResponse> to) {
      if (refusesForgetting) {
        to.onError(
            Errors.of(
                Status.Code.FAILED_PRECONDITION,
                Reason.NOT_READY,
                "users live in " + request.getName()));
        return;
      }
      to.onNext(ForgetClusterResponse.getDefaultInstance());
      to.onCompleted();
    }

    @Override
    public void recover(RecoverRequest request, StreamObserver<RecoverResponse> to) {
      to.onNext(
          RecoverResponse.newBuilder()
              .setConfiguration(configuration(9, request.getMember()))
              .addGivenUp("entries that only alpha-1 held")
              .build());
      to.onCompleted();
    }
  }
}
