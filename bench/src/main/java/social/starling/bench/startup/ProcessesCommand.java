package social.starling.bench.startup;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.installation.Installation;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.installation.RecordedProcess;
import social.starling.common.ExitCode;

/** {@code bench processes}: memory, and processor time while a time passes. */
@Command(
    name = "processes",
    description = {
      "Show memory and processor time of each process.",
      "Of a running 'starling up': resident memory now and at most, and the processor time that",
      "its processes take while some seconds pass."
    })
public final class ProcessesCommand implements Callable<Integer> {

  private static final double MIB = 1024.0 * 1024.0;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "The DIR of a running 'starling up'.")
  private Path dir;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "How long to watch. Default: ${DEFAULT-VALUE}.")
  private int seconds = 10;

  @Mixin private HelpOption help = new HelpOption();

  @Override
  public Integer call() throws InterruptedException {
    Installation installation = Installation.read(dir);
    ProcessFiles files = new ProcessFiles();
    Map<RecordedProcess, Double> before = new LinkedHashMap<>();
    for (RecordedProcess process : installation.processes()) {
      if (files.isRunning(process)) {
        before.put(process, files.cpuSeconds(process.pid()).orElse(0));
      }
    }
    TimeUnit.SECONDS.sleep(Math.clamp(seconds, 1, 600));
    System.out.printf(
        "%-16s %8s %10s %10s %10s %8s%n",
        "process", "pid", "RSS MiB", "of files", "peak MiB", "CPU %");
    before.forEach((process, cpu) ->
        System.out.printf(
            Locale.ROOT,
            "%-16s %8d %10.1f %10.1f %10.1f %8.2f%n",
            process.name(),
            process.pid(),
            files.residentBytes(process.pid()).orElse(0) / MIB,
            files.residentFileBytes(process.pid()).orElse(0) / MIB,
            files.peakResidentBytes(process.pid()).orElse(0) / MIB,
            (files.cpuSeconds(process.pid()).orElse(0) - cpu) * 100 / seconds));
    return ExitCode.DONE;
  }
}
