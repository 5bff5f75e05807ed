package social.starling.bench.failover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import social.starling.bench.installation.Signal;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * As {@link Campaign}, for a system that is measured beside Starling: writers at work, a fault, the
 * wait until there are two copies again, and so on; at the end everything is read back. Used by one
 * thread; the caller closes it.
 */
public final class PeerCampaign implements AutoCloseable {

  private static final Duration NEXT_WRITE = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Duration END = Duration.ofSeconds(10);

  /**
   * What to do.
   *
   * @param rate writes per second, of all writers
   * @param pauseSeconds of writing before each fault
   */
  public record Plan(Fault fault, int runs, int rate, int writers, int pauseSeconds) {}

  private final String name;
  private final Fallible system;
  private final Plan plan;
  private final Consumer<String> progress;
  private final List<Poster> posters = new ArrayList<>();
  private final List<Writer> writers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  /**
   * @param progress told of each run
   */
  public PeerCampaign(String name, Fallible system, Plan plan, Consumer<String> progress) {
    this.name = name;
    this.system = system;
    this.plan = plan;
    this.progress = progress;
  }

  /** Runs to the end; blocks. */
  public Outcome run() throws InterruptedException {
    system.heal();
    start();
    List<Double> next = new ArrayList<>();
    for (int run = 1; run <= plan.runs(); run++) {
      TimeUnit.SECONDS.sleep(plan.pauseSeconds());
      int[] before = writers.stream().mapToInt(Writer::count).toArray();
      Signal.Sent fault = system.cause(plan.fault());
      next.add(awaitNext(fault, before));
      progress.accept(
          String.format(Locale.ROOT, "run %2d  %s  next write %.0f ms", run, name, next.getLast()));
      system.heal();
    }
    stop();
    return outcome(next);
  }

  private void start() {
    long spacing = TimeUnit.SECONDS.toNanos(1) / plan.rate();
    for (int i = 0; i < plan.writers(); i++) {
      Poster poster = system.poster(i);
      posters.add(poster);
      writers.add(
          new Writer(
              poster,
              "writer" + i,
              true,
              Duration.ofNanos(i * spacing),
              Duration.ofNanos(plan.writers() * spacing)));
    }
    for (Writer writer : writers) {
      threads.add(Thread.ofVirtual().name(writer.author()).start(writer));
    }
  }

  private double awaitNext(Signal.Sent fault, int[] before) throws InterruptedException {
    long limit = System.nanoTime() + NEXT_WRITE.toNanos();
    while (next(fault, before).isEmpty()) {
      if (System.nanoTime() > limit) {
        throw new StartException(
            ExitCode.FAILED,
            "%s acknowledged no write within %d s of a fault"
                .formatted(name, NEXT_WRITE.toSeconds()));
      }
      TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
    }
    // One that ended a moment before that one may not have been in its log yet.
    TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
    return Math.round(next(fault, before).getAsLong() / 1e5) / 10.0;
  }

  private OptionalLong next(Signal.Sent fault, int[] before) {
    List<Write> writes = new ArrayList<>();
    for (int i = 0; i < before.length; i++) {
      writes.addAll(writers.get(i).since(before[i]));
    }
    return Outage.of(fault.before(), fault.after(), System.nanoTime(), writes).next();
  }

  private void stop() throws InterruptedException {
    writers.forEach(Writer::stop);
    for (Thread thread : threads) {
      thread.join(END);
    }
  }

  private Outcome outcome(List<Double> next) {
    long acknowledged = 0;
    int failed = 0;
    long lost = 0;
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < writers.size(); i++) {
      Writer writer = writers.get(i);
      List<Write> written = writer.since(0);
      long ok = written.stream().filter(Write::isAcknowledged).count();
      acknowledged += ok;
      failed += (int) (written.size() - ok);
      List<Checker.Stored> stored =
          system.stored(i).stream()
              .map(post -> new Checker.Stored(post.id(), post.text()))
              .toList();
      lost += Checker.lost(written, stored);
      Checker.violations(writer.author(), written, stored).stream()
          .filter(sentence -> !sentence.endsWith("is lost"))
          .forEach(wrong::add);
    }
    return Outcome.of(
        name,
        plan.fault().name().toLowerCase(Locale.ROOT),
        next,
        failed,
        acknowledged,
        lost,
        wrong);
  }

  @Override
  public void close() {
    writers.forEach(Writer::stop);
    posters.forEach(Poster::close);
  }
}
