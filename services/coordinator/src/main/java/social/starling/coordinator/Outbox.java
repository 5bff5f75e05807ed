package social.starling.coordinator;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * What is on its way to one peer: handed to the transport at once while the peer reads, kept up to
 * a bound while it does not. A peer that lets the bound be reached, or that reads nothing for too
 * long, is cut; it comes back and gets everything anew.
 *
 * <p>Thread-safe: the stream is used under this object's monitor only. No method blocks.
 */
final class Outbox<T> {

  private final ServerCallStreamObserver<T> stream;
  private final int capacity;
  private final LongSupplier nanoTime;
  private final Deque<T> pending = new ArrayDeque<>();
  private long pendingSince;
  private boolean closed;

  /**
   * To be made before the handler of the call returns.
   *
   * @param capacity messages kept while the peer does not read, at least 1
   */
  Outbox(ServerCallStreamObserver<T> stream, int capacity) {
    this(stream, capacity, System::nanoTime);
  }

  Outbox(ServerCallStreamObserver<T> stream, int capacity, LongSupplier nanoTime) {
    this.stream = stream;
    this.capacity = capacity;
    this.nanoTime = nanoTime;
    stream.setOnReadyHandler(this::drain);
  }

  /** Sends a message after those that are waiting; cuts the peer when too many are. */
  synchronized void send(T message) {
    if (closed) {
      return;
    }
    if (pending.isEmpty() && stream.isReady()) {
      pass(message);
      return;
    }
    if (pending.size() >= capacity) {
      close(slow());
      return;
    }
    keep(message);
  }

  /** Sends a message in the place of those that are waiting: it says all that they say. */
  synchronized void sendInstead(T message) {
    if (closed) {
      return;
    }
    if (stream.isReady()) {
      pending.clear();
      pass(message);
      return;
    }
    // The time counts from the oldest: a peer that reads nothing is not excused by news.
    keep(message);
    while (pending.size() > 1) {
      pending.poll();
    }
  }

  /** Sends a message unless others are waiting: it only says that this process is there. */
  synchronized void sendIfIdle(T message) {
    if (!closed && pending.isEmpty() && stream.isReady()) {
      pass(message);
    }
  }

  /** Cuts a peer that has read nothing for so long. */
  synchronized void cutIfSlow(long now, long limitNanos) {
    if (!pending.isEmpty() && now - pendingSince > limitNanos) {
      close(slow());
    }
  }

  /** Ends the stream with an error. No effect when it has ended. */
  synchronized void close(StatusRuntimeException error) {
    if (!closed) {
      closed = true;
      pending.clear();
      stream.onError(error);
    }
  }

  /** Ends the stream. No effect when it has ended. */
  synchronized void complete() {
    if (!closed) {
      closed = true;
      pending.clear();
      stream.onCompleted();
    }
  }

  /** The peer has gone: nothing is sent any longer. */
  synchronized void gone() {
    closed = true;
    pending.clear();
  }

  synchronized boolean isClosed() {
    return closed;
  }

  private synchronized void drain() {
    while (!closed && !pending.isEmpty() && stream.isReady()) {
      pass(pending.poll());
      pendingSince = nanoTime.getAsLong();
    }
  }

  private void keep(T message) {
    if (pending.isEmpty()) {
      pendingSince = nanoTime.getAsLong();
    }
    pending.add(message);
  }

  private void pass(T message) {
    if (stream.isCancelled()) {
      gone();
    } else {
      stream.onNext(message);
    }
  }

  private static StatusRuntimeException slow() {
    return Status.RESOURCE_EXHAUSTED
        .withDescription("this stream was not read fast enough and is cut; open it again")
        .asRuntimeException();
  }
}
