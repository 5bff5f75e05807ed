package social.starling.operator.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.coordination.Coordinators;
import social.starling.operator.model.Companions;
import social.starling.operator.model.Labels;
import social.starling.operator.model.Settings;
import social.starling.operator.plan.Observation;

/**
 * Looks at everything that a plan is made from, from the API server itself: what the informers
 * remember only wakes the reconciler up, for a claim that is missing in a cache is not gone.
 * Thread-safe.
 */
final class Observer {

  private final KubernetesClient client;
  private final Coordinators coordinators;
  private final Settings settings;
  private final Clock clock;

  Observer(KubernetesClient client, Coordinators coordinators, Settings settings, Clock clock) {
    this.client = client;
    this.coordinators = coordinators;
    this.settings = settings;
    this.clock = clock;
  }

  Observation observe(SnsCluster cluster) {
    String namespace = cluster.getMetadata().getNamespace();
    String name = cluster.getMetadata().getName();
    return new Observation(
        cluster,
        client
            .pods()
            .inNamespace(namespace)
            .withLabel(Labels.CLUSTER, name)
            .withLabel(Labels.COMPONENT, Labels.SERVER)
            .list()
            .getItems(),
        client
            .persistentVolumeClaims()
            .inNamespace(namespace)
            .withLabel(Labels.CLUSTER, name)
            .list()
            .getItems(),
        companions(cluster),
        client.nodes().list().getItems(),
        coordinators.coordination(name, Coordinators.STATUS),
        clock.instant());
  }

  /** The same, but for what the coordinators say now, those that answer soon. */
  Observation askAgain(Observation seen) {
    return seen.with(
        coordinators.coordination(seen.cluster().getMetadata().getName(), Coordinators.SOON));
  }

  private List<HasMetadata> companions(SnsCluster cluster) {
    List<HasMetadata> found = new ArrayList<>();
    for (HasMetadata wanted : Companions.of(cluster, settings)) {
      HasMetadata there = client.resource(wanted).get();
      if (there != null) {
        found.add(there);
      }
    }
    return found;
  }
}
