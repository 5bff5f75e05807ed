package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.List;
import social.starling.operator.api.SnsCluster;

/**
 * Everything that a plan is made from.
 *
 * @param cluster with the status that was written last
 * @param pods of members of this cluster, also of former ones
 * @param claims likewise
 * @param companions services and the like that exist
 * @param nodes of the Kubernetes cluster
 * @param coordination what the coordinators say
 * @param now the time
 */
public record Observation(
    SnsCluster cluster,
    List<Pod> pods,
    List<PersistentVolumeClaim> claims,
    List<HasMetadata> companions,
    List<Node> nodes,
    Coordination coordination,
    Instant now) {

  public Observation {
    pods = List.copyOf(pods);
    claims = List.copyOf(claims);
    companions = List.copyOf(companions);
    nodes = List.copyOf(nodes);
  }

  /** The same, but for what the coordinators say. */
  public Observation with(Coordination said) {
    return new Observation(cluster, pods, claims, companions, nodes, said, now);
  }
}
