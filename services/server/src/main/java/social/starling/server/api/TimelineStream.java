package social.starling.server.api;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.BacklogEnd;
import social.starling.proto.sns.v1.Heartbeat;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.replication.Role;
import social.starling.server.member.Member;
import social.starling.server.state.State;

/**
 * One live timeline. It holds a cursor and no posts: whatever is new is read from the state when
 * the client has room for it, so a slow client costs nothing and misses nothing; one that reads
 * nothing for too long is cut and resumes by its cursor.
 *
 * <p>Runs on a virtual thread of its own; {@link #wake} is thread-safe.
 */
final class TimelineStream implements Runnable {

  private static final long HEARTBEAT_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long SLOW_READER_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final int PAGE = 100;

  private final String user;
  private final OptionalLong from;
  private final int backlog;
  private final Member member;
  private final ServerCallStreamObserver<StreamEvent> call;
  private volatile Thread thread;
  private volatile boolean woken;
  private long cursor;
  private long saidAt;

  TimelineStream(
      String user,
      OptionalLong from,
      int backlog,
      Member member,
      ServerCallStreamObserver<StreamEvent> call) {
    this.user = user;
    this.from = from;
    this.backlog = backlog;
    this.member = member;
    this.call = call;
  }

  /**
   * There may be something new, room to send it, or nobody to send it to. Neither blocks nor
   * throws.
   */
  void wake() {
    woken = true;
    Thread sleeper = thread;
    if (sleeper != null) {
      LockSupport.unpark(sleeper);
    }
  }

  @Override
  public void run() {
    thread = Thread.currentThread();
    State state = member.state();
    try (State.Watch _ = state.watch(user, this::wake).orElseThrow(this::unknownUser)) {
      begin(state);
      follow(state);
    } catch (StatusRuntimeException e) {
      if (!call.isCancelled()) {
        call.onError(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private StatusRuntimeException unknownUser() {
    return Errors.of(
        Code.NOT_FOUND, Reason.USER_UNKNOWN, user + " is not a user here; log in first");
  }

  private void begin(State state) throws InterruptedException {
    if (from.isPresent()) {
      // A cursor from the future means that this member is behind: it must not serve the stream.
      long applied = member.read(state::appliedIndex);
      if (from.getAsLong() > applied) {
        throw Errors.of(
            Code.INVALID_ARGUMENT,
            Reason.INVALID_REQUEST,
            "the cursor %d is beyond %d, the last change of this cluster"
                .formatted(from.getAsLong(), applied));
      }
      cursor = from.getAsLong();
      catchUp(state);
    } else {
      State.Timeline newest =
          member.read(() -> state.timeline(user, 0, 0, backlog)).orElseThrow(this::unknownUser);
      cursor = newest.cursor();
      // Resuming in the middle of the backlog would repeat or lose some of it, so those events
      // carry
      // no cursor of their own: a client that is cut here begins again from the backlog's end.
      for (Post post : newest.posts().reversed()) {
        say(StreamEvent.newBuilder().setPost(post).setCursor(0).build());
      }
    }
    say(
        StreamEvent.newBuilder()
            .setBacklogEnd(BacklogEnd.getDefaultInstance())
            .setCursor(cursor)
            .build());
  }

  private void follow(State state) throws InterruptedException {
    while (!call.isCancelled()) {
      woken = false;
      var serving = member.serving();
      // After a full copy there is another state: this one will never hear of a post again.
      if (serving.role() != Role.OPEN || member.state() != state) {
        throw member.notServing(serving);
      }
      if (catchUp(state)) {
        continue;
      }
      long idle = System.nanoTime() - saidAt;
      if (idle >= HEARTBEAT_NANOS) {
        // A member that may not read may be deposed: silence tells the client to look elsewhere.
        if (member.mayRead()) {
          say(
              StreamEvent.newBuilder()
                  .setHeartbeat(Heartbeat.getDefaultInstance())
                  .setCursor(cursor)
                  .build());
          continue;
        }
        idle = HEARTBEAT_NANOS - TimeUnit.MILLISECONDS.toNanos(50);
      }
      if (!woken) {
        LockSupport.parkNanos(this, HEARTBEAT_NANOS - idle);
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  /** Sends what is new; whether there was anything. */
  private boolean catchUp(State state) {
    boolean any = false;
    while (!call.isCancelled()) {
      State.Stream since = state.streamSince(user, cursor, PAGE).orElseThrow(this::unknownUser);
      for (State.Streamed post : since.posts()) {
        say(StreamEvent.newBuilder().setPost(post.post()).setCursor(post.index()).build());
        any = true;
      }
      cursor = since.cursor();
      if (since.posts().size() < PAGE) {
        return any;
      }
    }
    return any;
  }

  private void say(StreamEvent event) {
    long since = System.nanoTime();
    while (!call.isReady() && !call.isCancelled()) {
      if (System.nanoTime() - since > SLOW_READER_NANOS) {
        throw Errors.of(
            Code.RESOURCE_EXHAUSTED,
            Reason.OVERLOADED,
            "the stream was not read for 30 s; open it again with its last cursor");
      }
      LockSupport.parkNanos(this, HEARTBEAT_NANOS); // Readiness wakes it.
    }
    if (!call.isCancelled()) {
      call.onNext(event);
      saidAt = System.nanoTime();
    }
  }
}
