package social.starling.bench.growth;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.installation.RecordedProcess;

/**
 * What one call costs the servers, in microseconds of one processor, as an average over many calls.
 *
 * @param master of the master
 * @param slave of the slave
 * @param threads of the master's threads, by name
 * @param perSecond calls answered per second meanwhile
 */
record Cost(double master, double slave, Map<String, Double> threads, double perSecond) {

  /** Makes the same call again and again, and looks at the processes while it does. */
  static Cost of(LocalCluster cluster, Lanes lanes, Call call, Duration warmUp, Duration window)
      throws InterruptedException, IOException {
    List<RecordedProcess> servers = cluster.servers();
    long end = System.nanoTime() + warmUp.plus(window).toNanos();
    Supplier<Call> calls = () -> System.nanoTime() < end ? call : null;
    FutureTask<Long> run = new FutureTask<>(() -> lanes.run(calls));
    Thread.ofPlatform().daemon(true).name("growth-load").start(run);
    TimeUnit.NANOSECONDS.sleep(warmUp.toNanos());
    Reading before = Reading.of(cluster.files(), lanes, servers);
    TimeUnit.NANOSECONDS.sleep(Math.max(0, end - System.nanoTime()));
    Reading after = Reading.of(cluster.files(), lanes, servers);
    try {
      run.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException why ? why : new IllegalStateException(e);
    }
    return after.since(before);
  }

  private record Reading(
      long nanos, long answered, double master, double slave, Map<String, Double> threads) {

    static Reading of(ProcessFiles files, Lanes lanes, List<RecordedProcess> servers)
        throws IOException {
      return new Reading(
          System.nanoTime(),
          lanes.answered(),
          files.cpuSeconds(servers.getFirst().pid()).orElse(0),
          files.cpuSeconds(servers.getLast().pid()).orElse(0),
          Threads.seconds(servers.getFirst().pid()));
    }

    Cost since(Reading before) {
      double calls = Math.max(1, answered - before.answered);
      Map<String, Double> each = new TreeMap<>();
      threads.forEach((name, seconds) -> {
        double micros = (seconds - before.threads.getOrDefault(name, 0.0)) * 1e6 / calls;
        if (micros > 0) {
          each.put(name, micros);
        }
      });
      return new Cost(
          (master - before.master) * 1e6 / calls,
          (slave - before.slave) * 1e6 / calls,
          each,
          calls * 1e9 / (nanos - before.nanos));
    }
  }
}
