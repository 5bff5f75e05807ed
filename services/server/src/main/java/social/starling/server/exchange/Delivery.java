package social.starling.server.exchange;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Errors;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.DeliverRequest;
import social.starling.proto.sync.v1.DeliverResponse;
import social.starling.replication.Role;
import social.starling.server.member.Member;
import social.starling.server.state.Position;

/**
 * What one peer sends, on its way into the journal:
 *
 * <ol>
 *   <li>The first message names the peer. An older call for the same peer is ended, and what it has
 *       under way is waited for, a moment. Then the cursor is answered.
 *   <li>A batch that does not begin where the one before ended, or that is malformed, ends the
 *       call. The others are submitted without waiting; so many are under way at most, and no more
 *       are read meanwhile.
 *   <li>When a batch has been applied the cursor is answered: the newest, once there is room. One
 *       that had no effect, because it did not begin at the cursor, ends the call.
 *   <li>"Seen" counts when all before it has been applied.
 * </ol>
 *
 * <p>Whatever goes wrong, the journal's cursor decides: the peer begins again from there.
 *
 * <p>One virtual thread owns the call; gRPC's callbacks and the replica thread only wake it.
 */
final class Delivery implements StreamObserver<DeliverRequest>, Runnable {

  /** Batches that are under way to the journal. */
  static final int MAX_IN_FLIGHT = 64;

  /** Bytes of them, beyond which nothing more is read. */
  static final int MAX_IN_FLIGHT_BYTES = 1 << 20;

  private static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long COMMIT_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final Duration OLDER = Duration.ofSeconds(1);
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A batch that was submitted, or one that says "seen" only: then without an answer. */
  private record Pending(
      CompletableFuture<Answer> answer, Batch batch, Position upTo, int bytes, long since) {}

  private final Logger log = LoggerFactory.getLogger(Delivery.class);
  private final ExchangeService exchange;
  private final Member member;
  private final ServerCallStreamObserver<DeliverResponse> call;
  private final CountDownLatch settled = new CountDownLatch(1);
  private volatile Thread thread;
  private volatile boolean woken;
  private volatile DeliverRequest arrived;
  private volatile boolean completed;
  private volatile boolean cancelled;
  private volatile boolean replaced;
  private volatile int inFlight;

  // The thread's own.
  private final Deque<Pending> pending = new ArrayDeque<>();
  private int pendingBytes;
  private int peer = -1;
  private Position end;
  private Position unsaid;
  private boolean asked;

  Delivery(
      ExchangeService exchange, Member member, ServerCallStreamObserver<DeliverResponse> call) {
    this.exchange = exchange;
    this.member = member;
    this.call = call;
  }

  // ---------------------------------------------------------------- any thread

  /** Never called before the one before was taken: each message is asked for. */
  @Override
  public void onNext(DeliverRequest message) {
    arrived = message;
    wake();
  }

  @Override
  public void onError(Throwable problem) {
    cancel();
  }

  /** Nobody is there any longer. */
  void cancel() {
    cancelled = true;
    wake();
  }

  @Override
  public void onCompleted() {
    completed = true;
    wake();
  }

  /** Something happened. Neither blocks nor throws. */
  void wake() {
    if (!woken) {
      woken = true;
      LockSupport.unpark(thread);
    }
  }

  /** Ends this call for a newer one, and waits, a moment, for what it has under way. */
  private void giveWay() throws InterruptedException {
    replaced = true;
    wake();
    if (!settled.await(OLDER.toMillis(), TimeUnit.MILLISECONDS)) {
      log.atDebug().addKeyValue("peer", peer).log("an older delivery is still under way");
    }
  }

  /** Batches under way. */
  int inFlight() {
    return inFlight;
  }

  // ---------------------------------------------------------------- the thread

  @Override
  public void run() {
    thread = Thread.currentThread();
    try {
      begin();
      while (!cancelled) {
        woken = false;
        settle();
        checkUsable();
        DeliverRequest message = arrived;
        if (message != null) {
          arrived = null;
          asked = false;
          accept(message);
        } else if (completed && pending.isEmpty()) {
          finish();
          return;
        }
        say();
        ask();
        if (!woken) {
          LockSupport.parkNanos(this, PAUSE_NANOS);
        }
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(member.notServing(member.serving()));
    } catch (RuntimeException e) {
      fail(e); // A status as it is; the port tells the log of any other.
    } finally {
      end();
    }
  }

  private void begin() throws InterruptedException {
    call.request(1);
    long since = System.nanoTime();
    while (arrived == null && !completed && !cancelled) {
      if (System.nanoTime() - since > FIRST_NANOS) {
        throw invalid("no message came within 10 s; the first names the peer");
      }
      if (!woken) {
        LockSupport.parkNanos(this, PAUSE_NANOS);
      }
      woken = false;
    }
    if (cancelled) {
      return;
    }
    DeliverRequest first = arrived;
    arrived = null;
    if (first == null || !first.hasPeer()) {
      throw invalid("the first message does not name the peer");
    }
    exchange.checkPeer(first.getPeer());
    peer = first.getPeer();
    Delivery older = exchange.begin(peer, this);
    if (older != null) {
      older.giveWay();
    }
    // A cursor from a state that is behind would only make the peer begin in vain.
    end = member.read(() -> member.state().cursor(peer));
    unsaid = end;
  }

  private void checkUsable() {
    if (replaced) {
      throw aborted("a newer call delivers for cluster %d".formatted(peer));
    }
    var serving = member.serving();
    if (serving.role() != Role.OPEN) {
      throw member.notServing(serving);
    }
    if (!pending.isEmpty() && System.nanoTime() - pending.getFirst().since > COMMIT_NANOS) {
      throw Errors.of(
          Code.UNAVAILABLE,
          Reason.UNKNOWN_OUTCOME,
          "a batch was not committed within 5 s; begin again from the cursor");
    }
  }

  private void accept(DeliverRequest message) {
    if (!message.hasBatch()) {
      throw invalid("a message holds no batch");
    }
    Batch batch = message.getBatch();
    Optional<Received> received = check(batch);
    Position after = Position.of(batch.getAfter());
    if (!after.equals(end)) {
      throw notAtCursor(after, end);
    }
    if (received.isEmpty()) {
      add(new Pending(null, batch, end, 0, System.nanoTime()));
      return;
    }
    end = Position.of(batch.getUpTo());
    CompletableFuture<Answer> answer =
        member.submit(Request.newBuilder().setReceived(received.get()).build());
    add(new Pending(answer, batch, end, batch.getSerializedSize(), System.nanoTime()));
    answer.whenComplete((_, _) -> wake());
  }

  /** What is to be journaled, if anything. */
  private Optional<Received> check(Batch batch) {
    try {
      if (batch.hasUpTo()) {
        return Optional.of(Batches.received(batch, peer));
      }
      Batches.checkSeen(batch);
      return Optional.empty();
    } catch (StatusRuntimeException e) {
      exchange.metrics().refused.increment();
      throw e;
    }
  }

  private void add(Pending next) {
    pending.addLast(next);
    pendingBytes += next.bytes;
    inFlight = pending.size();
    settle(); // It may be done already.
  }

  /** Takes out what has been applied, in order. */
  private void settle() {
    while (!pending.isEmpty()) {
      Pending first = pending.getFirst();
      if (first.answer != null && !first.answer.isDone()) {
        return;
      }
      pending.removeFirst();
      pendingBytes -= first.bytes;
      inFlight = pending.size();
      if (first.answer != null) {
        Answer answer = outcome(first.answer);
        if (!answer.getReason().isEmpty()) {
          throw notAtCursor(Position.of(first.batch.getAfter()), cursor());
        }
        exchange.metrics().received(peer).count(first.batch);
        unsaid = first.upTo;
      }
      if (first.batch.getSeen() > 0) {
        exchange.seen().raise(peer, first.batch.getSeen());
      }
    }
  }

  private Position cursor() {
    return member.state().cursor(peer);
  }

  private static Answer outcome(CompletableFuture<Answer> done) {
    try {
      return done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StatusRuntimeException status
          ? status
          : new IllegalStateException("a batch could not be submitted", e.getCause());
    }
  }

  /** The newest cursor, when the peer has room for it. */
  private void say() {
    if (unsaid != null && call.isReady()) {
      call.onNext(DeliverResponse.newBuilder().setCursor(unsaid.message()).build());
      unsaid = null;
    }
  }

  /** One message at a time, so that what waits is bounded by gRPC's window. */
  private void ask() {
    if (!asked
        && !completed
        && pending.size() < MAX_IN_FLIGHT
        && pendingBytes < MAX_IN_FLIGHT_BYTES) {
      asked = true;
      call.request(1);
    }
  }

  private void finish() {
    if (unsaid != null) {
      call.onNext(DeliverResponse.newBuilder().setCursor(unsaid.message()).build());
    }
    call.onCompleted();
  }

  private void fail(RuntimeException e) {
    if (!cancelled) {
      call.onError(e);
    }
  }

  /** A newer call begins at the right cursor if what is under way is decided before. */
  private void end() {
    try {
      CompletableFuture.allOf(
              pending.stream()
                  .map(Pending::answer)
                  .filter(Objects::nonNull)
                  .toArray(CompletableFuture[]::new))
          .get(COMMIT_NANOS, TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      log.atDebug().addKeyValue("peer", peer).log("what was under way is not all committed");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      inFlight = 0;
      exchange.end(peer, this);
      settled.countDown();
    }
  }

  private StatusRuntimeException notAtCursor(Position after, Position cursor) {
    exchange.metrics().aborted.increment();
    return aborted(
        "the batch begins at %d/%d and the cursor for cluster %d is %d/%d; begin again from there"
            .formatted(after.index(), after.within(), peer, cursor.index(), cursor.within()));
  }

  private static StatusRuntimeException aborted(String sentence) {
    return Errors.of(Code.ABORTED, Reason.REASON_UNSPECIFIED, sentence);
  }

  private static StatusRuntimeException invalid(String sentence) {
    return Errors.of(Code.INVALID_ARGUMENT, Reason.INVALID_REQUEST, sentence);
  }
}
