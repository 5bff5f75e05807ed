package social.starling.router;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import social.starling.common.Errors;
import social.starling.common.Identity;
import social.starling.proto.sns.v1.Reason;

/**
 * One client's stream, kept alive over any number of masters.
 *
 * <ol>
 *   <li>Read one event from the member, when the client has taken those before; so what waits for a
 *       slow client waits at the member, which has a bound for it.
 *   <li>Pass on what the {@link Resumption} makes of it.
 *   <li>When the member breaks off, says nothing for 2.5 s, or is no longer master, go on with the
 *       one that {@link Pursuit} finds.
 *   <li>Meanwhile tell the client each second that the stream lives.
 * </ol>
 *
 * <p>One virtual thread runs it and owns everything but the flag that the client is ready; ending
 * it is interrupting that thread.
 */
final class Relay<A> implements Runnable {

  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  private final Router router;
  private final String user;
  private final Resumption<A> resumption;
  private final ServerCallStreamObserver<A> client;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stirred = lock.newCondition();
  private long sentAtNanos = System.nanoTime();

  /** Made in the handler of the call, which must not have returned. */
  Relay(
      Router router, String user, Resumption<A> resumption, ServerCallStreamObserver<A> client) {
    this.router = router;
    this.user = user;
    this.resumption = resumption;
    this.client = client;
    client.setOnReadyHandler(this::stir);
    client.setOnCancelHandler(this::stir);
  }

  @Override
  public void run() {
    try {
      relay();
    } catch (InterruptedException e) {
      client.onError(
          Errors.of(
              Status.Code.UNAVAILABLE,
              Reason.NOT_READY,
              "this router is stopping; open the stream again where it was"));
    } catch (StatusRuntimeException e) {
      if (!client.isCancelled()) {
        client.onError(e);
      }
    }
  }

  private void relay() throws InterruptedException {
    Duration patience = router.patience().streamDown();
    Pursuit pursuit = Pursuit.ofStream(router, user);
    while (true) {
      Optional<Attempt> next = pursuit.tryNext();
      keepAlive();
      if (next.isEmpty()) {
        continue;
      }
      long begun = System.nanoTime();
      try (Attempt attempt = next.get()) {
        try {
          relay(attempt, pursuit);
        } catch (StatusRuntimeException e) {
          if (System.nanoTime() - begun > router.patience().silence().toNanos()) {
            pursuit.restart(patience);
          }
          pursuit.failed(attempt, e);
        }
      }
    }
  }

  // Ends only by an exception: streams have no end of their own.
  private void relay(Attempt attempt, Pursuit pursuit) throws InterruptedException {
    BlockingClientCall<?, A> call = open(attempt);
    Duration silence = attempt.bound(router.patience().silence(), router.patience());
    boolean served = false;
    while (true) {
      awaitClient();
      A event = read(call, silence);
      if (!served) {
        served = true;
        silence = router.patience().silence();
        pursuit.served(attempt);
        pursuit.restart(router.patience().streamDown());
      }
      for (A out : resumption.received(event)) {
        send(out);
      }
    }
  }

  private BlockingClientCall<?, A> open(Attempt attempt) {
    Channel channel =
        ClientInterceptors.intercept(attempt.upstream().channel(), Identity.as(user));
    Context before = attempt.context().attach();
    try {
      return resumption.open(channel, CallOptions.DEFAULT);
    } finally {
      attempt.context().detach(before);
    }
  }

  private A read(BlockingClientCall<?, A> call, Duration silence) throws InterruptedException {
    long begun = System.nanoTime();
    while (true) {
      try {
        A event = call.read(HEARTBEAT.toNanos() / 4, TimeUnit.NANOSECONDS);
        if (event == null) {
          throw broken("the member ended the stream");
        }
        return event;
      } catch (TimeoutException e) {
        if (resumption.speaksWhenIdle() && System.nanoTime() - begun > silence.toNanos()) {
          throw broken("the member was silent for " + silence.toMillis() + " ms");
        }
        keepAlive();
      } catch (StatusException e) {
        throw new StatusRuntimeException(e.getStatus(), e.getTrailers());
      }
    }
  }

  private static StatusRuntimeException broken(String why) {
    return Status.UNAVAILABLE.withDescription(why).asRuntimeException();
  }

  private void keepAlive() throws InterruptedException {
    if (System.nanoTime() - sentAtNanos >= HEARTBEAT.toNanos() && client.isReady()) {
      Optional<A> heartbeat = resumption.heartbeat();
      if (heartbeat.isPresent()) {
        send(heartbeat.get());
      }
    }
  }

  private void send(A event) throws InterruptedException {
    awaitClient();
    client.onNext(event);
    sentAtNanos = System.nanoTime();
  }

  private void awaitClient() throws InterruptedException {
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

  private void stir() {
    lock.lock();
    try {
      stirred.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
