package social.starling.router;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import social.starling.client.Verdict;
import social.starling.common.Backoff;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/**
 * One call's way to the member that serves it.
 *
 * <ol>
 *   <li>The first attempt goes to the member that served last or, when nothing is known, to the
 *       master of the map.
 *   <li>When the map changes, the next attempt goes to its master at once, and an attempt at
 *       another is given up.
 *   <li>A member that names the master sends the call there at once.
 *   <li>A member that is not master, or cannot be reached, sends the call to the other after a
 *       short wait: a failover is found even while no coordinator can be heard.
 *   <li>A member that is master but not ready is asked again after a short wait; so is one that
 *       says that the name is of another cluster, unless the map says so too by then.
 *   <li>When the map says that the whole cluster is down, the caller is told at once, unless there
 *       is a connection to one of its members: then one short attempt is made before.
 *   <li>Any other answer is the caller's.
 * </ol>
 *
 * <p>Repeating is safe: reads change nothing, and a write carries its id. Used by one thread at a
 * time.
 */
final class Pursuit {

  private static final Duration FIRST_WAIT = Duration.ofMillis(5);
  private static final Duration MAX_WAIT = Duration.ofMillis(50);
  private static final Duration FOR_EVER = Duration.ofDays(10_000);

  private final Router router;
  private final String name;
  private final boolean stream;
  private final Duration downAfter;
  private final Backoff backoff = new Backoff(FIRST_WAIT, MAX_WAIT, ThreadLocalRandom.current());
  private long deadlineNanos;
  private Attempt last;
  private Failure failure;
  private StatusRuntimeException answer;
  private String hint = "";
  private boolean doubtful;

  private Pursuit(Router router, String name, boolean stream, Duration time, Duration downAfter) {
    this.router = router;
    this.name = name;
    this.stream = stream;
    this.downAfter = downAfter;
    restart(time);
  }

  /**
   * For a call of one answer that may take this long.
   *
   * @param name of a user of the cluster that must serve the call
   */
  static Pursuit ofCall(Router router, String name, Duration time) {
    return new Pursuit(router, name, false, time, router.patience().callDown());
  }

  /**
   * For a stream, whose owner waits between the attempts and decides when it is enough. It may be
   * cut because it is slow, and goes on then.
   */
  static Pursuit ofStream(Router router, String name) {
    return new Pursuit(router, name, true, FOR_EVER, FOR_EVER);
  }

  /** Begins the time anew. */
  void restart(Duration time) {
    deadlineNanos = System.nanoTime() + time.toNanos();
    backoff.reset();
    doubtful = false;
  }

  Duration left() {
    return Duration.ofNanos(deadlineNanos - System.nanoTime());
  }

  /**
   * The first attempt, when there is somebody to go to at once; never waits. The caller closes it.
   *
   * @throws StatusRuntimeException when the caller should be told that nobody can serve it
   */
  Optional<Attempt> first() {
    checkCaller();
    Optional<ClusterRoute> route =
        route(router.routes().current()).filter(known -> !known.masterFirst().isEmpty());
    if (route.isEmpty()) {
      return Optional.empty();
    }
    checkMap(route.get());
    return attempt(route.get());
  }

  /**
   * The next attempt, once it is time for it. The caller closes it.
   *
   * @throws StatusRuntimeException when the caller should be told that nobody can serve it
   */
  Attempt next() throws InterruptedException {
    while (true) {
      Optional<Attempt> attempt = tryNext();
      if (attempt.isPresent()) {
        return attempt.get();
      }
    }
  }

  /** As {@link #next}, but gives the thread back after at most 50 ms, empty when it is not time. */
  Optional<Attempt> tryNext() throws InterruptedException {
    checkCaller();
    RouteMap map = router.routes().current();
    Optional<ClusterRoute> route = route(map);
    if (route.isEmpty() || route.get().masterFirst().isEmpty()) {
      await(map, MAX_WAIT);
      return Optional.empty();
    }
    ClusterRoute cluster = route.get();
    checkMap(cluster);
    boolean moved = last != null && !isOf(last.route(), cluster);
    if (last != null && !stream && !moved && hint.isEmpty() && failure != Failure.OVERTAKEN) {
      checkDown(cluster);
      await(map, backoff.next());
      // The cluster may have lost its members meanwhile; then the next look waits for new ones.
      route = route(router.routes().current()).filter(known -> !known.masterFirst().isEmpty());
    }
    return route.flatMap(this::attempt);
  }

  /**
   * The attempt served.
   *
   * @param attempt the one that {@link #next} gave
   */
  void served(Attempt attempt) {
    attempt.cluster().served(attempt.route(), attempt.upstream().address());
  }

  /**
   * The attempt failed. Returns when another is worth while.
   *
   * @throws StatusRuntimeException when the caller should be told
   */
  void failed(Attempt attempt, StatusRuntimeException thrown) {
    checkCaller();
    failure = Failure.of(attempt, thrown);
    last = attempt;
    hint = "";
    if (failure == Failure.FINAL || failure == Failure.CUT && !stream) {
      throw thrown;
    }
    // The last attempt has only the rest of the time: that it went by takes back no answer.
    if (failure != Failure.NO_ANSWER && failure != Failure.OVERTAKEN) {
      answer = thrown;
    }
    attempt.cluster().refused(attempt.upstream().address());
    doubtful |=
        switch (failure) {
          case NOT_MASTER, NOT_READY, WRONG_CLUSTER -> false;
          case UNREACHABLE -> Verdict.of(thrown) != Verdict.UNREACHED;
          default -> true;
        };
    if (failure == Failure.NOT_MASTER) {
      hint = hint(attempt, Errors.metadata(thrown));
    }
    router.retried(failure);
  }

  /**
   * What the caller is told instead of a failure that the last attempt ended with, or that there
   * was no other attempt: the same, with the doubt that earlier attempts have left. A refusal by
   * who could serve leaves none, for it knows what became of the same request before.
   */
  StatusRuntimeException told(StatusRuntimeException end) {
    boolean clear =
        switch (Verdict.of(end)) {
          case FINAL -> Errors.reason(end).isPresent();
          // Says so itself.
          case BROKEN -> true;
          case ELSEWHERE, LATER, UNREACHED -> false;
        };
    return doubtful && !clear ? Errors.doubtful(end) : end;
  }

  private Optional<ClusterRoute> route(RouteMap map) {
    if (map.heard() && !map.dealt()) {
      throw Errors.of(Code.UNAVAILABLE, Reason.WAITING_FOR_CLUSTERS, map.waiting());
    }
    return map.ownerOf(name).map(map.clusters()::get);
  }

  private Optional<Attempt> attempt(ClusterRoute route) {
    Cluster cluster = router.clusters().named(route.name());
    String address = choose(cluster, route);
    Optional<Upstream> upstream = router.upstreams().to(address);
    if (upstream.isEmpty()) {
      return Optional.empty();
    }
    boolean named =
        address.equals(hint)
            || cluster.found(route).filter(address::equals).isPresent()
            || route.masterRoute().filter(m -> m.address().equals(address)).isPresent();
    hint = "";
    Attempt attempt = new Attempt(cluster, route, upstream.get(), named);
    // The map may have changed before the attempt could be seen by those who follow it.
    ClusterRoute now = router.routes().current().clusters().get(route.name());
    if (now != null && attempt.isOvertakenBy(now)) {
      attempt.close();
      return Optional.empty();
    }
    return Optional.of(attempt);
  }

  private String choose(Cluster cluster, ClusterRoute route) {
    List<MemberRoute> members = route.masterFirst();
    if (last == null || !isOf(last.route(), route)) {
      return cluster.found(route).orElse(members.getFirst().address());
    }
    if (!hint.isEmpty()) {
      return hint;
    }
    String tried = last.upstream().address();
    boolean elsewhere =
        switch (failure) {
          case NOT_MASTER, UNREACHABLE, NO_ANSWER -> true;
          case NOT_READY, WRONG_CLUSTER, UNKNOWN_OUTCOME, CUT, OVERTAKEN, FINAL -> false;
        };
    return members.stream()
        .map(MemberRoute::address)
        .filter(address -> elsewhere != address.equals(tried))
        .findFirst()
        .orElse(members.getFirst().address());
  }

  // Only an address of the map, of this cluster or a later epoch's: anything else may be old.
  private String hint(Attempt attempt, Map<String, String> metadata) {
    String address = metadata.getOrDefault("master", "");
    boolean older = epoch(metadata) < attempt.route().epoch();
    boolean itself = address.equals(attempt.upstream().address());
    return older || itself || router.upstreams().to(address).isEmpty() ? "" : address;
  }

  private static long epoch(Map<String, String> metadata) {
    try {
      return Long.parseLong(metadata.getOrDefault("epoch", "0"));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private void await(RouteMap map, Duration wait) throws InterruptedException {
    if (left().compareTo(wait) <= 0) {
      throw expired(map);
    }
    if (router.routes().awaitOtherThan(map.version(), wait)) {
      backoff.reset();
    }
  }

  private static boolean isOf(ClusterRoute one, ClusterRoute other) {
    return one.name().equals(other.name()) && one.epoch() == other.epoch();
  }

  private void checkMap(ClusterRoute route) {
    if (route.down() && (last != null || !router.upstreams().connected(route))) {
      throw down(route.name(), "no coordinator hears one that could");
    }
  }

  private void checkDown(ClusterRoute route) {
    if (router.upstreams().unreachableFor(route, downAfter)) {
      throw down(route.name(), "none of its members can be connected to");
    }
  }

  /** What the caller is told when the time is over. */
  StatusRuntimeException expired(RouteMap map) {
    if (!map.heard()) {
      return Errors.of(
          Code.UNAVAILABLE,
          Reason.NOT_READY,
          "the router has just started and has heard no coordinator yet; try again");
    }
    String cluster = map.ownerOf(name).orElse("?");
    if (answer != null && Errors.reason(answer).equals(Optional.of(Reason.WRONG_CLUSTER))) {
      return Errors.of(
          Code.UNAVAILABLE,
          Reason.NOT_READY,
          "cluster "
              + cluster
              + " does not take "
              + name
              + " for its own, and nobody else does yet; try again");
    }
    if (answer != null) {
      return down(cluster, "the last answer was: " + described(answer.getStatus()));
    }
    if (last != null) {
      return Status.DEADLINE_EXCEEDED
          .withDescription("cluster " + cluster + " did not answer within the deadline" + doubt())
          .asRuntimeException();
    }
    return down(cluster, "no member of it has been heard by a coordinator");
  }

  private StatusRuntimeException down(String cluster, String why) {
    return Errors.of(
        Code.UNAVAILABLE,
        Reason.CLUSTER_DOWN,
        "no member of cluster " + cluster + " can serve now (" + why + ")" + doubt(),
        Map.of("cluster", cluster));
  }

  private String doubt() {
    return doubtful
        ? "; a change may or may not have been made: repeat it with the same id"
        : "; try again";
  }

  private static String described(Status status) {
    return status.getDescription() == null ? status.getCode().name() : status.getDescription();
  }

  // The caller's own end comes before any other reason.
  private static void checkCaller() {
    if (Context.current().isCancelled()) {
      throw Status.CANCELLED.withDescription("the caller has gone").asRuntimeException();
    }
  }
}
