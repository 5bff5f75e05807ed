package social.starling.server.exchange;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sync.v1.Batch;
import social.starling.replication.Role;
import social.starling.server.member.Failures;
import social.starling.server.member.Member;
import social.starling.server.state.DamagedException;
import social.starling.server.state.Outgoing;
import social.starling.server.state.Position;
import social.starling.server.state.State;
import social.starling.server.storage.StorageException;

/**
 * What one peer needs, for as long as the call is open and this member serves. It holds a position
 * and one reading of the state: whatever is new is read when there is room to send it, so a slow
 * reader costs nothing and misses nothing.
 *
 * <p>Between batches it says up to where there is nothing for the peer: at most ten times a second
 * while the journal moves, each second otherwise, and only while this member knows that it is the
 * master, so that its silence tells the synchronizer to look elsewhere.
 *
 * <p>Runs on a virtual thread of its own; {@link #wake} is thread-safe.
 */
final class ChangesStream implements Runnable {

  /** Items in one reading, and in memory while the reader is slow. */
  static final int PAGE = 256;

  /** After so many entries that were not for the peer, its cursor is moved. */
  static final long MAX_SKIP = 65_536;

  private static final long MOVING_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long SLOW_READER_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final int peer;
  private final Member member;
  private final ServerCallStreamObserver<Batch> call;
  private final ExchangeMetrics.Flow sent;
  private final Position after;
  private volatile Thread thread;
  private volatile boolean woken;

  // The thread's own: what was sent ends here; what was looked at, here; what was said, so far.
  private Position end;
  private Position scanned;
  private long said;
  private long saidAt;

  ChangesStream(
      int peer,
      Position after,
      Member member,
      ServerCallStreamObserver<Batch> call,
      ExchangeMetrics.Flow sent) {
    this.peer = peer;
    this.after = after;
    this.member = member;
    this.call = call;
    this.sent = sent;
  }

  /**
   * There may be something new, room to send it, or nobody to send it to. Neither blocks nor
   * throws.
   */
  void wake() {
    if (!woken) {
      woken = true;
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void run() {
    thread = Thread.currentThread();
    try (Member.AppliedWatch _ = member.onApplied(this::wake)) {
      begin();
      follow();
    } catch (StatusRuntimeException e) {
      fail(e);
    } catch (DamagedException e) {
      fail(Failures.of(e));
    } catch (StorageException e) {
      fail(Failures.of(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(member.notServing(member.serving()));
    } catch (RuntimeException e) {
      fail(e); // The port tells the log of it, and the caller that it happened.
    }
  }

  private void fail(RuntimeException e) {
    if (!call.isCancelled()) {
      call.onError(e);
    }
  }

  private void begin() throws InterruptedException {
    // An open master has applied all that any other ever sent.
    long applied = member.read(() -> member.state().appliedIndex());
    if (after.index() > applied) {
      throw Errors.of(
          Code.INVALID_ARGUMENT,
          Reason.INVALID_REQUEST,
          "the position %d is beyond %d, the last change of %s"
              .formatted(after.index(), applied, member.members().getCluster()));
    }
    end = after;
    scanned = after;
    said = -1;
    saidAt = System.nanoTime() - IDLE_NANOS;
  }

  private void follow() throws InterruptedException {
    State state = member.state();
    while (!call.isCancelled()) {
      woken = false;
      checkServing(state);
      Outgoing read = state.outgoing(peer, scanned, PAGE);
      if (!read.steps().isEmpty()) {
        send(read);
      } else {
        scanned = read.reached();
        if (scanned.index() - end.index() > MAX_SKIP) {
          say(Batches.skip(end, scanned));
          end = scanned;
        }
        if (!read.more()) {
          rest();
        }
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private void checkServing(State state) {
    var serving = member.serving();
    if (serving.role() != Role.OPEN || member.state() != state) {
      throw member.notServing(serving);
    }
  }

  private void send(Outgoing read) {
    for (Batch batch : Batches.cut(end, read)) {
      say(batch);
    }
    end = read.reached();
    scanned = end;
  }

  /** Nothing is there: says so when it is due, and waits until something may be. */
  private void rest() {
    long due = saidAt + (scanned.index() > said ? MOVING_NANOS : IDLE_NANOS) - System.nanoTime();
    if (due <= 0) {
      if (member.mayRead()) {
        say(Batches.seen(end, scanned.index()));
        return;
      }
      due = MOVING_NANOS;
    }
    if (!woken) {
      LockSupport.parkNanos(this, due);
    }
  }

  private void say(Batch batch) {
    long since = System.nanoTime();
    while (!call.isReady() && !call.isCancelled()) {
      var serving = member.serving();
      if (serving.role() != Role.OPEN) {
        throw member.notServing(serving);
      }
      if (System.nanoTime() - since > SLOW_READER_NANOS) {
        throw Errors.of(
            Code.RESOURCE_EXHAUSTED,
            Reason.OVERLOADED,
            "the changes were not read for 30 s; ask again from the last position");
      }
      woken = false;
      if (!call.isReady()) {
        LockSupport.parkNanos(this, MOVING_NANOS);
      }
    }
    if (call.isCancelled()) {
      return;
    }
    call.onNext(batch);
    if (batch.hasUpTo()) {
      sent.count(batch);
    }
    if (batch.getSeen() > 0 || !batch.hasUpTo()) {
      said = Math.max(said, batch.getSeen());
      saidAt = System.nanoTime();
    }
  }
}
