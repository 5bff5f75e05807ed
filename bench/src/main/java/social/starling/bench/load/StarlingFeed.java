package social.starling.bench.load;

import io.grpc.MethodDescriptor;
import java.time.Duration;
import social.starling.client.ClientOptions;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.SnsGrpc;

/** Starling, directly or through a router. All of it happens on the loop's thread. */
public final class StarlingFeed implements Feed {

  private static final MethodDescriptor<PostRequest, Integer> POST =
      CountedPosts.of(SnsGrpc.getPostMethod());
  private static final MethodDescriptor<GetTimelineRequest, Integer> TIMELINE =
      CountedPosts.of(SnsGrpc.getGetTimelineMethod());

  private final Loop loop;
  private final Population users;
  private final Destinations destinations;
  private final long deadline;
  private final Sessions[] sessions;
  private final GetTimelineRequest timeline;

  /**
   * @param limit posts of a timeline
   * @param deadline after which a call has failed
   */
  StarlingFeed(
      Loop loop, Population users, Destinations destinations, int limit, Duration deadline) {
    this.loop = loop;
    this.users = users;
    this.destinations = destinations;
    this.deadline = deadline.toNanos();
    this.sessions = new Sessions[users.size()];
    for (int i = 0; i < sessions.length; i++) {
      sessions[i] = new Sessions();
    }
    this.timeline =
        GetTimelineRequest.newBuilder().setPage(Page.newBuilder().setLimit(limit)).build();
  }

  /**
   * Connects to a running Starling.
   *
   * @param router address of a router
   * @param direct calls go to the servers that the router names
   * @param limit posts of a timeline
   */
  public static StarlingFeed open(String router, Population users, boolean direct, int limit) {
    Destinations destinations =
        direct ? Destinations.located(router, users) : Destinations.routed(router, users);
    return new StarlingFeed(
        new Loop(4), users, destinations, limit, ClientOptions.DEFAULT_DEADLINE);
  }

  @Override
  public void post(int user, String text, Done done) {
    loop.enter(() -> {
      Sessions.Session session = sessions[user].take();
      PostRequest request = PostRequest.newBuilder().setWrite(session.next()).setText(text).build();
      call(POST, request, user, () -> sessions[user].release(session), done);
    });
  }

  @Override
  public void timeline(int user, Done done) {
    loop.enter(() -> call(TIMELINE, timeline, user, () -> {}, done));
  }

  @Override
  public void after(long nanos, Runnable work) {
    loop.after(nanos, work);
  }

  @Override
  public void close() {
    loop.close();
  }

  private <Q> void call(
      MethodDescriptor<Q, Integer> method, Q request, int user, Runnable ended, Done done) {
    new Operation<Q, Integer>(
            loop,
            method,
            request,
            users.name(user),
            destinations.of(user),
            System.nanoTime() + deadline,
            (outcome, retries) -> {
              ended.run();
              if (outcome.isAnswered()) {
                done.answered(outcome.answer(), retries);
              } else {
                done.failed(outcome.failure(), retries);
              }
            })
        .start();
  }
}
