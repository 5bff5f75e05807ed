package social.starling.operator.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.plan.Action.Importance;

@EnableKubernetesMockClient(crud = true)
class EventsTest {

  private KubernetesMockServer server;
  private KubernetesClient client;

  private Events events(String time) {
    return new Events(
        client, Clock.fixed(Instant.parse(time), ZoneOffset.UTC), "starling-operator-1");
  }

  private static SnsCluster cluster() {
    SnsCluster cluster = new SnsCluster();
    cluster.setMetadata(
        new ObjectMetaBuilder()
            .withName("alpha")
            .withNamespace("starling")
            .withUid("uid-of-alpha")
            .build());
    return cluster;
  }

  private List<Event> all() {
    return client.v1().events().inNamespace("starling").list().getItems();
  }

  @Test
  void sayWhatHappenedToWhom() {
    events("2026-11-22T12:00:00Z")
        .tell(cluster(), Importance.Warning, "Promoted", "alpha-2 took over");

    assertThat(all())
        .singleElement()
        .satisfies(event -> {
          assertThat(event.getInvolvedObject().getKind()).isEqualTo("SnsCluster");
          assertThat(event.getInvolvedObject().getName()).isEqualTo("alpha");
          assertThat(event.getInvolvedObject().getUid()).isEqualTo("uid-of-alpha");
          assertThat(event.getType()).isEqualTo("Warning");
          assertThat(event.getReason()).isEqualTo("Promoted");
          assertThat(event.getMessage()).isEqualTo("alpha-2 took over");
          assertThat(event.getCount()).isEqualTo(1);
          assertThat(event.getReportingInstance()).isEqualTo("starling-operator-1");
        });
  }

  @Test
  void countWhatIsSaidAgain() {
    events("2026-11-22T12:00:00Z").tell(cluster(), Importance.Normal, "Ready", "serves");
    events("2026-11-22T12:00:05Z").tell(cluster(), Importance.Normal, "Ready", "serves");

    assertThat(all())
        .singleElement()
        .satisfies(event -> {
          assertThat(event.getCount()).isEqualTo(2);
          assertThat(event.getFirstTimestamp()).isEqualTo("2026-11-22T12:00:00Z");
          assertThat(event.getLastTimestamp()).isEqualTo("2026-11-22T12:00:05Z");
        });
  }

  @Test
  void keepApartWhatIsDifferent() {
    Events events = events("2026-11-22T12:00:00Z");

    events.tell(cluster(), Importance.Normal, "Promoted", "alpha-2 took over at epoch 3");
    events.tell(cluster(), Importance.Normal, "Promoted", "alpha-2 took over at epoch 5");

    assertThat(all()).hasSize(2);
  }

  @Test
  void areCutToWhatTheApiTakes() {
    events("2026-11-22T12:00:00Z").tell(cluster(), Importance.Normal, "Blocked", "x".repeat(5000));

    assertThat(all())
        .singleElement()
        .satisfies(event -> assertThat(event.getMessage()).hasSize(1024));
  }

  @Test
  void areNotWorthAFailure() {
    Events events = events("2026-11-22T12:00:00Z");
    server.shutdown();

    assertThatCode(() -> events.tell(cluster(), Importance.Normal, "Ready", "serves"))
        .doesNotThrowAnyException();
  }
}
