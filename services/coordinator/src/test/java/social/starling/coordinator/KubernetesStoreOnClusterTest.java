package social.starling.coordinator;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The same over a real API server: the one that the kubeconfig leads to. */
@EnabledIfEnvironmentVariable(
    named = "STARLING_TEST_KUBERNETES",
    matches = "true",
    disabledReason = "STARLING_TEST_KUBERNETES=true runs it against the cluster of the kubeconfig")
class KubernetesStoreOnClusterTest extends StoreContract {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final String namespace = "starling-test-" + UUID.randomUUID();
  private final KubernetesClient client = new KubernetesClientBuilder().build();

  @BeforeEach
  void makeNamespace() {
    client
        .namespaces()
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
  }

  @AfterEach
  void deleteNamespace() {
    client.namespaces().withName(namespace).delete();
    client.close();
  }

  @Override
  int rounds() {
    return 10;
  }

  @Override
  Store open() {
    try {
      return KubernetesStore.open(
          KubernetesStore.connect(Config.autoConfigure(null), PATIENCE), namespace, true, PATIENCE);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
