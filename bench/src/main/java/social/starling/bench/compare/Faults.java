package social.starling.bench.compare;

import social.starling.bench.failover.Fault;
import social.starling.bench.failover.PeerCampaign;

/** Which faults are caused, and how often. */
final class Faults {

  private Faults() {}

  static PeerCampaign.Plan kills(Extent extent) {
    return plan(Fault.KILL, extent.kills());
  }

  static PeerCampaign.Plan stops(Extent extent) {
    return plan(Fault.STOP, extent.stops());
  }

  private static PeerCampaign.Plan plan(Fault fault, int runs) {
    return new PeerCampaign.Plan(
        fault,
        runs,
        CompareOptions.WRITES_PER_SECOND,
        CompareOptions.WRITERS,
        CompareOptions.PAUSE_SECONDS);
  }
}
