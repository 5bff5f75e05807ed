package social.starling.client;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import social.starling.common.Backoff;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.SnsGrpc;

/**
 * Keeps a user active: holds {@code Sns.Attend} open, on a thread of its own, until closed. A
 * failure is repeated in silence, for being shown as active is worth no message.
 */
public final class Attendance implements AutoCloseable {

  private static final Duration FIRST_WAIT = Duration.ofMillis(50);
  private static final Duration MAX_WAIT = Duration.ofSeconds(1);
  private static final Duration SLICE = Duration.ofSeconds(1);

  private final Calls calls;
  private final Consumer<Attendance> onClose;
  private final Thread thread;

  Attendance(Calls calls, Consumer<Attendance> onClose) {
    this.calls = calls;
    this.onClose = onClose;
    this.thread = Thread.ofVirtual().name("attend").start(this::run);
  }

  @Override
  public void close() {
    thread.interrupt();
    onClose.accept(this);
  }

  private void run() {
    Backoff backoff = new Backoff(FIRST_WAIT, MAX_WAIT, ThreadLocalRandom.current());
    try {
      do {
        attend(backoff);
      } while (!calls.closedWithin(backoff.next()));
    } catch (InterruptedException | IllegalStateException e) {
      // Closed: what this thread is ended by.
    }
  }

  private void attend(Backoff backoff) throws InterruptedException {
    try {
      Route.Target target = calls.route().target();
      try (StreamCall<AttendEvent> call =
          StreamCall.open(
              calls.as(target.channel()),
              SnsGrpc.getAttendMethod(),
              AttendRequest.getDefaultInstance())) {
        while (!calls.isClosed() && !calls.route().left(target)) {
          if (call.poll(SLICE).isEmpty()) {
            backoff.reset();
          }
        }
      }
    } catch (StatusRuntimeException e) {
      // Calls and streams tell of the failure; this waits and asks again.
    }
  }
}
