package social.starling.client.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * A command that adds or takes away a cluster. With {@code --coordinators} only the coordinator is
 * told; otherwise the launcher of the directory starts or ends the processes, too, and the command
 * waits for it.
 */
abstract class ClusterChange extends AdminCommand {

  private static final Duration PAUSE = Duration.ofMillis(100);

  @Parameters(paramLabel = "NAME", description = "Of the cluster: a-z, 0-9 and -.")
  private String name;

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "For the processes (default: 60s).")
  private Duration wait;

  ClusterChange(Io io) {
    super(io);
  }

  @Override
  final void check() {
    if (!WantedClusters.isName(name)) {
      throw new InputException(
          "USAGE",
          "'"
              + Shown.line(name)
              + "' is no name of a cluster: 1 to 60 of a-z, 0-9 and -, not - at"
              + " either end");
    }
  }

  @Override
  final boolean run(Coordinators coordinators) {
    run(coordinators, name, launched().map(LocalInstallation::new));
    return true;
  }

  abstract void run(Coordinators coordinators, String name, Optional<LocalInstallation> local);

  /** Waits as long as the person said; returns whether it came about. */
  final boolean comesAbout(BooleanSupplier condition) {
    long end = System.nanoTime() + wait.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      pause();
    }
    return true;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException(ExitCode.FAILED, "interrupted", e);
    }
  }
}
