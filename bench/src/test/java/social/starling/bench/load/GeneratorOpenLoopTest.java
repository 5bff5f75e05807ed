package social.starling.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GeneratorOpenLoopTest {

  /** Answers at once, but for one operation that holds up all others before they are even sent. */
  private static final class Stalling implements Feed {
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final AtomicBoolean stalled = new AtomicBoolean();
    private final long stall;

    Stalling(Duration stall) {
      this.stall = stall.toNanos();
    }

    @Override
    public void post(int user, String text, Done done) {
      done.answered(1, 0);
    }

    @Override
    public void timeline(int user, Done done) {
      if (!stalled.getAndSet(true)) {
        long end = System.nanoTime() + stall;
        for (long left; (left = end - System.nanoTime()) > 0; ) {
          LockSupport.parkNanos(left);
        }
      }
      done.answered(20, 0);
    }

    @Override
    public void after(long nanos, Runnable work) {
      thread.schedule(work, nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void close() {
      thread.shutdownNow();
    }
  }

  @Test
  void shouldCountFromWhenAnOperationWasToBeSentNotFromWhenItWas() throws InterruptedException {
    Recorder recorder;
    try (Stalling feed = new Stalling(Duration.ofMillis(500))) {
      recorder =
          new Generator(
                  feed,
                  new Generator.Plan(0, 200, 0, 200, Duration.ZERO, Duration.ofSeconds(1), 1),
                  10)
              .run(begins -> {});
    }

    // Those of the first half second waited, from all of it down to nothing.
    assertThat(recorder.tally(Kind.TIMELINE).latency.getTotalCount()).isEqualTo(200);
    assertThat(recorder.millisAt(Kind.TIMELINE, 100)).isGreaterThanOrEqualTo(500);
    assertThat(recorder.millisAt(Kind.TIMELINE, 75)).isGreaterThanOrEqualTo(200);
    assertThat(recorder.millisAt(Kind.TIMELINE, 60)).isGreaterThanOrEqualTo(40);
  }

  @Test
  void shouldCountAnswersOfTheWarmUpApart() throws InterruptedException {
    Recorder recorder;
    try (Stalling feed = new Stalling(Duration.ZERO)) {
      recorder =
          new Generator(
                  feed,
                  new Generator.Plan(
                      0, 200, 100, 200, Duration.ofMillis(500), Duration.ofSeconds(1), 1),
                  10)
              .run(begins -> {});
    }

    assertThat(recorder.answeredEver(Kind.POST)).isEqualTo(300);
    assertThat(recorder.tally(Kind.POST).latency.getTotalCount()).isEqualTo(200);
  }
}
