package social.starling.bench.failover;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import social.starling.bench.installation.Coordinator;
import social.starling.bench.installation.CpuTimes;
import social.starling.bench.installation.Installation;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.installation.RecordedProcess;
import social.starling.bench.installation.Residents;
import social.starling.bench.installation.Signal;
import social.starling.client.ClientOptions;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.ClusterStatus;

/**
 * Writers at work, a fault, the wait until both members are in sync again, and so on; at the end
 * everything is read back. Each step is bounded in time. Used by one thread; the caller closes it.
 *
 * <p>A new master is waited for by its writes, not by asking: the figure is what users see.
 */
final class Campaign implements AutoCloseable {

  private static final Duration NEXT_WRITE = Duration.ofSeconds(30);
  private static final Duration WHOLE = Duration.ofSeconds(120);
  private static final Duration LOOK = Duration.ofMillis(20);

  /**
   * What to do.
   *
   * @param cluster null for the first one
   * @param rate writes per second, of all writers
   * @param pause seconds of writing before each fault
   * @param stopped seconds from SIGSTOP to SIGCONT
   */
  record Plan(
      String cluster, Fault fault, int runs, int rate, int writers, int pause, int stopped) {}

  private final Installation first;
  private final Coordinator coordinator;
  private final Plan plan;
  private final Consumer<String> progress;
  private final ProcessFiles files = new ProcessFiles();
  private final List<StarlingClient> clients = new ArrayList<>();
  private final List<Writer> writers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  Campaign(
      Installation installation, Coordinator coordinator, Plan plan, Consumer<String> progress) {
    this.first = installation;
    this.coordinator = coordinator;
    this.plan = plan;
    this.progress = progress;
  }

  FailoverReport run() throws InterruptedException {
    String cluster = cluster();
    awaitWhole(cluster);
    prepare(cluster);
    List<FailoverReport.Run> runs = new ArrayList<>();
    int[] before = new int[writers.size()];
    for (Writer writer : writers) {
      threads.add(Thread.ofVirtual().name(writer.author()).start(writer));
    }
    CpuTimes times = CpuTimes.start(Optional.of(first));
    long began = System.nanoTime();
    for (int run = 1; run <= plan.runs(); run++) {
      TimeUnit.SECONDS.sleep(plan.pause());
      for (int i = 0; i < before.length; i++) {
        before[i] = writers.get(i).count();
      }
      FailoverReport.Run result = fault(cluster, before);
      runs.add(result);
      progress.accept(line(run, result));
    }
    double others =
        times.since(Optional.of(Installation.read(first.directory()))).get(CpuTimes.OTHERS);
    double all = (System.nanoTime() - began) / 1e9 * Runtime.getRuntime().availableProcessors();
    stop();
    return report(runs, 100 * others / all);
  }

  private FailoverReport.Run fault(String cluster, int[] before) throws InterruptedException {
    awaitWhole(cluster);
    String master = master(cluster);
    RecordedProcess process =
        Installation.read(first.directory())
            .process(master)
            .orElseThrow(() ->
                new StartException(
                    ExitCode.FAILED, "launcher.json records no process of " + master));
    long epoch = epoch(cluster);
    Signal.Sent fault = cause(cluster, process);
    awaitNextWrites(fault.after(), before);
    if (plan.fault() == Fault.STOP) {
      sleepUntil(fault.after() + TimeUnit.SECONDS.toNanos(plan.stopped()));
      Signal.CONT.send(process, files);
    }
    // Until the fault has shown, the members may still be reported as they were before it.
    await("a new configuration of " + cluster, WHOLE, () -> epoch(cluster) > epoch);
    if (plan.fault() == Fault.KILL || plan.fault() == Fault.TERM) {
      await(
          "another process of " + master,
          WHOLE,
          () -> !instance(cluster, master).equals(process.instance()));
    }
    long whole = awaitWhole(cluster);
    return result(master, fault, whole, before);
  }

  private Signal.Sent cause(String cluster, RecordedProcess process) {
    return switch (plan.fault()) {
      case KILL -> Signal.KILL.send(process, files);
      case STOP -> Signal.STOP.send(process, files);
      case TERM -> Signal.TERM.send(process, files);
      case SWITCHOVER -> {
        long now = System.nanoTime();
        try {
          coordinator.switchover(cluster);
        } catch (StatusRuntimeException e) {
          throw new StartException(
              ExitCode.FAILED, "the switchover failed: " + e.getStatus().getDescription(), e);
        }
        // It goes on answering until it hands over.
        yield new Signal.Sent(now, now);
      }
    };
  }

  private FailoverReport.Run result(String master, Signal.Sent fault, long until, int[] before) {
    List<Write> all = new ArrayList<>();
    List<Write> direct = new ArrayList<>();
    List<Write> routed = new ArrayList<>();
    for (int i = 0; i < before.length; i++) {
      List<Write> writes = writers.get(i).since(before[i]);
      all.addAll(writes);
      (writers.get(i).isDirect() ? direct : routed).addAll(writes);
    }
    Outage outage = outage(fault, until, all);
    return new FailoverReport.Run(
        master,
        next(outage),
        next(outage(fault, until, direct)),
        next(outage(fault, until, routed)),
        millis(outage.gap()),
        millis(outage.slowest()),
        outage.failed(),
        millis(until - fault.before()));
  }

  private static Outage outage(Signal.Sent fault, long until, List<Write> writes) {
    return Outage.of(fault.before(), fault.after(), until, writes);
  }

  private void awaitNextWrites(long at, int[] before) throws InterruptedException {
    await(
        "an acknowledged write after the fault, direct and through the router",
        NEXT_WRITE,
        () -> hasNext(at, before, true) && hasNext(at, before, false));
  }

  private boolean hasNext(long at, int[] before, boolean direct) {
    for (int i = 0; i < before.length; i++) {
      Writer writer = writers.get(i);
      if (writer.isDirect() == direct
          && writer.since(before[i]).stream()
              .anyMatch(write -> write.isAcknowledged() && write.begun() >= at)) {
        return true;
      }
    }
    return false;
  }

  private void prepare(String cluster) {
    List<String> authors = Residents.of(first.router(), cluster, "fo", plan.writers());
    long spacing = TimeUnit.SECONDS.toNanos(1) / plan.rate();
    StarlingClient routedRoot = connect(authors.getFirst(), false);
    StarlingClient directRoot = connect(authors.getFirst(), true);
    for (int i = 0; i < plan.writers(); i++) {
      boolean direct = i % 2 == 0;
      StarlingClient client = (direct ? directRoot : routedRoot).as(authors.get(i));
      clients.addFirst(client);
      client.login();
      writers.add(
          new Writer(
              new StarlingPoster(client),
              authors.get(i),
              direct,
              Duration.ofNanos(i * spacing),
              Duration.ofNanos(plan.writers() * spacing)));
    }
  }

  private StarlingClient connect(String user, boolean direct) {
    StarlingClient client =
        StarlingClient.connect(
            ClientOptions.of(user).withRouters(List.of(first.router())).withDirect(direct));
    clients.add(client);
    return client;
  }

  private void stop() throws InterruptedException {
    writers.forEach(Writer::stop);
    for (Thread thread : threads) {
      thread.join(ClientOptions.DEFAULT_DEADLINE.multipliedBy(2));
    }
  }

  private FailoverReport report(List<FailoverReport.Run> runs, double othersPercent) {
    List<String> violations = new ArrayList<>();
    long acknowledged = 0;
    Map<String, Long> failures = new TreeMap<>();
    long retries = 0;
    for (Writer writer : writers) {
      List<Write> written = writer.since(0);
      acknowledged += written.stream().filter(Write::isAcknowledged).count();
      written.stream()
          .filter(write -> !write.isAcknowledged())
          .forEach(write -> failures.merge(failure(write, writer.isDirect()), 1L, Long::sum));
      retries += writer.retries();
      violations.addAll(Checker.violations(writer.author(), written, readBack(writer.author())));
    }
    return FailoverReport.of(
        plan.fault().name().toLowerCase(Locale.ROOT),
        runs,
        failures,
        acknowledged,
        retries,
        violations,
        othersPercent);
  }

  private static String failure(Write write, boolean direct) {
    return "%s, %s, %s"
        .formatted(
            direct ? "direct" : "through the router",
            write.end() == Write.End.UNKNOWN ? "outcome unknown" : "refused",
            // Else each author has a line of its own.
            write.why().replace(write.author(), "USER"));
  }

  private List<Checker.Stored> readBack(String author) {
    List<Checker.Stored> stored = new ArrayList<>();
    PostPage page = PostPage.newest(PostPage.MAX_LIMIT);
    try {
      while (true) {
        List<Post> posts = clients.getLast().posts(author, page);
        posts.forEach(post -> stored.addFirst(new Checker.Stored(post.id(), post.text())));
        if (posts.size() < PostPage.MAX_LIMIT) {
          return stored;
        }
        page = page.below(posts.getLast().id());
      }
    } catch (StarlingException e) {
      throw new StartException(
          ExitCode.FAILED,
          "the posts of %s cannot be read: %s".formatted(author, e.getMessage()),
          e);
    }
  }

  private String cluster() throws InterruptedException {
    if (plan.cluster() != null) {
      return plan.cluster();
    }
    await("an answer of the coordinator", WHOLE, () -> !coordinator.clusters().isEmpty());
    return coordinator.clusters().getFirst().getName();
  }

  private String master(String cluster) {
    return status(cluster).map(known -> known.getConfiguration().getMaster()).orElse("");
  }

  private long epoch(String cluster) {
    return status(cluster).map(known -> known.getConfiguration().getEpoch()).orElse(0L);
  }

  /** As the coordinator last heard it. */
  private String instance(String cluster, String member) {
    return status(cluster).stream()
        .flatMap(known -> known.getMembersList().stream())
        .filter(report -> report.getName().equals(member))
        .map(report -> report.getHello().getInstance())
        .findFirst()
        .orElse("");
  }

  private Optional<ClusterStatus> status(String cluster) {
    return coordinator.cluster(cluster);
  }

  /** Returns when it was seen. */
  private long awaitWhole(String cluster) throws InterruptedException {
    await(
        "both members of " + cluster + " in sync",
        WHOLE,
        () -> status(cluster).filter(Coordinator::isWhole).isPresent());
    return System.nanoTime();
  }

  private static void await(String what, Duration limit, BooleanSupplier condition)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new StartException(
            ExitCode.FAILED, "waited %d s in vain for %s".formatted(limit.toSeconds(), what));
      }
      TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
    }
  }

  private static void sleepUntil(long time) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(Math.max(0, time - System.nanoTime()));
  }

  private static String line(int run, FailoverReport.Run result) {
    return String.format(
        Locale.ROOT,
        "run %2d  %s  next write %.0f ms (direct %.0f, router %.0f)  longest gap %.0f"
            + "  slowest call %.0f  failed %d  whole again after %.0f",
        run,
        result.master(),
        result.next(),
        result.nextDirect(),
        result.nextRouted(),
        result.gap(),
        result.slowest(),
        result.failedCalls(),
        result.recovered());
  }

  private static double next(Outage outage) {
    return outage.next().isPresent() ? millis(outage.next().getAsLong()) : -1;
  }

  private static double millis(long nanos) {
    return Math.round(nanos / 1e5) / 10.0;
  }

  @Override
  public void close() {
    writers.forEach(Writer::stop);
    clients.forEach(StarlingClient::close);
  }
}
