package social.starling.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the Lease of the leading operator back, so that the other one leads at once: the SDK leaves
 * it to run out.
 */
final class LeaseRelease {

  private static final int CONFLICT = 409;
  private static final int ATTEMPTS = 3;
  private static final Logger LOG = LoggerFactory.getLogger(LeaseRelease.class);

  private final KubernetesClient client;
  private final String namespace;
  private final String name;
  private final String identity;

  LeaseRelease(KubernetesClient client, String namespace, String name, String identity) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
    this.identity = identity;
  }

  /** Call it when nothing renews the Lease any more. No effect when another holds it. */
  void release() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (tryToRelease()) {
        return;
      }
    }
    LOG.warn("the lease is left to run out: it was renewed again and again");
  }

  private boolean tryToRelease() {
    try {
      Lease lease = client.leases().inNamespace(namespace).withName(name).get();
      if (lease == null || !identity.equals(lease.getSpec().getHolderIdentity())) {
        return true;
      }
      lease.getSpec().setHolderIdentity("");
      lease.getSpec().setLeaseDurationSeconds(1);
      client.resource(lease).lockResourceVersion().update();
      LOG.info("the lease is released");
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == CONFLICT) {
        return false; // A renewal was still on its way.
      }
      LOG.atWarn().addKeyValue("reason", e.getMessage()).log("the lease is left to run out");
      return true;
    }
  }
}
