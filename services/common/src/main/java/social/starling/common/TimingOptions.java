package social.starling.common;

import java.time.Duration;
import picocli.CommandLine.Option;

/** The flags behind {@link Timing}, as a picocli mixin. */
public final class TimingOptions {

  @Option(
      names = "--heartbeat",
      defaultValue = "100ms",
      paramLabel = "TIME",
      description = "How often a process says that it is there. Default: ${DEFAULT-VALUE}.")
  private Duration heartbeat = Timing.DEFAULT.heartbeat();

  @Option(
      names = "--silence",
      defaultValue = "1s",
      paramLabel = "TIME",
      description =
          "How long nothing may be heard before a process is suspected. Shorter: faster failover"
              + " of hung processes, more false ones. Default: ${DEFAULT-VALUE}.")
  private Duration silence = Timing.DEFAULT.silence();

  @Option(
      names = "--lease",
      defaultValue = "300ms",
      paramLabel = "TIME",
      description =
          "How long a master may serve reads after its slave's last word, and how long, with an"
              + " eighth more, a new master waits. Default: ${DEFAULT-VALUE}.")
  private Duration lease = Timing.DEFAULT.lease();

  /**
   * The times, checked against each other.
   *
   * @throws StartException when they do not fit
   */
  public Timing timing() {
    try {
      return new Timing(heartbeat, silence, lease);
    } catch (IllegalArgumentException e) {
      throw new StartException(
          ExitCode.USAGE, e.getMessage() + "; change --heartbeat, --silence or --lease", e);
    }
  }
}
