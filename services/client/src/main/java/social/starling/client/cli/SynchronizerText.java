package social.starling.client.cli;

import java.util.Locale;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.SynchronizerReport;

/** What a coordinator says of a cluster's synchronizer, as text and as JSON. */
final class SynchronizerText {

  private SynchronizerText() {}

  static String text(ClusterStatus cluster) {
    SynchronizerReport report = cluster.getSynchronizer();
    if (!report.hasHello()) {
      return "never heard";
    }
    StringBuilder text =
        new StringBuilder(ClusterReport.hearing(report.getHearing(), true))
            .append(" ")
            .append(report.getHeardMillisAgo())
            .append(" ms ago at ")
            .append(report.getHello().getInternalAddress());
    for (PeerProgress peer : report.getStatus().getPeersList()) {
      text.append("; ")
          .append(peer.getCluster())
          .append(peer.getConnected() ? " connected, lag " : " not connected, lag ")
          .append(peer.getLag());
    }
    return text.toString();
  }

  static Json json(SynchronizerReport report) {
    return new Json()
        .put("hearing", report.getHearing().name().toLowerCase(Locale.ROOT))
        .put("instance", report.getHello().getInstance())
        .put("internalAddress", report.getHello().getInternalAddress())
        .put("httpAddress", report.getHello().getHttpAddress())
        .put("pid", report.getHello().getPid())
        .put("heardMillisAgo", report.getHeardMillisAgo())
        .objects(
            "peers",
            report.getStatus().getPeersList().stream().map(SynchronizerText::json).toList());
  }

  private static Json json(PeerProgress peer) {
    return new Json()
        .put("cluster", peer.getCluster())
        .put("connected", peer.getConnected())
        .put("receivedIndex", peer.getReceivedIndex())
        .put("lag", peer.getLag());
  }
}
