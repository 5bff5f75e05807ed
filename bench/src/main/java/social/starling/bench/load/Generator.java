package social.starling.bench.load;

import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.SnsGrpc;

/**
 * Makes the load. Everything but {@link #run} happens on the loop's thread.
 *
 * <ul>
 *   <li>Closed loop: each of N clients begins its next operation when the last one was answered.
 *       Says how much is possible; its latencies leave out what a stall kept from beginning.
 *   <li>Open loop: operations begin when the {@link Schedule} says so, and count from then.
 * </ul>
 */
final class Generator {

  /** Operations under way at once in an open loop; those beyond fail as GENERATOR_FULL. */
  static final int MAX_OUTSTANDING = 20_000;

  /**
   * What to do.
   *
   * @param clients of a closed loop; 0 for an open one
   * @param rate operations per second of an open loop; 0 for a closed one
   * @param postPercent 0 to 100: the share of posts, the rest are timelines
   * @param textBytes length of a post
   * @param limit posts of a timeline
   * @param deadline after which a call has failed
   * @param seed of users and kinds chosen
   */
  record Plan(
      int clients,
      double rate,
      int postPercent,
      int textBytes,
      int limit,
      Duration warmUp,
      Duration measured,
      Duration deadline,
      long seed) {}

  private static final MethodDescriptor<PostRequest, Integer> POST =
      CountedPosts.of(SnsGrpc.getPostMethod());
  private static final MethodDescriptor<GetTimelineRequest, Integer> TIMELINE =
      CountedPosts.of(SnsGrpc.getGetTimelineMethod());

  private final Loop loop;
  private final Plan plan;
  private final Population users;
  private final Destinations destinations;
  private final Sessions[] sessions;
  private final Texts texts;
  private final SplittableRandom random;
  private final GetTimelineRequest timeline;
  private final CountDownLatch finished = new CountDownLatch(1);
  private Recorder recorder;
  private long end;
  private int outstanding;
  private boolean issuedAll;

  Generator(Loop loop, Plan plan, Population users, Destinations destinations) {
    this.loop = loop;
    this.plan = plan;
    this.users = users;
    this.destinations = destinations;
    this.sessions = new Sessions[users.size()];
    for (int i = 0; i < sessions.length; i++) {
      sessions[i] = new Sessions();
    }
    this.texts = new Texts(plan.textBytes(), plan.seed());
    this.random = new SplittableRandom(plan.seed());
    this.timeline =
        GetTimelineRequest.newBuilder().setPage(Page.newBuilder().setLimit(plan.limit())).build();
  }

  /**
   * Runs to the end; blocks.
   *
   * @param atWindow told when measuring begins (true) and ends (false)
   */
  Recorder run(WindowListener atWindow) throws InterruptedException {
    long start = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50);
    long from = start + plan.warmUp().toNanos();
    end = from + plan.measured().toNanos();
    recorder = new Recorder(from, end);
    loop.execute(() -> {
      if (plan.clients() > 0) {
        loop.after(start - System.nanoTime(), this::beginAll);
        loop.after(end - System.nanoTime(), this::stop);
      } else {
        pump(new Schedule(start, plan.rate(), end - start));
      }
    });
    sleepUntil(from);
    atWindow.changed(true);
    sleepUntil(end);
    atWindow.changed(false);
    finished.await();
    return recorder;
  }

  /** Told when the measured time begins and ends. */
  @FunctionalInterface
  interface WindowListener {
    void changed(boolean begins);
  }

  private void pump(Schedule schedule) {
    long now = System.nanoTime();
    while (!schedule.isOver() && schedule.due() <= now) {
      long due = schedule.take();
      if (outstanding < MAX_OUTSTANDING) {
        begin(due, () -> {});
      } else {
        recorder.failed(kind(), due, 0, "GENERATOR_FULL");
      }
    }
    if (schedule.isOver()) {
      stop();
    } else {
      loop.after(Math.max(0, schedule.due() - System.nanoTime()), () -> pump(schedule));
    }
  }

  private void beginAll() {
    for (int i = 0; i < plan.clients(); i++) {
      again();
    }
  }

  private void again() {
    long now = System.nanoTime();
    if (now < end) {
      begin(now, this::again);
    }
  }

  private void stop() {
    issuedAll = true;
    finishIfDone();
  }

  private void finishIfDone() {
    if (issuedAll && outstanding == 0) {
      finished.countDown();
    }
  }

  private Kind kind() {
    return random.nextInt(100) < plan.postPercent() ? Kind.POST : Kind.TIMELINE;
  }

  private void begin(long begun, Runnable next) {
    int user = random.nextInt(users.size());
    switch (kind()) {
      case POST -> post(user, begun, next);
      case TIMELINE -> call(Kind.TIMELINE, TIMELINE, timeline, user, begun, next);
    }
  }

  private void post(int user, long begun, Runnable next) {
    Sessions.Session session = sessions[user].take();
    PostRequest request =
        PostRequest.newBuilder().setWrite(session.next()).setText(texts.next()).build();
    call(
        Kind.POST,
        POST,
        request,
        user,
        begun,
        () -> {
          sessions[user].release(session);
          next.run();
        });
  }

  private <Q> void call(
      Kind kind,
      MethodDescriptor<Q, Integer> method,
      Q request,
      int user,
      long begun,
      Runnable next) {
    outstanding++;
    new Operation<Q, Integer>(
            loop,
            method,
            request,
            users.name(user),
            destinations.of(user),
            System.nanoTime() + plan.deadline().toNanos(),
            (outcome, retries) -> {
              long now = System.nanoTime();
              if (outcome.isAnswered()) {
                recorder.answered(kind, begun, now, retries, outcome.answer());
              } else {
                recorder.failed(kind, begun, retries, outcome.failure());
              }
              outstanding--;
              next.run();
              finishIfDone();
            })
        .start();
  }

  private static void sleepUntil(long time) throws InterruptedException {
    long left = time - System.nanoTime();
    if (left > 0) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
  }
}
