package social.starling.router;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import social.starling.proto.sns.v1.Heartbeat;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/**
 * A live timeline that goes on at another member with no gap and no repeat.
 *
 * <ol>
 *   <li>A stream that begins with a backlog has no position within it. The backlog (200 posts at
 *       most) is held back until it is whole, and asked for anew when it breaks off.
 *   <li>From then on, and from the start of a stream that begins at a cursor, each event is passed
 *       on and its cursor kept; the stream goes on after that cursor.
 *   <li>Posts that a member sends again are dropped: those before the cursor, and those at the
 *       cursor that were passed on, as one change may bring several posts.
 *   <li>The end of the backlog is passed on once, however many members say it.
 * </ol>
 */
final class TimelineResumption implements Resumption<StreamEvent> {

  private static final int MAX_BACKLOG = 200;
  private static final int MAX_AT_CURSOR = 4096;

  private final StreamRequest request;
  private final List<StreamEvent> held = new ArrayList<>();
  private final SequencedSet<Long> atCursor = new LinkedHashSet<>();
  private boolean positioned;
  private long cursor;
  private boolean backlogEnded;

  TimelineResumption(StreamRequest request) {
    this.request = request;
    this.positioned = request.hasCursor();
    this.cursor = request.getCursor();
  }

  @Override
  public BlockingClientCall<StreamRequest, StreamEvent> open(Channel channel, CallOptions options) {
    held.clear();
    StreamRequest from =
        positioned ? request.toBuilder().setCursor(cursor).build() : request;
    return ClientCalls.blockingV2ServerStreamingCall(
        channel, SnsGrpc.getStreamMethod(), options, from);
  }

  @Override
  public List<StreamEvent> received(StreamEvent event) {
    if (positioned) {
      return passed(event) ? List.of(event) : List.of();
    }
    if (event.hasHeartbeat()) {
      return List.of();
    }
    held.add(event);
    if (!event.hasBacklogEnd()) {
      if (held.size() > MAX_BACKLOG) {
        throw Status.INTERNAL
            .withDescription("the member sent a backlog of more than 200 posts")
            .asRuntimeException();
      }
      return List.of();
    }
    List<StreamEvent> whole = List.copyOf(held);
    positioned = true;
    cursor = event.getCursor();
    backlogEnded = true;
    held.clear();
    return whole;
  }

  @Override
  public Optional<StreamEvent> heartbeat() {
    return positioned
        ? Optional.of(
            StreamEvent.newBuilder()
                .setHeartbeat(Heartbeat.getDefaultInstance())
                .setCursor(cursor)
                .build())
        : Optional.empty();
  }

  @Override
  public boolean speaksWhenIdle() {
    return true;
  }

  private boolean passed(StreamEvent event) {
    long at = event.getCursor();
    boolean older = Long.compareUnsigned(at, cursor) < 0;
    if (event.hasPost()) {
      if (older || at == cursor && atCursor.contains(event.getPost().getId())) {
        return false;
      }
      advance(at);
      atCursor.add(event.getPost().getId());
      if (atCursor.size() > MAX_AT_CURSOR) {
        atCursor.removeFirst();
      }
      return true;
    }
    if (!older) {
      advance(at);
    }
    if (event.hasBacklogEnd()) {
      boolean first = !backlogEnded;
      backlogEnded = true;
      return first;
    }
    return !older;
  }

  private void advance(long to) {
    if (to != cursor) {
      cursor = to;
      atCursor.clear();
    }
  }
}
