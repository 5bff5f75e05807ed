package social.starling.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Consumer;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/**
 * A user's live timeline. It outlives failovers: each post comes once, none is left out.
 *
 * <p>One thread iterates; any thread may close, which ends the iteration.
 */
public final class EventStream implements Iterator<TimelineEvent>, AutoCloseable {

  private final ResumableStream stream;
  private final Calls calls;
  private final Consumer<EventStream> onClose;
  private TimelineEvent next;

  EventStream(
      StreamRequest request,
      Calls calls,
      ResumableStream.Settings settings,
      Consumer<EventStream> onClose) {
    this.stream = new ResumableStream(request, new Routed(calls), settings);
    this.calls = calls;
    this.onClose = onClose;
  }

  /**
   * Waits for the next event.
   *
   * @return false when the stream was closed, or the thread was interrupted (the flag stays set)
   * @throws StarlingException when going on is hopeless
   */
  @Override
  public boolean hasNext() {
    try {
      while (next == null) {
        Optional<StreamEvent> event = stream.next();
        if (event.isEmpty()) {
          return false;
        }
        next = shown(event.get());
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (StatusRuntimeException e) {
      throw calls.streamFailed(e);
    }
  }

  @Override
  public TimelineEvent next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the stream is closed");
    }
    TimelineEvent event = next;
    next = null;
    return event;
  }

  /** Where a stream goes on after the events so far; empty before the end of the backlog. */
  public Optional<Long> cursor() {
    return stream.cursor();
  }

  @Override
  public void close() {
    stream.close();
    onClose.accept(this);
  }

  private static TimelineEvent shown(StreamEvent event) {
    return switch (event.getEventCase()) {
      case POST -> new TimelineEvent.Posted(Post.of(event.getPost()), event.getCursor());
      case BACKLOG_END -> new TimelineEvent.BacklogEnd(event.getCursor());
      case HEARTBEAT, EVENT_NOT_SET -> null;
    };
  }

  /** Opens streams where calls go. */
  private static final class Routed implements ResumableStream.Upstream {

    private final Calls calls;
    private Route.Target target;

    Routed(Calls calls) {
      this.calls = calls;
    }

    @Override
    public ResumableStream.EventSource open(StreamRequest request) {
      if (calls.isClosed()) {
        throw closed();
      }
      target = null;
      try {
        target = calls.route().target();
        return StreamCall.events(calls.as(target.channel()), request);
      } catch (IllegalStateException e) {
        throw closed();
      }
    }

    @Override
    public void flows() {
      calls.route().succeeded(target);
      calls.outage().over();
    }

    @Override
    public void broke(StatusRuntimeException failure) {
      Verdict verdict = Verdict.of(failure);
      if (target != null) {
        calls.route().failed(target, verdict, failure);
      }
      calls.waitsForCluster(failure);
      if (verdict == Verdict.BROKEN || verdict == Verdict.UNREACHED) {
        calls.outage().broke(calls.route().next());
      }
    }

    @Override
    public boolean moved() {
      return calls.route().left(target);
    }

    private static StatusRuntimeException closed() {
      return Status.FAILED_PRECONDITION
          .withDescription("the client is closed")
          .asRuntimeException();
    }
  }
}
