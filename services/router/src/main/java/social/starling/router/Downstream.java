package social.starling.router;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The client's end of a stream: takes an event only when the client has taken those before, so that
 * what waits for a slow client waits at the member, which has a bound for it. One thread sends.
 */
final class Downstream<A> {

  private final ServerCallStreamObserver<A> client;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stirred = lock.newCondition();
  private volatile Runnable onGone = () -> {};

  /** Made in the handler of the call, which must not have returned. */
  Downstream(ServerCallStreamObserver<A> client) {
    this.client = client;
    client.setOnReadyHandler(this::stir);
    client.setOnCancelHandler(() -> {
      stir();
      onGone.run();
    });
  }

  /** Runs the action, on any thread, when the client goes or has gone. */
  void onGone(Runnable action) {
    onGone = action;
    if (client.isCancelled()) {
      action.run();
    }
  }

  boolean isGone() {
    return client.isCancelled();
  }

  /**
   * Waits until the client can take another event.
   *
   * @throws io.grpc.StatusRuntimeException CANCELLED when it has gone
   */
  void awaitReady() throws InterruptedException {
    if (client.isReady()) {
      return;
    }
    lock.lockInterruptibly();
    try {
      while (!client.isReady()) {
        if (client.isCancelled()) {
          throw Status.CANCELLED.withDescription("the client has gone").asRuntimeException();
        }
        stirred.await();
      }
    } finally {
      lock.unlock();
    }
  }

  void send(A event) throws InterruptedException {
    awaitReady();
    client.onNext(event);
  }

  void end(Throwable error) {
    if (!client.isCancelled()) {
      client.onError(error);
    }
  }

  private void stir() {
    lock.lock();
    try {
      stirred.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
