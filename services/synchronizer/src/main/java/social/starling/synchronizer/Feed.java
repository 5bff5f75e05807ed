package social.starling.synchronizer;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import social.starling.proto.sync.v1.Batch;

/**
 * A stream of batches from somewhere. What has arrived and was not taken is bounded: the next is
 * asked for only while there is room, so that what waits, waits at the sender.
 *
 * <p>Thread-safe; meant for one taker.
 */
final class Feed implements AutoCloseable {

  /** Room: with less than this waiting, and fewer batches, one more is asked for. */
  static final int ROOM_BYTES = 256 << 10;

  static final int ROOM_BATCHES = 64;

  /** A batch has 256 KiB by contract; a longer message than this ends the stream. */
  static final int MAX_MESSAGE = 1 << 20;

  private final String who;
  private final ClientCall<?, Batch> call;
  private final AtomicLong held;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stirred = lock.newCondition();
  private final Deque<Batch> waiting = new ArrayDeque<>();
  private int bytes;
  private boolean asked = true;
  private boolean aborted;
  private BrokenException end;

  private Feed(String who, ClientCall<?, Batch> call, AtomicLong held) {
    this.who = who;
    this.call = call;
    this.held = held;
  }

  /**
   * Opens one.
   *
   * @param who is asked, for errors
   * @param held counts the bytes that wait, here and in other feeds
   */
  static <Q> Feed open(
      String who, Channel channel, MethodDescriptor<Q, Batch> method, Q request, AtomicLong held) {
    ClientCall<Q, Batch> call =
        channel.newCall(method, CallOptions.DEFAULT.withMaxInboundMessageSize(MAX_MESSAGE));
    Feed feed = new Feed(who, call, held);
    call.start(feed.new Arrivals(), new Metadata());
    call.request(1);
    call.sendMessage(request);
    call.halfClose();
    return feed;
  }

  /**
   * Takes the next batch, waiting for one.
   *
   * @return empty when none came in time
   * @throws BrokenException when the stream has ended and all that came before was taken
   */
  Optional<Batch> poll(Duration wait) throws InterruptedException {
    long left = wait.toNanos();
    boolean ask = false;
    Batch next;
    lock.lockInterruptibly();
    try {
      while (waiting.isEmpty() || aborted) {
        if (end != null) {
          throw end;
        }
        if (left <= 0) {
          return Optional.empty();
        }
        left = stirred.awaitNanos(left);
      }
      next = waiting.removeFirst();
      count(-next.getSerializedSize());
      if (!asked && room()) {
        asked = true;
        ask = true;
      }
    } finally {
      lock.unlock();
    }
    if (ask) {
      call.request(1);
    }
    return Optional.of(next);
  }

  /** Lets the taker fail at once: there is nobody to pass batches on to. */
  void abort(BrokenException why) {
    lock.lock();
    try {
      if (!aborted) {
        aborted = true;
        end = why;
        stirred.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends the stream and drops what waits. */
  @Override
  public void close() {
    abort(new BrokenException(who, Status.CANCELLED.withDescription("not needed any more")));
    lock.lock();
    try {
      waiting.clear();
      count(-bytes);
    } finally {
      lock.unlock();
    }
    call.cancel("not needed any more", null);
  }

  private boolean room() {
    return bytes < ROOM_BYTES && waiting.size() < ROOM_BATCHES;
  }

  private void count(int change) {
    bytes += change;
    held.addAndGet(change);
  }

  private final class Arrivals extends ClientCall.Listener<Batch> {

    @Override
    public void onMessage(Batch batch) {
      boolean ask;
      lock.lock();
      try {
        if (aborted) {
          return;
        }
        waiting.addLast(batch);
        count(batch.getSerializedSize());
        ask = room();
        asked = ask;
        stirred.signalAll();
      } finally {
        lock.unlock();
      }
      if (ask) {
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      lock.lock();
      try {
        if (end == null) {
          end =
              new BrokenException(
                  who,
                  status.isOk()
                      ? Status.UNAVAILABLE.withDescription("it ended the stream")
                      : status);
        }
        stirred.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
