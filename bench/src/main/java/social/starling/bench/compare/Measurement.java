package social.starling.bench.compare;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.load.Feed;
import social.starling.bench.load.Generator;
import social.starling.bench.load.Kind;
import social.starling.bench.load.Recorder;
import social.starling.bench.load.Report;

/** Measures one system with all workloads. Used by one thread. */
final class Measurement {

  /** Clients of a closed loop. */
  static final int CLIENTS = 64;

  private static final double MIB = 1024.0 * 1024.0;
  private static final int TEXT_BYTES = 200;
  private static final long SEED = 1;

  private final ProcessFiles files = new ProcessFiles();
  private final long ownPid = ProcessHandle.current().pid();
  private final Extent extent;
  private final int users;

  Measurement(Extent extent, int users) {
    this.extent = extent;
    this.users = users;
  }

  /**
   * Closed loops first: they warm up what the open ones show the latency of.
   *
   * @param results told of each
   */
  void all(String system, Feed feed, Probe probe, Result.Builder results)
      throws InterruptedException {
    boolean first = true;
    for (boolean closed : List.of(true, false)) {
      for (Workload workload : Workload.values()) {
        Cell cell =
            measure(
                system,
                feed,
                probe,
                workload,
                closed,
                first ? extent.firstWarmUp() : extent.warmUp(closed));
        first = false;
        results.add(cell);
        System.out.println(line(cell));
      }
    }
  }

  static double mib(long bytes) {
    return rounded(bytes / MIB, 10);
  }

  private Cell measure(
      String system, Feed feed, Probe probe, Workload workload, boolean closed, Duration warmUp)
      throws InterruptedException {
    Generator.Plan plan =
        new Generator.Plan(
            closed ? CLIENTS : 0,
            closed ? 0 : workload.rate(),
            workload.postPercent(),
            TEXT_BYTES,
            warmUp,
            extent.measured(closed),
            SEED);
    long volume = probe.volumeBytes().getAsLong();
    Processors processors = new Processors(probe);
    Recorder recorder = new Generator(feed, plan, users).run(processors::at);
    long grown = probe.volumeBytes().getAsLong() - volume;
    double seconds = extent.measured(closed).toNanos() / 1e9;
    long posts = recorder.answeredEver(Kind.POST);
    long answered = recorder.answeredInWindow(Kind.POST) + recorder.answeredInWindow(Kind.TIMELINE);
    Map<String, Double> byProcess = new LinkedHashMap<>();
    processors.servers.forEach((name, taken) -> byProcess.put(name, each(taken, answered)));
    return new Cell(
        system,
        workload,
        plan.clients(),
        (int) plan.rate(),
        rounded(answered / seconds, 10),
        Report.lines(recorder, seconds),
        each(processors.ofServers(), answered),
        byProcess,
        each(processors.own, answered),
        rounded(processors.othersPercent(), 10),
        mib(probe.memoryBytes().getAsLong()),
        mib(volume + grown),
        posts == 0 ? 0 : rounded(grown / (double) posts, 1),
        percentiles(recorder));
  }

  private static Map<String, List<Double>> percentiles(Recorder recorder) {
    Map<String, List<Double>> found = new LinkedHashMap<>();
    for (Kind kind : Kind.values()) {
      if (recorder.answeredInWindow(kind) > 0) {
        found.put(
            kind.word(),
            Cell.AT.stream().map(at -> rounded(recorder.millisAt(kind, at), 1000)).toList());
      }
    }
    return found;
  }

  private static String line(Cell cell) {
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%-18s %-27s %-9s %8.0f/s  servers %.3f ms each, generator %.3f, others %.1f %%",
                cell.system(),
                cell.workload().words(),
                cell.isClosed() ? cell.clients() + " clients" : cell.rate() + "/s",
                cell.perSecond(),
                cell.serverCpu(),
                cell.generatorCpu(),
                cell.othersPercent()));
    for (Report.Line kind : cell.kinds()) {
      line.append(
          String.format(
              Locale.ROOT,
              "; %s p50 %.2f p99 %.2f (%.1f posts)",
              kind.kind(),
              kind.p50(),
              kind.p99(),
              kind.itemsPerAnswer()));
      if (!kind.failures().isEmpty()) {
        line.append(" FAILED ").append(kind.failures());
      }
    }
    return line.toString();
  }

  /** Milliseconds of each operation. */
  private static double each(double seconds, long operations) {
    return operations == 0 ? 0 : rounded(seconds * 1000 / operations, 10_000);
  }

  private static double rounded(double value, double scale) {
    return Math.round(value * scale) / scale;
  }

  /** Processor time of the measured window. */
  private final class Processors {
    private final Probe probe;
    private final Map<String, Double> servers = new LinkedHashMap<>();
    private double own;
    private double machine;
    private double elapsed;

    Processors(Probe probe) {
      this.probe = probe;
    }

    void at(boolean begins) {
      int sign = begins ? -1 : 1;
      // On a busy machine the window may be longer than it was to be.
      elapsed += sign * (double) System.nanoTime();
      machine += sign * files.machineCpuSeconds().orElse(0);
      own += sign * files.cpuSeconds(ownPid).orElse(0);
      probe
          .cpuSeconds()
          .get()
          .forEach((name, taken) -> servers.merge(name, sign * taken, Double::sum));
    }

    double ofServers() {
      return servers.values().stream().mapToDouble(v -> v).sum();
    }

    double othersPercent() {
      double all = elapsed / 1e9 * Runtime.getRuntime().availableProcessors();
      return Math.max(0, 100 * (machine - own - ofServers()) / all);
    }
  }
}
