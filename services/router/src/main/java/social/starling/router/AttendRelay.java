package social.starling.router;

import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import social.starling.client.StreamCall;
import social.starling.common.Identity;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.SnsGrpc;

/** A client's attendance, held open at whichever member is master. Runs on one thread. */
final class AttendRelay implements StreamRelay {

  private static final Duration SLICE = Duration.ofSeconds(1);

  private final Router router;
  private final String user;
  private final AttendRequest request;
  private final Downstream<AttendEvent> client;

  AttendRelay(Router router, String user, AttendRequest request, Downstream<AttendEvent> client) {
    this.router = router;
    this.user = user;
    this.request = request;
    this.client = client;
  }

  @Override
  public void relay() throws InterruptedException {
    Pursuit pursuit = Pursuit.ofCall(router, user, router.patience().streamDown());
    while (!client.isGone()) {
      try (Attempt attempt = pursuit.next()) {
        try {
          attend(attempt, pursuit);
        } catch (StatusRuntimeException e) {
          pursuit.failed(attempt, e);
        }
      }
    }
  }

  @Override
  public void end(StatusRuntimeException error) {
    client.end(error);
  }

  // Ends by an exception only: attending has no end of its own.
  private void attend(Attempt attempt, Pursuit pursuit) throws InterruptedException {
    try (StreamCall<AttendEvent> call = open(attempt)) {
      while (true) {
        client.awaitReady();
        Optional<AttendEvent> event = call.poll(SLICE);
        // A refusal would have come by now.
        pursuit.served(attempt);
        pursuit.restart(router.patience().streamDown());
        if (event.isPresent()) {
          client.send(event.get());
        }
      }
    }
  }

  private StreamCall<AttendEvent> open(Attempt attempt) {
    Context before = attempt.context().attach();
    try {
      return StreamCall.open(
          ClientInterceptors.intercept(attempt.upstream().channel(), Identity.as(user)),
          SnsGrpc.getAttendMethod(),
          request);
    } finally {
      attempt.context().detach(before);
    }
  }
}
