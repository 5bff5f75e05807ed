package social.starling.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true)
class LeaseReleaseTest {

  private KubernetesMockServer server;
  private KubernetesClient client;

  private void held(String holder) {
    client
        .resource(
            new LeaseBuilder()
                .withNewMetadata()
                .withName("starling-operator")
                .withNamespace("starling")
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(holder)
                .withLeaseDurationSeconds(10)
                .endSpec()
                .build())
        .create();
  }

  private Lease lease() {
    return client.leases().inNamespace("starling").withName("starling-operator").get();
  }

  private LeaseRelease release() {
    return new LeaseRelease(client, "starling", "starling-operator", "operator-1");
  }

  @Test
  void theHolderGivesItBack() {
    held("operator-1");

    release().release();

    assertThat(lease().getSpec().getHolderIdentity()).isEmpty();
    assertThat(lease().getSpec().getLeaseDurationSeconds()).isEqualTo(1);
  }

  @Test
  void anothersLeaseIsLeftAlone() {
    held("operator-2");

    release().release();

    assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("operator-2");
    assertThat(lease().getSpec().getLeaseDurationSeconds()).isEqualTo(10);
  }

  @Test
  void noLeaseIsNoFault() {
    assertThatCode(() -> release().release()).doesNotThrowAnyException();
  }
}
