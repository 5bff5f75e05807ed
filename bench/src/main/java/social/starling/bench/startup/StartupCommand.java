package social.starling.bench.startup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.Median;
import social.starling.bench.installation.StarlingScript;
import social.starling.bench.installation.Trees;
import social.starling.bench.peer.Ports;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** {@code bench startup}: how long {@code starling up} takes, and each process of it. */
@Command(
    name = "startup",
    description = {
      "Measure the time from start to ready.",
      "Runs 'starling up --detach' on fresh directories, one after the other: time until it says",
      "that all is ready, and per process from its start until /readyz says yes, with its memory",
      "at that moment."
    })
public final class StartupCommand implements Callable<Integer> {

  private static final double MIB = 1024.0 * 1024.0;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often, 1 to 100. Default: ${DEFAULT-VALUE}.")
  private int runs = 5;

  @Option(
      names = "--starling",
      paramLabel = "FILE",
      defaultValue = "./starling",
      description = "The starling script. Default: ${DEFAULT-VALUE}.")
  private Path starling = Path.of("./starling");

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Where the fresh directories are made. Default: the system's temporary folder.")
  private Path work;

  @Option(
      names = "--clusters",
      paramLabel = "N",
      defaultValue = "1",
      description = "Clusters to bring up. Default: ${DEFAULT-VALUE}.")
  private int clusters = 1;

  @Mixin private HelpOption help = new HelpOption();

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (runs < 1 || runs > 100 || clusters < 1 || clusters > 20) {
      throw new StartException(ExitCode.USAGE, "--runs can be 1 to 100, --clusters 1 to 20");
    }
    if (!Files.isExecutable(starling)) {
      throw new StartException(
          ExitCode.USAGE, "there is no program %s; name it with --starling".formatted(starling));
    }
    List<Double> up = new ArrayList<>();
    SortedMap<String, List<ReadyWatch.Ready>> processes = new TreeMap<>();
    for (int run = 1; run <= runs; run++) {
      up.add(once(run, processes));
    }
    System.out.printf(
        Locale.ROOT, "%-16s %5s %9s %9s %9s%n", "", "runs", "median ms", "max ms", "RSS MiB");
    line("up to ready", up, List.of());
    processes.forEach((name, ready) ->
        line(
            name,
            ready.stream().map(ReadyWatch.Ready::millis).toList(),
            ready.stream().map(found -> found.residentBytes() / MIB).toList()));
    return ExitCode.DONE;
  }

  private double once(int run, SortedMap<String, List<ReadyWatch.Ready>> processes)
      throws IOException, InterruptedException {
    Path parent =
        work == null
            ? Files.createTempDirectory("starling-startup-")
            : Files.createTempDirectory(Files.createDirectories(work), "startup-");
    Path dir = parent.resolve("data");
    StarlingScript script = new StarlingScript(starling, parent.resolve("starling.log"));
    try (ReadyWatch watch = ReadyWatch.start(dir)) {
      long began = System.nanoTime();
      script.run(
          "up",
          "--dir",
          dir.toString(),
          "--clusters",
          Integer.toString(clusters),
          "--router-port",
          Integer.toString(Ports.free()),
          "--detach");
      double millis = (System.nanoTime() - began) / 1e6;
      watch
          .found(TimeUnit.SECONDS.toMillis(5))
          .forEach((name, ready) ->
              processes.computeIfAbsent(name, key -> new ArrayList<>()).add(ready));
      System.err.printf(Locale.ROOT, "run %d: up after %.0f ms%n", run, millis);
      return millis;
    } finally {
      script.run("down", "--dir", dir.toString());
      Trees.delete(parent);
    }
  }

  private static void line(String name, List<Double> millis, List<Double> mebibytes) {
    System.out.printf(
        Locale.ROOT,
        "%-16s %5d %9.0f %9.0f %9s%n",
        name,
        millis.size(),
        Median.of(millis),
        Collections.max(millis),
        mebibytes.isEmpty() ? "" : String.format(Locale.ROOT, "%.1f", Median.of(mebibytes)));
  }
}
