package social.starling.router;

import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import social.starling.client.ResumableStream;
import social.starling.client.ResumableStream.EventSource;
import social.starling.client.StreamCall;
import social.starling.common.Errors;
import social.starling.common.Identity;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/**
 * A client's live timeline over any number of masters: {@link ResumableStream} knows how to go on
 * with no gap and no repeat, {@link Pursuit} at whom. Runs on one thread.
 */
final class TimelineRelay implements StreamRelay {

  private final Router router;
  private final String user;
  private final StreamRequest request;
  private final Downstream<StreamEvent> client;

  TimelineRelay(Router router, String user, StreamRequest request, Downstream<StreamEvent> client) {
    this.router = router;
    this.user = user;
    this.request = request;
    this.client = client;
  }

  @Override
  public void relay() throws InterruptedException {
    Patience patience = router.patience();
    try (ResumableStream stream =
        new ResumableStream(
            request,
            new Members(),
            new ResumableStream.Settings(patience.silence(), patience.streamDown()))) {
      client.onGone(stream::close);
      while (true) {
        // Read only what can be passed on at once.
        client.awaitReady();
        Optional<StreamEvent> event = stream.next();
        if (event.isEmpty()) {
          return;
        }
        client.send(event.get());
      }
    }
  }

  @Override
  public void end(StatusRuntimeException error) {
    client.end(error);
  }

  /** Where the stream comes from: whichever member serves. */
  private final class Members implements ResumableStream.Upstream {

    private final Pursuit pursuit = Pursuit.ofStream(router, user);
    private Attempt attempt;

    @Override
    public EventSource open(StreamRequest from) {
      attempt = null;
      attempt = next();
      Context before = attempt.context().attach();
      try {
        return new Bounded(
            attempt,
            StreamCall.events(
                ClientInterceptors.intercept(attempt.upstream().channel(), Identity.as(user)),
                from));
      } finally {
        attempt.context().detach(before);
      }
    }

    @Override
    public void flows() {
      pursuit.served(attempt);
    }

    // Members are tried for as long as the client stays; but that all of them are down it hears.
    @Override
    public boolean hopeless(StatusRuntimeException failure) {
      return ResumableStream.Upstream.super.hopeless(failure)
          || Errors.reason(failure).equals(Optional.of(Reason.CLUSTER_DOWN));
    }

    @Override
    public void broke(StatusRuntimeException failure) {
      if (attempt != null) {
        pursuit.failed(attempt, failure);
      }
    }

    private Attempt next() {
      try {
        return pursuit
            .tryNext()
            .orElseThrow(() ->
                Errors.of(
                    Code.UNAVAILABLE,
                    Reason.NOT_READY,
                    "no member of " + user + "'s cluster can be asked now; try again"));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Errors.of(Code.UNAVAILABLE, Reason.NOT_READY, "this router is stopping");
      }
    }
  }

  /** A member that is no master must say something soon. */
  private final class Bounded implements EventSource {

    private final Attempt attempt;
    private final EventSource source;
    private final long boundNanos;
    private final long begun = System.nanoTime();
    private boolean heard;

    Bounded(Attempt attempt, EventSource source) {
      this.attempt = attempt;
      this.source = source;
      this.boundNanos = attempt.bound(router.patience().silence(), router).toNanos();
    }

    @Override
    public Optional<StreamEvent> poll(Duration wait) throws InterruptedException {
      Optional<StreamEvent> event = source.poll(wait);
      heard |= event.isPresent();
      if (!heard && System.nanoTime() - begun > boundNanos) {
        throw Status.DEADLINE_EXCEEDED
            .withDescription("the member did not begin the stream")
            .asRuntimeException();
      }
      return event;
    }

    @Override
    public void close() {
      source.close();
      attempt.close();
    }
  }
}
