package social.starling.operator.model;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.api.SnsClusterSpec.Placement;

/** What a cluster has once, beside its members: services, synchronizer, disruption budget. */
public final class Companions {

  private static final Map<String, Quantity> SYNCHRONIZER_REQUESTS =
      new TreeMap<>(Map.of("cpu", new Quantity("20m"), "memory", new Quantity("128Mi")));

  /** Its heap is half of it; idle it needs some 120 MiB in all. */
  private static final Map<String, Quantity> SYNCHRONIZER_LIMITS =
      Map.of("memory", new Quantity("384Mi"));

  /** It keeps nothing, so it need not wait for a node that may be gone. */
  private static final long LOST_NODE_SECONDS = 10;

  private Companions() {}

  /** All of them. */
  public static List<HasMetadata> of(SnsCluster cluster, Settings settings) {
    return List.of(
        headless(cluster),
        master(cluster),
        members(cluster),
        disruptionBudget(cluster),
        synchronizer(cluster, settings));
  }

  /** Members find each other before they are ready. */
  private static Service headless(SnsCluster cluster) {
    return new ServiceBuilder()
        .withMetadata(meta(cluster, Names.headless(name(cluster)), Labels.SERVER))
        .withNewSpec()
        .withClusterIP("None")
        .withPublishNotReadyAddresses(true)
        .withSelector(Labels.selector(name(cluster), Labels.SERVER))
        .withPorts(
            port("public", Pods.PUBLIC_PORT),
            port("internal", Pods.INTERNAL_PORT),
            port("http", Pods.HTTP_PORT))
        .endSpec()
        .build();
  }

  private static Service master(SnsCluster cluster) {
    Map<String, String> selector = new TreeMap<>(Labels.selector(name(cluster), Labels.SERVER));
    selector.put(Labels.ROLE, "master");
    return new ServiceBuilder()
        .withMetadata(meta(cluster, Names.master(name(cluster)), Labels.SERVER))
        .withNewSpec()
        .withSelector(selector)
        .withPorts(port("public", Pods.PUBLIC_PORT))
        .endSpec()
        .build();
  }

  private static Service members(SnsCluster cluster) {
    return new ServiceBuilder()
        .withMetadata(meta(cluster, Names.members(name(cluster)), Labels.SERVER))
        .withNewSpec()
        .withSelector(Labels.selector(name(cluster), Labels.SERVER))
        .withPorts(port("public", Pods.PUBLIC_PORT))
        .endSpec()
        .build();
  }

  /**
   * Of the members that hold everything one must stay; one that is only catching up may go at any
   * time, and does not count.
   */
  private static PodDisruptionBudget disruptionBudget(SnsCluster cluster) {
    Map<String, String> selector = new TreeMap<>(Labels.selector(name(cluster), Labels.SERVER));
    selector.put(Labels.IN_SYNC, "true");
    return new PodDisruptionBudgetBuilder()
        .withMetadata(meta(cluster, Names.disruptionBudget(name(cluster)), Labels.SERVER))
        .withNewSpec()
        .withNewMinAvailable(1)
        .withNewSelector()
        .withMatchLabels(selector)
        .endSelector()
        .endSpec()
        .build();
  }

  private static Deployment synchronizer(SnsCluster cluster, Settings settings) {
    Placement placement = Member.spec(cluster).placement();
    Map<String, String> selector = Labels.selector(name(cluster), Labels.SYNCHRONIZER);
    return new DeploymentBuilder()
        .withMetadata(meta(cluster, Names.synchronizer(name(cluster)), Labels.SYNCHRONIZER))
        .withNewSpec()
        .withReplicas(1)
        .withNewSelector()
        .withMatchLabels(selector)
        .endSelector()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(Labels.of(name(cluster), Labels.SYNCHRONIZER))
        .endMetadata()
        .withNewSpec()
        .withTerminationGracePeriodSeconds(10L)
        .withAutomountServiceAccountToken(false)
        .withEnableServiceLinks(false)
        .withSecurityContext(Pods.securityContext())
        .withImagePullSecrets(Pods.pullSecrets(settings))
        .withNodeSelector(placement.nodeSelector())
        .withTolerations(Pods.tolerations(placement, LOST_NODE_SECONDS))
        .withContainers(
            Pods.container("synchronizer", settings.synchronizerImage(), settings)
                .addToArgs(
                    "--cluster=" + name(cluster),
                    "--heartbeat=" + Member.spec(cluster).timers().heartbeat(),
                    "--silence=" + Member.spec(cluster).timers().silence(),
                    "--lease=" + Member.spec(cluster).timers().lease())
                .withNewResources()
                .withRequests(SYNCHRONIZER_REQUESTS)
                .withLimits(SYNCHRONIZER_LIMITS)
                .endResources()
                .withStartupProbe(Pods.started())
                .withLivenessProbe(Pods.alive())
                .withReadinessProbe(Pods.grpc(Pods.INTERNAL_PORT))
                .build())
        .withVolumes(Pods.volumes(settings))
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }

  private static ObjectMeta meta(SnsCluster cluster, String name, String component) {
    return new ObjectMetaBuilder()
        .withName(name)
        .withNamespace(cluster.getMetadata().getNamespace())
        .withLabels(Labels.of(name(cluster), component))
        .withOwnerReferences(Owner.of(cluster))
        .build();
  }

  private static ServicePort port(String name, int port) {
    return new ServicePortBuilder().withName(name).withPort(port).withNewTargetPort(name).build();
  }

  private static String name(SnsCluster cluster) {
    return cluster.getMetadata().getName();
  }
}
