package social.starling.operator.coordination;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.Sessions;
import social.starling.operator.plan.Coordination;
import social.starling.proto.coordinator.v1.AdminGrpc.AdminBlockingStub;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.ForgetClusterRequest;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.RecordClusterRequest;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.SwitchoverRequest;

/**
 * All coordinators. What they store is the same for all, so any one answers for it; whom they hear
 * is each one's own, so all are asked, and one that hears a member is enough. Proofs of death go to
 * all.
 *
 * <p>Thread-safe; calls block, for no longer than said.
 */
public final class Coordinators implements AutoCloseable {

  /** Enough for one that is well, on a machine that is busy. */
  public static final Duration STATUS = Duration.ofSeconds(1);

  /**
   * An answer is as old as the slowest coordinator is slow, for all are waited for: this is for
   * what must not be decided on an old one.
   */
  public static final Duration SOON = Duration.ofMillis(300);

  private static final Duration REPORT = Duration.ofMillis(500);
  private static final Duration CHANGE = Duration.ofSeconds(5);

  /** The master may take up to 10 s, by the coordinator's own patience. */
  private static final Duration HANDOVER = Duration.ofSeconds(12);

  private final Sessions<CoordinatorLink> links;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("coordinator-", 0).factory());

  private volatile Consumer<String> changed = _ -> {};

  /** Begins with {@link #start}. */
  public Coordinators(List<Address> names, Credential credential) {
    this.links =
        new Sessions<>(
            names,
            address -> new CoordinatorLink(address, credential, name -> changed.accept(name)));
  }

  /**
   * Begins to look them up and to listen to them.
   *
   * @param listener is told the name of each cluster of which something is new; must not block
   */
  public void start(Consumer<String> listener) {
    changed = listener;
    links.start();
  }

  /** Whether one is heard. */
  public boolean heard() {
    return links.all().stream().anyMatch(CoordinatorLink::connected);
  }

  /**
   * What they say of a cluster.
   *
   * @param limit how long their answers are waited for
   */
  public Coordination coordination(String cluster, Duration limit) {
    List<GetStatusResponse> answers =
        askAll(limit, admin -> admin.getStatus(GetStatusRequest.getDefaultInstance()));
    if (answers.isEmpty()) {
      return new Coordination.Silent();
    }
    return answers.stream()
        .flatMap(answer -> answer.getClustersList().stream())
        .filter(status -> status.getName().equals(cluster))
        .reduce(Coordinators::merge)
        .<Coordination>map(Coordination.Recorded::new)
        .orElseGet(Coordination.Unrecorded::new);
  }

  /** Tells every coordinator; those that are away hear of a death by silence. */
  public void reportDead(String cluster, String member, String instance) {
    ReportDeadRequest report =
        ReportDeadRequest.newBuilder()
            .setCluster(cluster)
            .setMember(member)
            .setInstance(instance)
            .build();
    askAll(REPORT, admin -> admin.reportDead(report));
  }

  /**
   * Records the cluster, or its new members.
   *
   * @param version of the members recorded so far; 0 for none
   * @throws StatusRuntimeException when no coordinator does
   */
  public void record(String cluster, List<String> members, long version) {
    RecordClusterRequest request =
        RecordClusterRequest.newBuilder()
            .setName(cluster)
            .addAllMembers(members)
            .setMembersVersion(version)
            .build();
    askOne(CHANGE, admin -> admin.recordCluster(request));
  }

  /**
   * Has the cluster forgotten; no error when nobody knows it.
   *
   * @throws StatusRuntimeException when users live there, or no coordinator does it
   */
  public void forget(String cluster) {
    ForgetClusterRequest request = ForgetClusterRequest.newBuilder().setName(cluster).build();
    try {
      askOne(CHANGE, admin -> admin.forgetCluster(request));
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  /**
   * Has the master hand over.
   *
   * @throws StatusRuntimeException when it does not
   */
  public void handOver(String cluster) {
    SwitchoverRequest request = SwitchoverRequest.newBuilder().setCluster(cluster).build();
    askOne(HANDOVER, admin -> admin.switchover(request));
  }

  @Override
  public void close() {
    links.close();
    threads.shutdownNow();
  }

  /** The first answer that is an answer; a coordinator that is away leaves it to the next. */
  private <T> T askOne(Duration limit, Function<AdminBlockingStub, T> call) {
    StatusRuntimeException last =
        Status.UNAVAILABLE.withDescription("no coordinator is known").asRuntimeException();
    List<CoordinatorLink> known = new ArrayList<>(links.all());
    known.sort((a, b) -> Boolean.compare(b.connected(), a.connected()));
    for (CoordinatorLink link : known) {
      try {
        return call.apply(link.admin(limit));
      } catch (StatusRuntimeException e) {
        last = e;
        Status.Code code = e.getStatus().getCode();
        if (code != Status.Code.UNAVAILABLE && code != Status.Code.DEADLINE_EXCEEDED) {
          throw e;
        }
      }
    }
    throw last;
  }

  /** Answers of those who answer. */
  private <T> List<T> askAll(Duration limit, Function<AdminBlockingStub, T> call) {
    List<Future<T>> asked =
        links.all().stream()
            .map(link -> threads.submit(() -> call.apply(link.admin(limit))))
            .toList();
    long deadline = System.nanoTime() + limit.toNanos();
    List<T> answers = new ArrayList<>();
    for (Future<T> each : asked) {
      answer(each, deadline).ifPresent(answers::add);
    }
    return answers;
  }

  private static <T> Optional<T> answer(Future<T> asked, long deadline) {
    try {
      long left = Math.max(0, deadline - System.nanoTime());
      return Optional.of(asked.get(left, TimeUnit.NANOSECONDS));
    } catch (ExecutionException | TimeoutException _) {
      asked.cancel(true);
      return Optional.empty();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** The newer configuration counts; of each member, what the one says that heard it last. */
  static ClusterStatus merge(ClusterStatus one, ClusterStatus other) {
    boolean otherIsNewer =
        other.getConfiguration().getEpoch() > one.getConfiguration().getEpoch()
            || other.getMembersVersion() > one.getMembersVersion();
    ClusterStatus newer = otherIsNewer ? other : one;
    ClusterStatus older = otherIsNewer ? one : other;
    ClusterStatus.Builder merged = newer.toBuilder().clearMembers();
    for (MemberReport report : newer.getMembersList()) {
      merged.addMembers(
          older.getMembersList().stream()
              .filter(each -> each.getName().equals(report.getName()))
              .filter(each -> hearsBetter(each, report))
              .findFirst()
              .orElse(report));
    }
    return merged.build();
  }

  private static boolean hearsBetter(MemberReport one, MemberReport other) {
    boolean oneHears = one.getHearing() == Hearing.HEARD;
    boolean otherHears = other.getHearing() == Hearing.HEARD;
    if (oneHears != otherHears) {
      return oneHears;
    }
    if (one.hasHello() != other.hasHello()) {
      return one.hasHello();
    }
    return one.getHeardMillisAgo() < other.getHeardMillisAgo();
  }
}
