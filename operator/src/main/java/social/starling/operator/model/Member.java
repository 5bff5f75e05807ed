package social.starling.operator.model;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTermBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.api.SnsClusterSpec;
import social.starling.operator.api.SnsClusterSpec.Placement;

/** The pod and the claim of a member. */
public final class Member {

  private static final Map<String, Quantity> REQUESTS =
      new TreeMap<>(Map.of("cpu", new Quantity("50m"), "memory", new Quantity("256Mi")));

  /** Handing over, draining and leaving take 4.5 s at most. */
  private static final long GRACE_SECONDS = 10;

  private Member() {}

  /**
   * The claim of a member's volume. Nobody owns it: what deletes the cluster's other objects leaves
   * it.
   */
  public static PersistentVolumeClaim claim(SnsCluster cluster, int serial) {
    String name = cluster.getMetadata().getName();
    SnsClusterSpec.Storage storage = spec(cluster).storage();
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withName(Names.member(name, serial))
        .withNamespace(cluster.getMetadata().getNamespace())
        .withLabels(labels(name, serial))
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withStorageClassName(storage.storageClassName())
        .withNewResources()
        .withRequests(Map.of("storage", storage.size()))
        .endResources()
        .endSpec()
        .build();
  }

  /**
   * The pod of a member. Never restarted in place, so that one pod is one process: its UID names
   * it, and its container's end is the process's.
   *
   * @param attempts how often in a row the pods before ended soon
   */
  public static Pod pod(SnsCluster cluster, int serial, int attempts, Settings settings) {
    Pod pod = unmarked(cluster, Names.member(cluster.getMetadata().getName(), serial), settings);
    return new PodBuilder(pod)
        .editMetadata()
        .withLabels(labels(cluster.getMetadata().getName(), serial))
        .addToAnnotations(Labels.REVISION, revision(cluster, settings))
        .addToAnnotations(Labels.ATTEMPTS, Integer.toString(attempts))
        .endMetadata()
        .build();
  }

  /** Tells pods that are as the spec says from those that are not. */
  public static String revision(SnsCluster cluster, Settings settings) {
    return Revision.of(unmarked(cluster, "member", settings).getSpec());
  }

  private static Map<String, String> labels(String cluster, int serial) {
    Map<String, String> labels = new TreeMap<>(Labels.of(cluster, Labels.SERVER));
    labels.put(Labels.SERIAL, Integer.toString(serial));
    return labels;
  }

  private static Pod unmarked(SnsCluster cluster, String member, Settings settings) {
    Placement placement = spec(cluster).placement();
    List<Volume> volumes = new ArrayList<>(Pods.volumes(settings));
    volumes.add(
        new VolumeBuilder()
            .withName("data")
            .withNewPersistentVolumeClaim()
            .withClaimName(member)
            .endPersistentVolumeClaim()
            .build());
    return new PodBuilder()
        .withNewMetadata()
        .withName(member)
        .withNamespace(cluster.getMetadata().getNamespace())
        .withOwnerReferences(Owner.of(cluster))
        .endMetadata()
        .withNewSpec()
        .withRestartPolicy("Never")
        .withHostname(member)
        .withSubdomain(Names.headless(cluster.getMetadata().getName()))
        .withTerminationGracePeriodSeconds(GRACE_SECONDS)
        .withAutomountServiceAccountToken(false)
        .withEnableServiceLinks(false)
        .withSecurityContext(Pods.securityContext())
        .withImagePullSecrets(Pods.pullSecrets(settings))
        .withNodeSelector(placement.nodeSelector())
        // An unready node proves nothing, so nobody is evicted from one: a lost member is replaced.
        .withTolerations(Pods.tolerations(placement, null))
        .withAffinity(affinity(cluster))
        .withTopologySpreadConstraints(placement.topologySpread())
        .withContainers(container(cluster, member, settings))
        .withVolumes(volumes)
        .endSpec()
        .build();
  }

  private static Container container(SnsCluster cluster, String member, Settings settings) {
    SnsClusterSpec spec = spec(cluster);
    Map<String, Quantity> requests = new TreeMap<>(REQUESTS);
    requests.putAll(spec.resources().requests());
    return Pods.container(
            "server", spec.image() == null ? settings.serverImage() : spec.image(), settings)
        .addToArgs(
            "--cluster=" + cluster.getMetadata().getName(),
            "--member=" + member,
            "--dir=/data/volume",
            "--public-port=" + Pods.PUBLIC_PORT,
            "--heartbeat=" + spec.timers().heartbeat(),
            "--silence=" + spec.timers().silence(),
            "--lease=" + spec.timers().lease(),
            "--min-in-sync=" + spec.minInSync())
        .addNewPort()
        .withName("public")
        .withContainerPort(Pods.PUBLIC_PORT)
        .endPort()
        .addToVolumeMounts(Pods.mount("data", "/data", false))
        .withNewResources()
        .withRequests(requests)
        .withLimits(spec.resources().limits())
        .endResources()
        .withStartupProbe(Pods.started())
        .withLivenessProbe(Pods.alive())
        .withReadinessProbe(Pods.grpc(Pods.PUBLIC_PORT))
        .build();
  }

  /**
   * Wanted, not required: a volume of a node can be used on that node only, and once both members
   * have theirs on one node (the other was lost, or full), a rule that keeps them apart would keep
   * the second from ever coming back. Nothing else that a scheduler weighs is worth as much.
   */
  private static Affinity affinity(SnsCluster cluster) {
    Affinity wanted = spec(cluster).placement().affinity();
    return wanted != null
        ? wanted
        : new AffinityBuilder()
            .withNewPodAntiAffinity()
            .addToPreferredDuringSchedulingIgnoredDuringExecution(
                apart(cluster, "kubernetes.io/hostname", 100),
                apart(cluster, "topology.kubernetes.io/zone", 50))
            .endPodAntiAffinity()
            .build();
  }

  private static WeightedPodAffinityTerm apart(SnsCluster cluster, String where, int weight) {
    return new WeightedPodAffinityTermBuilder()
        .withWeight(weight)
        .withNewPodAffinityTerm()
        .withTopologyKey(where)
        .withNewLabelSelector()
        .withMatchLabels(Labels.selector(cluster.getMetadata().getName(), Labels.SERVER))
        .endLabelSelector()
        .endPodAffinityTerm()
        .build();
  }

  static SnsClusterSpec spec(SnsCluster cluster) {
    return cluster.getSpec() == null ? SnsClusterSpec.DEFAULT : cluster.getSpec();
  }
}
