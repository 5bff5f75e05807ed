package social.starling.bench.crossing;

import static social.starling.bench.Usage.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.OutputFormat;
import social.starling.bench.installation.CpuTimes;
import social.starling.bench.installation.Installation;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.installation.RecordedProcess;
import social.starling.bench.installation.Residents;
import social.starling.bench.installation.Signal;
import social.starling.client.ClientOptions;
import social.starling.client.EventStream;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.TimelineEvent;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** {@code bench crossing}: from a post in one cluster to a live stream in another. */
@Command(
    name = "crossing",
    description = {
      "Measure how long a post takes to a live stream in another cluster.",
      "Authors of one cluster post at a steady rate; a user of another, who follows them all,",
      "watches. Each acknowledged post must arrive once, in its author's order. With --away, the",
      "watcher's synchronizer is stopped meanwhile, and the time to catch up is measured."
    })
public final class CrossingCommand implements Callable<Integer> {

  private static final int MOST_AT_ONCE = 512;
  private static final int LONGEST_WAIT_SECONDS = 120;
  private static final double MILLION = 1e6;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "The DIR of a running 'starling up'.")
  private Path dir;

  @Option(
      names = "--from",
      paramLabel = "CLUSTER",
      defaultValue = "alpha",
      description = "Where the authors live. Default: ${DEFAULT-VALUE}.")
  private String from = "alpha";

  @Option(
      names = "--to",
      paramLabel = "CLUSTER",
      defaultValue = "beta",
      description = "Where the followers live. Default: ${DEFAULT-VALUE}.")
  private String to = "beta";

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "5",
      description = "Posts per second, evenly spaced, 1 to 5000. Default: ${DEFAULT-VALUE}.")
  private int rate = 5;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "20",
      description = "How long to post. Default: ${DEFAULT-VALUE}.")
  private int seconds = 20;

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      defaultValue = "5",
      description = "Seconds of it that are not counted. Default: ${DEFAULT-VALUE}.")
  private int warmUp = 5;

  @Option(
      names = "--authors",
      paramLabel = "N",
      defaultValue = "20",
      description = "Who post in turn, 1 to 1000. Default: ${DEFAULT-VALUE}.")
  private int authors = 20;

  @Option(
      names = "--followers",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Users of the other cluster who follow every author; the first one watches. 1 to 1000."
              + " Default: ${DEFAULT-VALUE}.")
  private int followers = 1;

  @Option(
      names = "--away",
      paramLabel = "S",
      defaultValue = "0",
      description =
          "Stop the other cluster's synchronizer (SIGSTOP) for so long, then let it go on."
              + " Default: not at all.")
  private int away;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private OutputFormat output = OutputFormat.TEXT;

  @Mixin private HelpOption help = new HelpOption();

  private final Arrivals arrivals = new Arrivals();
  private final List<String> failures = new ArrayList<>();
  private final Map<String, ReentrantLock> turns = new HashMap<>();
  private final CountDownLatch watched = new CountDownLatch(1);
  private Installation installation;

  @Override
  public Integer call() throws InterruptedException {
    require(rate >= 1 && rate <= 5000, "--rate can be 1 to 5000");
    require(authors >= 1 && authors <= 1000, "--authors can be 1 to 1000");
    require(followers >= 1 && followers <= 1000, "--followers can be 1 to 1000");
    require(seconds >= 1 && seconds <= 3600, "--seconds can be 1 to 3600");
    require(warmUp >= 0 && warmUp < seconds, "--warm-up must be less than --seconds");
    require(away >= 0 && away < seconds, "--away must be less than --seconds");
    require(!from.equals(to), "--from and --to must be two clusters");
    installation = Installation.read(dir);
    List<String> writing = Residents.of(installation.router(), from, "xa", authors);
    List<String> reading = Residents.of(installation.router(), to, "xf", followers);
    try (StarlingClient root = connect(writing.getFirst());
        StarlingClient watcher = connect(reading.getFirst())) {
      List<StarlingClient> posting = writing.stream().map(root::as).toList();
      posting.forEach(author -> {
        author.login();
        turns.put(author.user(), new ReentrantLock(true));
      });
      for (String name : reading) {
        StarlingClient follower = watcher.as(name);
        follower.login();
        writing.forEach(author -> follow(follower, author));
      }
      try (EventStream stream = watcher.stream(0)) {
        Thread watching = Thread.ofVirtual().name("watch").start(() -> watch(stream));
        return measure(posting, watching);
      }
    }
  }

  private int measure(List<StarlingClient> posting, Thread watching) throws InterruptedException {
    // What is posted before the stream has begun is none of its business.
    if (!watched.await(LONGEST_WAIT_SECONDS, TimeUnit.SECONDS)) {
      throw new StartException(ExitCode.FAILED, "the stream did not begin");
    }
    // A first post of each, so that every follow has reached the author's cluster.
    AtomicInteger number = new AtomicInteger();
    for (StarlingClient author : posting) {
      post(author, number, System.nanoTime());
    }
    await(arrivals::complete, "the first posts did not arrive");
    Map<String, Double> sentBefore = sent();
    CpuTimes times = CpuTimes.start(Optional.of(installation));
    Semaphore room = new Semaphore(MOST_AT_ONCE);
    long start = System.nanoTime();
    long period = TimeUnit.SECONDS.toNanos(1) / rate;
    Thread outage = away > 0 ? Thread.ofPlatform().name("away").start(this::away) : null;
    for (int i = 0; i < rate * seconds; i++) {
      long intended = start + i * period;
      long left;
      while ((left = intended - System.nanoTime()) > 0) {
        LockSupport.parkNanos(left);
      }
      StarlingClient author = posting.get(i % posting.size());
      room.acquire();
      Thread.ofVirtual()
          .start(() -> {
            try {
              post(author, number, intended);
            } finally {
              room.release();
            }
          });
    }
    room.acquire(MOST_AT_ONCE);
    Map<String, Double> cpu = times.since();
    if (outage != null) {
      outage.join();
    }
    await(arrivals::complete, "posts are missing");
    watching.interrupt();
    report(start + TimeUnit.SECONDS.toNanos(warmUp), cpu, sentBefore);
    return arrivals.complaints().isEmpty() && failures.isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
  }

  /** Stops the receiver's synchronizer, lets it go on, and tells how fast the rest arrives. */
  private void away() {
    ProcessFiles files = new ProcessFiles();
    RecordedProcess process =
        installation.processes().stream()
            .filter(each -> each.kind().equals("synchronizer"))
            .filter(each -> each.cluster().filter(to::equals).isPresent())
            .findFirst()
            .orElseThrow(
                () -> new StartException(ExitCode.FAILED, to + " has no synchronizer that runs"));
    Signal.STOP.send(process, files);
    try {
      TimeUnit.SECONDS.sleep(away);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Signal.CONT.send(process, files);
    }
    long backlog = arrivals.acknowledgedCount() - arrivals.arrivedCount();
    long since = System.nanoTime();
    long first = arrivals.arrivedCount();
    try {
      await(
          () -> arrivals.acknowledgedCount() - arrivals.arrivedCount() <= Math.max(10, rate / 10),
          "the backlog did not arrive");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    double took = (System.nanoTime() - since) / 1e9;
    System.err.printf(
        Locale.ROOT,
        "away for %d s: %d posts behind; caught up after %.2f s (%.0f posts/s arrived meanwhile)%n",
        away,
        backlog,
        took,
        (arrivals.arrivedCount() - first) / took);
  }

  /** One author's posts go one after the other, so that their order is known. */
  private void post(StarlingClient author, AtomicInteger numbers, long intended) {
    ReentrantLock turn = turns.get(author.user());
    turn.lock();
    try {
      int number = numbers.incrementAndGet();
      arrivals.sending(author.user(), number, intended);
      author.post(number + " crosses over " + "to another cluster ".repeat(6));
      arrivals.acknowledged(author.user(), number, System.nanoTime());
    } catch (StarlingException e) {
      synchronized (failures) {
        failures.add(e.getMessage());
      }
    } finally {
      turn.unlock();
    }
  }

  private void watch(EventStream stream) {
    try {
      while (stream.hasNext()) {
        TimelineEvent event = stream.next();
        watched.countDown();
        if (event instanceof TimelineEvent.Posted(var post, long _)) {
          long now = System.nanoTime();
          String text = post.text();
          arrivals.arrived(post.author(), Integer.parseInt(text, 0, text.indexOf(' '), 10), now);
        }
      }
    } catch (StarlingException e) {
      if (!Thread.currentThread().isInterrupted()) {
        synchronized (failures) {
          failures.add("the stream ended: " + e.getMessage());
        }
      }
    }
  }

  private void follow(StarlingClient follower, String author) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_WAIT_SECONDS);
    while (true) {
      try {
        follower.follow(author);
        return;
      } catch (StarlingException e) {
        // The author's name may still be on its way to this cluster.
        if (!e.word().equals("USER_UNKNOWN") || System.nanoTime() - end > 0) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      }
    }
  }

  private StarlingClient connect(String user) {
    return StarlingClient.connect(
        ClientOptions.of(user).withRouters(List.of(installation.router())).withDirect(true));
  }

  private void await(BooleanSupplier done, String otherwise) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_WAIT_SECONDS);
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        synchronized (failures) {
          failures.add("%s within %d s".formatted(otherwise, LONGEST_WAIT_SECONDS));
        }
        return;
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  /** What the author's synchronizer has sent to the follower's cluster. */
  private Map<String, Double> sent() {
    return installation.processes().stream()
        .filter(each -> each.kind().equals("synchronizer"))
        .filter(each -> each.cluster().filter(from::equals).isPresent())
        .findFirst()
        .map(each -> SentMeters.read(each.httpAddress(), to))
        .orElse(Map.of());
  }

  private void report(long from, Map<String, Double> cpu, Map<String, Double> sentBefore) {
    Histogram whole = arrivals.latencies(from, false);
    Histogram after = arrivals.latencies(from, true);
    List<String> wrong = new ArrayList<>(arrivals.complaints());
    synchronized (failures) {
      wrong.addAll(failures.stream().distinct().limit(5).toList());
    }
    Map<String, Double> sent = sent();
    double posts = rate * (double) seconds;
    double bytes = sent.getOrDefault("bytes", 0.0) - sentBefore.getOrDefault("bytes", 0.0);
    double items = sent.getOrDefault("items", 0.0) - sentBefore.getOrDefault("items", 0.0);
    if (output == OutputFormat.JSON) {
      System.out.printf(
          Locale.ROOT,
          "{\"from\":\"%s\",\"to\":\"%s\",\"rate\":%d,\"followers\":%d,\"posts\":%d,"
              + "\"p50Millis\":%.3f,\"p99Millis\":%.3f,\"maxMillis\":%.3f,"
              + "\"afterAcknowledgementP50Millis\":%.3f,\"afterAcknowledgementP99Millis\":%.3f,"
              + "\"bytesPerPost\":%.1f,\"changesPerPost\":%.3f,\"wrong\":%d}%n",
          this.from,
          to,
          rate,
          followers,
          whole.getTotalCount(),
          whole.getValueAtPercentile(50) / MILLION,
          whole.getValueAtPercentile(99) / MILLION,
          whole.getMaxValue() / MILLION,
          after.getValueAtPercentile(50) / MILLION,
          after.getValueAtPercentile(99) / MILLION,
          bytes / posts,
          items / posts,
          wrong.size());
      return;
    }
    System.out.printf(
        "%d posts/s from %s to %s, %d authors, %d followers of each, %d s%n",
        rate, this.from, to, authors, followers, seconds);
    line("from when it was to be sent", whole);
    line("from its acknowledgement", after);
    System.out.printf(
        Locale.ROOT,
        "between the clusters: %.3f changes and %.0f bytes a post%n",
        items / posts,
        bytes / posts);
    StringBuilder seconds = new StringBuilder("processor seconds:");
    cpu.forEach((name, took) -> seconds.append(String.format(Locale.ROOT, " %s %.2f", name, took)));
    System.out.println(seconds);
    System.out.println(
        wrong.isEmpty()
            ? "each of %d acknowledged posts arrived once, in its author's order"
                .formatted(arrivals.acknowledgedCount())
            : "WRONG: " + String.join("; ", wrong));
  }

  private static void line(String what, Histogram histogram) {
    System.out.printf(
        Locale.ROOT,
        "%-28s p50 %8.3f  p90 %8.3f  p99 %8.3f  max %8.3f ms  (%d posts)%n",
        what,
        histogram.getValueAtPercentile(50) / MILLION,
        histogram.getValueAtPercentile(90) / MILLION,
        histogram.getValueAtPercentile(99) / MILLION,
        histogram.getMaxValue() / MILLION,
        histogram.getTotalCount());
  }
}
