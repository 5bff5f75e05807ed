package social.starling.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import social.starling.common.Backoff;
import social.starling.common.Durations;
import social.starling.common.Errors;
import social.starling.common.Identity;
import social.starling.proto.sns.v1.Reason;

/**
 * Makes calls and repeats them until one answer counts or the deadline has passed. Thread-safe; a
 * call blocks its thread.
 *
 * <p>That a whole cluster is down is told at once, unless it served a moment ago: then it is most
 * likely being started again.
 *
 * <p>The first repetition follows at once when another target is there to try, later ones after 5
 * to 50 ms.
 */
final class Calls implements AutoCloseable {

  private static final Duration FIRST_WAIT = Duration.ofMillis(5);
  private static final Duration MAX_WAIT = Duration.ofMillis(50);

  private final Homes homes;
  private final Home own;
  private final ClientInterceptor identity;
  private final Duration deadline;
  private final Outage outage;
  private final LongAdder retries = new LongAdder();
  private final CountDownLatch closed = new CountDownLatch(1);

  Calls(Routing routing, String user, Duration deadline, Outage outage) {
    this.homes = new Homes(routing);
    this.own = homes.of(user);
    this.identity = Identity.as(user);
    this.deadline = deadline;
    this.outage = outage;
  }

  /** Makes a call that the user's own home serves, as below. */
  <Q, A> A call(String what, MethodDescriptor<Q, A> method, Q request, boolean write) {
    return call(what, method, request, write, own);
  }

  /** Makes a call that changes nothing and that another user's home serves, as below. */
  <Q, A> A read(String what, MethodDescriptor<Q, A> method, Q request, String name) {
    return call(what, method, request, false, homes.of(name));
  }

  /**
   * Makes a call.
   *
   * @param what names it in a sentence: "the post"
   * @param write that it changes something: a failure then says whether it may have happened
   * @throws StarlingException when it is refused, or not answered before the deadline
   */
  private <Q, A> A call(
      String what, MethodDescriptor<Q, A> method, Q request, boolean write, Home home) {
    Route route = home.route();
    boolean servedRecently = home.servedRecently();
    long end = System.nanoTime() + deadline.toNanos();
    Backoff backoff = null;
    boolean uncertain = false;
    StatusRuntimeException told = null;
    while (true) {
      Route.Target target = null;
      StatusRuntimeException failure;
      try {
        target = target(route);
        A answer =
            ClientCalls.blockingUnaryCall(
                as(target.channel()), method, options(target.limit(), end), request);
        answered(home, target);
        return answer;
      } catch (StatusRuntimeException e) {
        failure = e;
      }
      if (closed.getCount() == 0 || Thread.currentThread().isInterrupted()) {
        throw left(what, write, failure);
      }
      Verdict verdict = Verdict.of(failure);
      if (target != null) {
        uncertain |= write && mayHaveHappened(verdict, failure);
      }
      if (!verdict.repeatable()) {
        answered(home, target);
        throw refused(failure, uncertain);
      }
      if (target != null) {
        route.failed(target, verdict, failure);
      }
      if (isDown(failure)) {
        if (!servedRecently) {
          throw uncertain ? late(what, failure, true, route) : refused(failure, false);
        }
        waitsForCluster(failure);
      }
      if (verdict == Verdict.BROKEN || verdict == Verdict.UNREACHED) {
        outage.broke(route.next());
      }
      Duration wait = Duration.ZERO;
      if (backoff == null) {
        backoff = new Backoff(FIRST_WAIT, MAX_WAIT, ThreadLocalRandom.current());
        wait = verdict == Verdict.LATER ? backoff.next() : wait;
      } else {
        wait = backoff.next();
      }
      if (System.nanoTime() + wait.toNanos() >= end) {
        throw late(what, told == null || !cutShort(failure) ? failure : told, uncertain, route);
      }
      told = failure;
      retries.increment();
      pause(wait, what, write);
    }
  }

  /** The failure of a stream that cannot go on. */
  StarlingException streamFailed(StatusRuntimeException failure) {
    return Verdict.of(failure).repeatable()
        ? late("the stream", failure, false, own.route())
        : refused(failure, false);
  }

  Channel as(Channel channel) {
    return ClientInterceptors.intercept(channel, identity);
  }

  /** The way to the user's own home. */
  Route route() {
    return own.route();
  }

  Outage outage() {
    return outage;
  }

  /** Attempts beyond the first of each call, so far. */
  long retries() {
    return retries.sum();
  }

  boolean isClosed() {
    return closed.getCount() == 0;
  }

  /** Waits; true when the client was closed meanwhile. */
  boolean closedWithin(Duration wait) throws InterruptedException {
    return closed.await(wait.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private static Route.Target target(Route route) {
    try {
      return route.target();
    } catch (IllegalStateException e) {
      throw Status.CANCELLED.withDescription(e.getMessage()).asRuntimeException();
    }
  }

  private static CallOptions options(Duration limit, long end) {
    long nanos = Math.min(limit.toNanos(), Math.max(end - System.nanoTime(), 1));
    return CallOptions.DEFAULT.withDeadlineAfter(nanos, TimeUnit.NANOSECONDS);
  }

  private void answered(Home home, Route.Target target) {
    if (target != null) {
      home.route().succeeded(target);
      home.served();
    }
    outage.over();
  }

  /** Tells the listener if this is why the next attempt must wait. */
  void waitsForCluster(StatusRuntimeException failure) {
    if (isDown(failure)) {
      outage.clusterDown(Errors.metadata(failure).getOrDefault("cluster", ""));
    }
  }

  private static boolean isDown(StatusRuntimeException failure) {
    return Errors.reason(failure).filter(Reason.CLUSTER_DOWN::equals).isPresent();
  }

  private static boolean mayHaveHappened(Verdict verdict, StatusRuntimeException failure) {
    return verdict == Verdict.BROKEN
        || Errors.isDoubtful(failure)
        || Errors.reason(failure)
            .filter(r -> r == Reason.UNKNOWN_OUTCOME || r == Reason.ONE_COPY_ONLY)
            .isPresent();
  }

  private void pause(Duration wait, String what, boolean write) {
    try {
      if (wait.isPositive() && closedWithin(wait)) {
        throw left(what, write, null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw left(what, write, null);
    }
  }

  private StarlingException refused(StatusRuntimeException failure, boolean uncertain) {
    Optional<Reason> reason = Errors.reason(failure);
    boolean unknown = uncertain && reason.filter(Reason.SESSION_EXPIRED::equals).isPresent();
    return new StarlingException(
        failure.getStatus().getCode(),
        reason,
        sentence(failure),
        Errors.metadata(failure),
        unknown,
        failure);
  }

  // The last attempt had little time: what came before it says more.
  private static boolean cutShort(StatusRuntimeException failure) {
    return failure.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED;
  }

  private StarlingException late(
      String what, StatusRuntimeException failure, boolean uncertain, Route route) {
    String tried = " (tried for " + Durations.format(deadline) + ")";
    String sentence =
        switch (Verdict.of(failure)) {
          case UNREACHED -> "cannot reach " + route.described() + tried;
          case BROKEN -> "no answer from " + route.described() + tried;
          default -> sentence(failure) + tried;
        };
    String outcome = uncertain ? "; " + what + " may or may not have happened" : "";
    return new StarlingException(
        failure.getStatus().getCode(),
        uncertain ? Optional.of(Reason.UNKNOWN_OUTCOME) : Errors.reason(failure),
        sentence + outcome,
        Errors.metadata(failure),
        uncertain,
        failure);
  }

  private StarlingException left(String what, boolean write, StatusRuntimeException failure) {
    String why = closed.getCount() == 0 ? "the client was closed" : "the thread was interrupted";
    return new StarlingException(
        Status.Code.CANCELLED,
        Optional.empty(),
        why + " before " + what + " was answered",
        Map.of(),
        write,
        failure);
  }

  private static String sentence(StatusRuntimeException failure) {
    String description = failure.getStatus().getDescription();
    return description != null && !description.isEmpty()
        ? description
        : "the server answered " + failure.getStatus().getCode();
  }
}
