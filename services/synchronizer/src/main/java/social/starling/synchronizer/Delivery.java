package social.starling.synchronizer;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.DeliverRequest;
import social.starling.proto.sync.v1.DeliverResponse;
import social.starling.proto.sync.v1.ExchangeGrpc;
import social.starling.proto.sync.v1.Position;

/**
 * Hands one peer's batches to the own master, without waiting for each, and hears how far they have
 * taken effect. Of what is under way only positions are kept, up to a bound.
 *
 * <p>Thread-safe; meant for one sender.
 */
final class Delivery implements AutoCloseable {

  /** Batches under way at most. */
  static final int MAX_PENDING = 1024;

  private static final Status SILENT =
      Status.DEADLINE_EXCEEDED.withDescription("it took no batch in time");

  /** A batch under way; or the word that nothing else was up to this index. */
  private record Sent(Position upTo, boolean batch, int items, long atNanos) {}

  private final String who;
  private final Progress progress;
  private final PeerMeters meters;
  private final long silenceNanos;
  private final ClientCall<DeliverRequest, DeliverResponse> call;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stirred = lock.newCondition();
  private final Deque<Sent> pending = new ArrayDeque<>();
  private Position cursor;
  private long advancedAtNanos = System.nanoTime();
  private BrokenException end;
  private Consumer<BrokenException> onEnd = _ -> {};

  private Delivery(
      String who,
      Progress progress,
      PeerMeters meters,
      Duration silence,
      ClientCall<DeliverRequest, DeliverResponse> call) {
    this.who = who;
    this.progress = progress;
    this.meters = meters;
    this.silenceNanos = silence.toNanos();
    this.call = call;
  }

  /**
   * Opens one.
   *
   * @param who is the master, for errors
   * @param peer number of the cluster that the batches are from
   * @param silence how long the master may leave batches unanswered
   */
  static Delivery open(
      String who,
      Channel channel,
      int peer,
      Progress progress,
      PeerMeters meters,
      Duration silence) {
    ClientCall<DeliverRequest, DeliverResponse> call =
        channel.newCall(ExchangeGrpc.getDeliverMethod(), CallOptions.DEFAULT);
    Delivery delivery = new Delivery(who, progress, meters, silence, call);
    call.start(delivery.new Answers(), new Metadata());
    call.request(2);
    call.sendMessage(DeliverRequest.newBuilder().setPeer(peer).build());
    return delivery;
  }

  /**
   * The cursor to begin at.
   *
   * @throws BrokenException when the master does not tell it in time
   */
  Position begin() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = silenceNanos;
      while (cursor == null) {
        if (end != null) {
          throw end;
        }
        if (left <= 0) {
          throw new BrokenException(who, SILENT.withDescription("it told no cursor in time"));
        }
        left = stirred.awaitNanos(left);
      }
      return cursor;
    } finally {
      lock.unlock();
    }
  }

  /** Runs the action, on any thread, when this ends or has ended. It must not block. */
  void onEnd(Consumer<BrokenException> action) {
    BrokenException ended;
    lock.lock();
    try {
      onEnd = action;
      ended = end;
    } finally {
      lock.unlock();
    }
    if (ended != null) {
      action.accept(ended);
    }
  }

  /** Nanoseconds until the master must have taken something; a long time when nothing waits. */
  long patienceNanos() {
    lock.lock();
    try {
      return pending.isEmpty() ? Long.MAX_VALUE : left();
    } finally {
      lock.unlock();
    }
  }

  BrokenException silent() {
    return new BrokenException(who, SILENT);
  }

  /**
   * Sends a batch when there is room for it.
   *
   * @throws BrokenException when the stream has ended, or the master takes nothing any more
   */
  void send(Batch batch) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (pending.isEmpty()) {
        advancedAtNanos = System.nanoTime();
      }
      while (end == null && (pending.size() >= MAX_PENDING || !call.isReady())) {
        long left = left();
        if (left <= 0) {
          throw silent();
        }
        stirred.awaitNanos(left);
      }
      if (end != null) {
        throw end;
      }
      if (pending.isEmpty()) {
        advancedAtNanos = System.nanoTime();
      }
      boolean isBatch = batch.hasUpTo();
      Position upTo =
          isBatch ? batch.getUpTo() : Position.newBuilder().setIndex(batch.getSeen()).build();
      pending.addLast(new Sent(upTo, isBatch, batch.getItemsCount(), System.nanoTime()));
      if (!isBatch) {
        settle();
      }
    } finally {
      lock.unlock();
    }
    progress.announced(batch);
    call.sendMessage(DeliverRequest.newBuilder().setBatch(batch).build());
  }

  /** Ends the stream: what is under way may or may not take effect. */
  @Override
  public void close() {
    call.cancel("begun again, or not needed any more", null);
  }

  private long left() {
    return advancedAtNanos + silenceNanos - System.nanoTime();
  }

  // Up to the cursor, and what then stands first without being a batch.
  private void settle() {
    while (!pending.isEmpty()) {
      Sent first = pending.getFirst();
      if (first.batch() && Positions.compare(first.upTo(), cursor) > 0) {
        return;
      }
      pending.removeFirst();
      progress.received(first.upTo().getIndex());
      if (first.batch()) {
        meters.took(first.items(), System.nanoTime() - first.atNanos());
      }
    }
  }

  private final class Answers extends ClientCall.Listener<DeliverResponse> {

    @Override
    public void onMessage(DeliverResponse answer) {
      lock.lock();
      try {
        if (cursor == null || Positions.compare(answer.getCursor(), cursor) > 0) {
          cursor = answer.getCursor();
          advancedAtNanos = System.nanoTime();
          progress.cursor(cursor);
          settle();
        }
        stirred.signalAll();
      } finally {
        lock.unlock();
      }
      call.request(1);
    }

    @Override
    public void onReady() {
      lock.lock();
      try {
        stirred.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      BrokenException broken =
          new BrokenException(
              who,
              status.isOk() ? Status.UNAVAILABLE.withDescription("it ended the stream") : status);
      Consumer<BrokenException> action;
      lock.lock();
      try {
        end = broken;
        action = onEnd;
        stirred.signalAll();
      } finally {
        lock.unlock();
      }
      action.accept(broken);
    }
  }
}
