package social.starling.bench.failover;

import static social.starling.bench.Usage.require;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.OutputFormat;
import social.starling.bench.installation.Coordinator;
import social.starling.bench.installation.Installation;
import social.starling.common.ExitCode;

/** {@code bench failover}: how long no write is acknowledged, and whether any is lost. */
@Command(
    name = "failover",
    description = {
      "Kill, stop or switch masters under load, and check all posts.",
      "Does it to the current master of a running 'starling up', again and again, while many",
      "clients write; measures the time to the next acknowledged write; at the end reads",
      "everything back and checks that each acknowledged post is there once and in order."
    })
public final class FailoverCommand implements Callable<Integer> {

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "The DIR of a running 'starling up'.")
  private Path dir;

  @Option(
      names = "--fault",
      paramLabel = "FAULT",
      defaultValue = "kill",
      description =
          "kill (SIGKILL), stop (SIGSTOP, then SIGCONT), term (SIGTERM), switchover (planned)."
              + " Default: ${DEFAULT-VALUE}.")
  private Fault fault = Fault.KILL;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "20",
      description = "How often, 1 to 1000. Default: ${DEFAULT-VALUE}.")
  private int runs = 20;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "400",
      description =
          "Writes per second, evenly spaced; half of them direct, half through the router."
              + " Default: ${DEFAULT-VALUE}: one each 5 ms by either way.")
  private int rate = 400;

  @Option(
      names = "--writers",
      paramLabel = "N",
      defaultValue = "80",
      description = "Independent clients, 2 to 2000. Default: ${DEFAULT-VALUE}.")
  private int writers = 80;

  @Option(
      names = "--pause",
      paramLabel = "S",
      defaultValue = "2",
      description = "Seconds of writing before each fault. Default: ${DEFAULT-VALUE}.")
  private int pause = 2;

  @Option(
      names = "--stopped",
      paramLabel = "S",
      defaultValue = "5",
      description = "Seconds from SIGSTOP to SIGCONT. Default: ${DEFAULT-VALUE}.")
  private int stopped = 5;

  @Option(
      names = "--cluster",
      paramLabel = "NAME",
      description = "Which cluster. Default: the first.")
  private String cluster;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private OutputFormat output = OutputFormat.TEXT;

  @Mixin private HelpOption help = new HelpOption();

  @Override
  public Integer call() throws InterruptedException {
    require(runs >= 1 && runs <= 1000, "--runs can be 1 to 1000");
    require(writers >= 2 && writers <= 2000, "--writers can be 2 to 2000");
    require(rate >= 1 && rate <= 5000, "--rate can be 1 to 5000");
    require(pause >= 1 && pause <= 60, "--pause can be 1 to 60");
    require(stopped >= 3 && stopped <= 60, "--stopped can be 3 to 60");
    Installation installation = Installation.read(dir);
    try (Coordinator coordinator = new Coordinator(installation);
        Campaign campaign =
            new Campaign(
                installation,
                coordinator,
                new Campaign.Plan(cluster, fault, runs, rate, writers, pause, stopped),
                output == OutputFormat.TEXT ? System.out::println : System.err::println)) {
      FailoverReport report = campaign.run();
      System.out.print(output == OutputFormat.JSON ? report.json() + "\n" : report.text());
      return report.isClean() ? ExitCode.DONE : ExitCode.FAILED;
    }
  }
}
