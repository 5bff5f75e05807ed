package social.starling.bench.core;

import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** {@code bench core}: entries per second through the replication rules alone. */
@Command(
    name = "core",
    description = {
      "Measure the replication rules alone.",
      "Entries per second through two members in one thread, with memory for disks and a queue",
      "for a network: what the rules cost, apart from what they wait for."
    })
public final class CoreCommand implements Callable<Integer> {

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "64",
      description = "Requests under way at once, 1 to 10000. Default: ${DEFAULT-VALUE}.")
  private int window = 64;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "5",
      description = "Time measured, after as much of warm-up. Default: ${DEFAULT-VALUE}.")
  private int seconds = 5;

  @Mixin private HelpOption help = new HelpOption();

  @Override
  public Integer call() {
    if (window < 1 || window > 10_000 || seconds < 1 || seconds > 600) {
      throw new StartException(ExitCode.USAGE, "--window can be 1 to 10000, --seconds 1 to 600");
    }
    MemoryPair pair = new MemoryPair(window, 250);
    pair.open();
    run(pair);
    long before = pair.committed();
    double took = run(pair);
    double perSecond = (pair.committed() - before) / took;
    System.out.printf(
        Locale.ROOT,
        "%.0f entries/s committed by two members, %.0f ns each, window %d%n",
        perSecond,
        1e9 / perSecond,
        window);
    return ExitCode.DONE;
  }

  private double run(MemoryPair pair) {
    long began = System.nanoTime();
    long end = began + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < end) {
      pair.round();
    }
    return (System.nanoTime() - began) / 1e9;
  }
}
