package social.starling.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.PodResource;
import java.time.Instant;
import social.starling.e2e.installation.Starling;

/** How a process is lost. */
enum Way {
  SIGKILL("killed from its node"),
  DELETED("deleted"),
  DELETED_BY_FORCE("deleted with --grace-period=0 --force");

  private final String words;

  Way(String words) {
    this.words = words;
  }

  /** Does it; when it began. */
  Instant strike(Ground ground, Pod pod) {
    PodResource resource =
        ground
            .starling()
            .client()
            .pods()
            .inNamespace(Starling.NAMESPACE)
            .withName(pod.getMetadata().getName());
    if (this == SIGKILL) {
      return ground.kill(pod);
    }
    Instant begun = Instant.now();
    if (this == DELETED_BY_FORCE) {
      resource.withGracePeriod(0).delete();
    } else {
      resource.delete();
    }
    return begun;
  }

  @Override
  public String toString() {
    return words;
  }
}
