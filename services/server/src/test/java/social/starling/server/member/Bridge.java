package social.starling.server.member;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Iterator;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.ChangesRequest;
import social.starling.proto.sync.v1.DeliverRequest;
import social.starling.proto.sync.v1.DeliverResponse;
import social.starling.proto.sync.v1.ExchangeGrpc;

/**
 * What two synchronizers do in one direction, in the least possible way: asks the receiver for its
 * cursor, the sender for what comes after it, and hands that over; begins again whenever anything
 * goes wrong.
 */
final class Bridge implements AutoCloseable {

  /** Items that went over, repeats included. */
  final AtomicInteger items = new AtomicInteger();

  /** How often it began. */
  final AtomicInteger begun = new AtomicInteger();

  private final Pair from;
  private final Pair to;
  private final Thread thread;
  private volatile boolean closed;
  private volatile Context.CancellableContext current;

  Bridge(Pair from, Pair to) {
    this.from = from;
    this.to = to;
    thread = Thread.ofVirtual().name(from.cluster + "->" + to.cluster).start(this::live);
  }

  private void live() {
    while (!closed) {
      Context.CancellableContext context = Context.current().withCancellation();
      current = context;
      try {
        context.call(() -> {
          carry(context);
          return null;
        });
      } catch (StatusRuntimeException | IllegalStateException e) {
        // The cursor says where to begin again.
      } catch (Exception e) {
        throw new AssertionError(e);
      } finally {
        context.cancel(null);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  private void carry(Context.CancellableContext context) throws InterruptedException {
    Node sender = from.serving();
    Node receiver = to.serving();
    if (sender == null || receiver == null) {
      return;
    }
    begun.incrementAndGet();
    Outgoing delivery = new Outgoing(context);
    ExchangeGrpc.newStub(receiver.internalChannel).deliver(delivery);
    delivery.say(DeliverRequest.newBuilder().setPeer(from.number).build());
    DeliverResponse first = delivery.cursors.poll(2, TimeUnit.SECONDS);
    if (first == null) {
      return;
    }
    Iterator<Batch> changes =
        ExchangeGrpc.newBlockingStub(sender.internalChannel)
            .changes(
                ChangesRequest.newBuilder().setPeer(to.number).setAfter(first.getCursor()).build());
    while (!closed && changes.hasNext()) {
      Batch batch = changes.next();
      items.addAndGet(batch.getItemsCount());
      delivery.say(DeliverRequest.newBuilder().setBatch(batch).build());
    }
  }

  @Override
  public void close() {
    closed = true;
    Context.CancellableContext last = current;
    if (last != null) {
      last.cancel(null);
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A delivery, as its client sees it. */
  private final class Outgoing implements ClientResponseObserver<DeliverRequest, DeliverResponse> {
    final BlockingQueue<DeliverResponse> cursors = new ArrayBlockingQueue<>(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Context.CancellableContext context;
    private ClientCallStreamObserver<DeliverRequest> out;

    Outgoing(Context.CancellableContext context) {
      this.context = context;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<DeliverRequest> requestStream) {
      out = requestStream;
    }

    void say(DeliverRequest message) {
      while (!out.isReady() && ended.getCount() > 0 && !closed && !context.isCancelled()) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      out.onNext(message);
    }

    @Override
    public void onNext(DeliverResponse response) {
      cursors.offer(response); // Only the first is waited for.
    }

    @Override
    public void onError(Throwable problem) {
      over();
    }

    @Override
    public void onCompleted() {
      over();
    }

    private void over() {
      ended.countDown();
      context.cancel(null);
    }
  }
}
