package social.starling.bench.failover;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import social.starling.bench.installation.Coordinator;
import social.starling.bench.installation.Installation;

/** Faults of a running Starling, for a comparison. */
public final class StarlingFailover {

  private static final int STOPPED_SECONDS = 5;

  private StarlingFailover() {}

  /**
   * Causes a fault again and again; half of the writers go straight to the servers, half through
   * the router, each half as many as another system's writers are in {@link PeerCampaign}.
   *
   * @param direct name of the first half in what is returned
   * @param routed name of the other half
   * @param progress told of each run
   */
  public static List<Outcome> measure(
      Path dir, PeerCampaign.Plan plan, String direct, String routed, Consumer<String> progress)
      throws InterruptedException {
    Installation installation = Installation.read(dir);
    try (Coordinator coordinator = new Coordinator(installation);
        Campaign campaign =
            new Campaign(
                installation,
                coordinator,
                new Campaign.Plan(
                    null,
                    plan.fault(),
                    plan.runs(),
                    2 * plan.rate(),
                    2 * plan.writers(),
                    plan.pauseSeconds(),
                    STOPPED_SECONDS),
                progress)) {
      return Outcome.of(campaign.run(), direct, routed);
    }
  }
}
