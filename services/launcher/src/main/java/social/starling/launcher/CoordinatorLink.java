package social.starling.launcher;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Errors;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.ForgetClusterRequest;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.ReportDeadResponse;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/**
 * The connection to the coordinator. It watches the map all the time: so the connection is warm
 * when a death is to be reported, and the launcher sees the promotion that follows.
 *
 * <p>Thread-safe. The configurations are guarded by this object; each change wakes all who wait.
 */
final class CoordinatorLink implements Coordinators, AutoCloseable {

  private static final Duration RETRY = Duration.ofMillis(20);
  private static final long CALL_SECONDS = 5;

  /** The master of the cluster is asked whether users live there. */
  private static final long FORGET_SECONDS = 15;

  /** A report that did not arrive within this time waits for the next connection. */
  private static final long REPORT_SECONDS = 2;

  private final ManagedChannel channel;
  private final Map<String, Configuration> configurations = new ConcurrentHashMap<>();
  private final Thread watcher;
  private volatile boolean closed;

  CoordinatorLink(String address, Credential credential) {
    this.channel = Channels.open(address, credential.clientInterceptor());
    this.watcher = Thread.ofVirtual().name("map-watcher").start(this::watch);
  }

  @Override
  public void record(String cluster, List<String> members) throws InterruptedException {
    RecordClusterRequest request =
        RecordClusterRequest.newBuilder().setName(cluster).addAllMembers(members).build();
    while (true) {
      try {
        AdminGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .recordCluster(request);
        return;
      } catch (StatusRuntimeException e) {
        switch (e.getStatus().getCode()) {
          case UNAVAILABLE, DEADLINE_EXCEEDED -> Thread.sleep(RETRY);
          case CANCELLED -> throw new InterruptedException("the call was cancelled");
          default ->
              throw new StartException(
                  ExitCode.REFUSED,
                  "the coordinator does not record cluster %s: %s"
                      .formatted(cluster, said(e.getStatus())));
        }
      }
    }
  }

  @Override
  public Optional<String> forget(String cluster) throws InterruptedException {
    ForgetClusterRequest request = ForgetClusterRequest.newBuilder().setName(cluster).build();
    while (true) {
      try {
        AdminGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .withDeadlineAfter(FORGET_SECONDS, TimeUnit.SECONDS)
            .forgetCluster(request);
        return Optional.empty();
      } catch (StatusRuntimeException e) {
        boolean answered = Errors.reason(e).isPresent();
        switch (e.getStatus().getCode()) {
          case NOT_FOUND -> {
            return Optional.empty();
          }
          case UNAVAILABLE, DEADLINE_EXCEEDED -> {
            if (answered) {
              return Optional.of(said(e.getStatus()));
            }
            Thread.sleep(RETRY);
          }
          case CANCELLED -> throw new InterruptedException("the call was cancelled");
          default -> {
            return Optional.of(said(e.getStatus()));
          }
        }
      }
    }
  }

  @Override
  public void reportDead(String cluster, String member, String instance) {
    if (closed) {
      return;
    }
    ReportDeadRequest request =
        ReportDeadRequest.newBuilder()
            .setCluster(cluster)
            .setMember(member)
            .setInstance(instance)
            .build();
    AdminGrpc.newStub(channel)
        .withWaitForReady()
        .withDeadlineAfter(REPORT_SECONDS, TimeUnit.SECONDS)
        .reportDead(request, new Report(cluster, member, instance));
  }

  @Override
  public long epoch(String cluster) {
    Configuration configuration = configurations.get(cluster);
    return configuration == null ? 0 : configuration.getEpoch();
  }

  @Override
  public String master(String cluster) {
    Configuration configuration = configurations.get(cluster);
    return configuration == null ? "" : configuration.getMaster();
  }

  @Override
  public synchronized void awaitChange(String cluster, long epoch, Duration atMost)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (epoch(cluster) <= epoch) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  private void watch() {
    while (!closed) {
      try {
        Iterator<ClusterMap> maps =
            CoordinationGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .watchMap(WatchMapRequest.getDefaultInstance());
        while (maps.hasNext()) {
          learn(maps.next());
        }
      } catch (StatusRuntimeException e) {
        // The coordinator is away; the next call waits until it is back.
      }
      try {
        Thread.sleep(RETRY);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private synchronized void learn(ClusterMap map) {
    for (ClusterEntry entry : map.getClustersList()) {
      if (entry.getConfiguration().getEpoch() > epoch(entry.getName())) {
        configurations.put(entry.getName(), entry.getConfiguration());
      }
    }
    notifyAll();
  }

  private static String said(Status status) {
    return status.getDescription() == null ? status.getCode().toString() : status.getDescription();
  }

  @Override
  public void close() {
    closed = true;
    watcher.interrupt();
    channel.shutdownNow();
  }

  /** Repeats a report until it arrives: what is dead stays dead. */
  private final class Report implements StreamObserver<ReportDeadResponse> {

    private final String cluster;
    private final String member;
    private final String instance;

    Report(String cluster, String member, String instance) {
      this.cluster = cluster;
      this.member = member;
      this.instance = instance;
    }

    @Override
    public void onNext(ReportDeadResponse response) {}

    @Override
    public void onError(Throwable cause) {
      switch (Status.fromThrowable(cause).getCode()) {
        case UNAVAILABLE, DEADLINE_EXCEEDED -> reportAgain();
        default -> {
          // The coordinator does not know the member: nothing waits for this report.
        }
      }
    }

    private void reportAgain() {
      Thread.ofVirtual()
          .start(() -> {
            try {
              Thread.sleep(RETRY);
              reportDead(cluster, member, instance);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }

    @Override
    public void onCompleted() {}
  }
}
