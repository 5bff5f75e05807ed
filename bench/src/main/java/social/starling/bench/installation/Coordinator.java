package social.starling.bench.installation;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.Role;
import social.starling.proto.coordinator.v1.SwitchoverRequest;

/** Asks the first coordinator of an installation. Thread-safe. The caller closes it. */
public final class Coordinator implements AutoCloseable {

  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final Duration SWITCHOVER = Duration.ofSeconds(30);

  private final ManagedChannel channel;
  private final AdminGrpc.AdminBlockingStub admin;

  public Coordinator(Installation installation) {
    this.channel =
        Channels.open(
            installation.coordinators().getFirst(), installation.credential().clientInterceptor());
    this.admin = AdminGrpc.newBlockingStub(channel);
  }

  /** The clusters; empty when the coordinator does not answer now. */
  public List<ClusterStatus> clusters() {
    try {
      return admin
          .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
          .getStatus(GetStatusRequest.getDefaultInstance())
          .getClustersList();
    } catch (StatusRuntimeException e) {
      return List.of();
    }
  }

  public Optional<ClusterStatus> cluster(String name) {
    return clusters().stream().filter(cluster -> cluster.getName().equals(name)).findFirst();
  }

  /** Has a cluster's master hand over, and waits for it. */
  public void switchover(String cluster) {
    admin
        .withDeadlineAfter(SWITCHOVER.toMillis(), TimeUnit.MILLISECONDS)
        .switchover(SwitchoverRequest.newBuilder().setCluster(cluster).build());
  }

  /** Both members heard, in sync and in the same epoch, the master open, nothing outstanding. */
  public static boolean isWhole(ClusterStatus cluster) {
    Configuration configuration = cluster.getConfiguration();
    return cluster.getMembersCount() == 2
        && configuration.getInSyncCount() == 2
        && cluster.getMembersList().stream().allMatch(member -> isWell(member, configuration));
  }

  private static boolean isWell(MemberReport member, Configuration configuration) {
    boolean counted =
        configuration.getInSyncList().stream()
            .anyMatch(in ->
                in.getMember().equals(member.getName())
                    && in.getVolume().equals(member.getStatus().getVolume()));
    boolean master = member.getName().equals(configuration.getMaster());
    return counted
        && member.getHearing() == Hearing.HEARD
        && member.getStatus().getEpoch() == configuration.getEpoch()
        && member.getStatus().getTrouble().isEmpty()
        && member.getStatus().getRole() == (master ? Role.OPEN : Role.FOLLOWER);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
