package social.starling.bench.load;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes the load. Operations begin on the threads of the {@link Feed}, where others have ended;
 * what is shared between them is guarded by this object's lock.
 *
 * <ul>
 *   <li>Closed loop: each of N clients begins its next operation when the last one was answered.
 *       Says how much is possible; its latencies leave out what a stall kept from beginning.
 *   <li>Open loop: operations begin when the {@link Schedule} says so, and count from then.
 * </ul>
 */
public final class Generator {

  /** Operations under way at once in an open loop; those beyond fail as GENERATOR_FULL. */
  static final int MAX_OUTSTANDING = 20_000;

  /**
   * What to do.
   *
   * @param clients of a closed loop; 0 for an open one
   * @param rate operations per second of an open loop; 0 for a closed one
   * @param postPercent 0 to 100: the share of posts, the rest are timelines
   * @param textBytes length of a post
   * @param seed of users and kinds chosen
   */
  public record Plan(
      int clients,
      double rate,
      int postPercent,
      int textBytes,
      Duration warmUp,
      Duration measured,
      long seed) {}

  private final Feed feed;
  private final Plan plan;
  private final int users;
  private final Texts texts;
  private final SplittableRandom random;
  private final CountDownLatch finished = new CountDownLatch(1);
  private final AtomicInteger outstanding = new AtomicInteger();
  private Recorder recorder;
  private long end;
  private volatile boolean issuedAll;

  /**
   * @param users how many there are
   */
  public Generator(Feed feed, Plan plan, int users) {
    this.feed = feed;
    this.plan = plan;
    this.users = users;
    this.texts = new Texts(plan.textBytes(), plan.seed());
    this.random = new SplittableRandom(plan.seed());
  }

  /**
   * Runs to the end; blocks.
   *
   * @param atWindow told when measuring begins (true) and ends (false)
   */
  public Recorder run(WindowListener atWindow) throws InterruptedException {
    long start = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50);
    long from = start + plan.warmUp().toNanos();
    end = from + plan.measured().toNanos();
    recorder = new Recorder(from, end);
    if (plan.clients() > 0) {
      feed.after(start - System.nanoTime(), this::beginAll);
      feed.after(end - System.nanoTime(), this::stop);
    } else {
      Schedule schedule = new Schedule(start, plan.rate(), end - start);
      feed.after(0, () -> pump(schedule));
    }
    sleepUntil(from);
    atWindow.changed(true);
    sleepUntil(end);
    atWindow.changed(false);
    finished.await();
    return recorder;
  }

  /** Told when the measured time begins and ends. */
  @FunctionalInterface
  public interface WindowListener {
    void changed(boolean begins);
  }

  private void pump(Schedule schedule) {
    long now = System.nanoTime();
    while (!schedule.isOver() && schedule.due() <= now) {
      long due = schedule.take();
      if (outstanding.get() < MAX_OUTSTANDING) {
        begin(due, () -> {});
      } else {
        recorder.failed(choose().kind(), due, 0, "GENERATOR_FULL");
      }
    }
    if (schedule.isOver()) {
      stop();
    } else {
      feed.after(Math.max(0, schedule.due() - System.nanoTime()), () -> pump(schedule));
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
    if (issuedAll && outstanding.get() == 0) {
      finished.countDown();
    }
  }

  /** What is done next: who, what, and with which text. */
  private record Choice(int user, Kind kind, String text) {}

  private synchronized Choice choose() {
    int user = random.nextInt(users);
    return random.nextInt(100) < plan.postPercent()
        ? new Choice(user, Kind.POST, texts.next())
        : new Choice(user, Kind.TIMELINE, "");
  }

  private void begin(long begun, Runnable next) {
    outstanding.incrementAndGet();
    Choice choice = choose();
    Ending ending = new Ending(choice.kind(), begun, next);
    switch (choice.kind()) {
      case POST -> feed.post(choice.user(), choice.text(), ending);
      case TIMELINE -> feed.timeline(choice.user(), ending);
    }
  }

  private final class Ending implements Feed.Done {

    private final Kind kind;
    private final long begun;
    private final Runnable next;

    Ending(Kind kind, long begun, Runnable next) {
      this.kind = kind;
      this.begun = begun;
      this.next = next;
    }

    @Override
    public void answered(int items, int retries) {
      recorder.answered(kind, begun, System.nanoTime(), retries, items);
      end();
    }

    @Override
    public void failed(String reason, int retries) {
      recorder.failed(kind, begun, retries, reason);
      end();
    }

    private void end() {
      // The next one counts before this one does not: else the end could be seen between them.
      next.run();
      outstanding.decrementAndGet();
      finishIfDone();
    }
  }

  private static void sleepUntil(long time) throws InterruptedException {
    long left = time - System.nanoTime();
    if (left > 0) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
  }
}
