package social.starling.operator.cluster;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.plan.Action.Importance;

/**
 * Events about clusters, for people. The same thing said again raises the count of the event that
 * is there. A failure to tell is logged and nothing more. Thread-safe.
 */
final class Events {

  private static final int CONFLICT = 409;
  private static final int MAX_MESSAGE = 1024;

  private final Logger log = LoggerFactory.getLogger(Events.class);
  private final KubernetesClient client;
  private final Clock clock;
  private final String reporter;

  /**
   * @param reporter this operator's pod
   */
  Events(KubernetesClient client, Clock clock, String reporter) {
    this.client = client;
    this.clock = clock;
    this.reporter = reporter;
  }

  void tell(SnsCluster cluster, Importance importance, String reason, String message) {
    log.atLevel(importance == Importance.Warning ? Level.WARN : Level.INFO)
        .addKeyValue("cluster", cluster.getMetadata().getName())
        .addKeyValue("event", reason)
        .log(message);
    try {
      write(event(cluster, importance, reason, message));
    } catch (KubernetesClientException e) {
      log.atDebug().addKeyValue("reason", e.getMessage()).log("an event was not written");
    }
  }

  private void write(Event event) {
    Resource<Event> there =
        client
            .v1()
            .events()
            .inNamespace(event.getMetadata().getNamespace())
            .withName(event.getMetadata().getName());
    try {
      client.resource(event).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != CONFLICT) {
        throw e;
      }
      there.edit(earlier ->
          new EventBuilder(earlier)
              .withCount(earlier.getCount() == null ? 2 : earlier.getCount() + 1)
              .withLastTimestamp(event.getLastTimestamp())
              .build());
    }
  }

  private Event event(SnsCluster cluster, Importance importance, String reason, String message) {
    String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    String name = cluster.getMetadata().getName();
    return new EventBuilder()
        .withNewMetadata()
        .withName(name + "." + digest(cluster.getMetadata().getUid() + reason + message))
        .withNamespace(cluster.getMetadata().getNamespace())
        .endMetadata()
        .withNewInvolvedObject()
        .withApiVersion(cluster.getApiVersion())
        .withKind(cluster.getKind())
        .withNamespace(cluster.getMetadata().getNamespace())
        .withName(name)
        .withUid(cluster.getMetadata().getUid())
        .endInvolvedObject()
        .withType(importance.name())
        .withReason(reason)
        .withMessage(message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) : message)
        .withFirstTimestamp(now)
        .withLastTimestamp(now)
        .withCount(1)
        .withNewSource()
        .withComponent("starling-operator")
        .endSource()
        .withReportingComponent("starling.social/operator")
        .withReportingInstance(reporter)
        .build();
  }

  private static String digest(String text) {
    try {
      byte[] sum =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sum).substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
