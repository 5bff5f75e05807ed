package social.starling.operator.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.model.Companions;
import social.starling.operator.model.Labels;
import social.starling.operator.model.Member;
import social.starling.operator.model.Names;
import social.starling.operator.model.Settings;
import social.starling.proto.coordinator.v1.ClusterStatus;

/**
 * Reads an observation from a file, in short: {@code members} have a {@code pod} and a {@code
 * claim}, which become objects; {@code coordinators} is a {@code ClusterStatus}, or a word.
 */
final class Case {

  static final Settings SETTINGS =
      new Settings(
          "starling",
          "starling-coordinator.starling.svc:7001",
          "starling-credential",
          "starling/server:0.1.0",
          "starling/synchronizer:0.1.0",
          "IfNotPresent",
          List.of(),
          Duration.ofSeconds(30),
          "json",
          "info");

  private static final String DELETED = "2026-11-22T11:59:59Z";

  private final JsonNode input;
  private final SnsCluster cluster;

  private Case(JsonNode input) {
    this.input = input;
    this.cluster = Serialization.jsonMapper().convertValue(input.get("cluster"), SnsCluster.class);
  }

  static Observation read(String yaml) {
    return new Case(Serialization.unmarshal(yaml, JsonNode.class)).observation();
  }

  private Observation observation() {
    List<Pod> pods = new ArrayList<>();
    List<PersistentVolumeClaim> claims = new ArrayList<>();
    for (JsonNode member : input.withArray("members")) {
      if (member.has("pod")) {
        pods.add(pod(member.get("name").asText(), member.get("pod")));
      }
      if (member.has("claim")) {
        claims.add(claim(member.get("name").asText(), member.get("claim")));
      }
    }
    List<Node> nodes = new ArrayList<>();
    input.withArray("nodes").forEach(node -> nodes.add(node(node)));
    List<HasMetadata> companions = new ArrayList<>();
    for (HasMetadata each : Companions.of(cluster, SETTINGS)) {
      String name = each.getKind() + "/" + each.getMetadata().getName();
      if (!mentions("missing", name)) {
        if (mentions("altered", name)) {
          each.getMetadata().getLabels().put("app.kubernetes.io/part-of", "something-else");
        }
        companions.add(each);
      }
    }
    return new Observation(
        cluster,
        pods,
        claims,
        companions,
        nodes,
        coordination(),
        Instant.parse(text(input, "now", "2026-11-22T12:00:00Z")));
  }

  private boolean mentions(String list, String name) {
    for (JsonNode each : input.withArray(list)) {
      if (each.asText().equals(name) || each.asText().equals("all")) {
        return true;
      }
    }
    return false;
  }

  private Coordination coordination() {
    JsonNode said = input.get("coordinators");
    if (said.isTextual()) {
      return said.asText().equals("silent")
          ? new Coordination.Silent()
          : new Coordination.Unrecorded();
    }
    try {
      ClusterStatus.Builder status = ClusterStatus.newBuilder();
      JsonFormat.parser().merge(said.toString(), status);
      return new Coordination.Recorded(status.build());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private Pod pod(String name, JsonNode said) {
    int serial = Names.serial(cluster.getMetadata().getName(), name).orElseThrow();
    int attempts = said.path("attempts").asInt(0);
    PodBuilder pod = new PodBuilder(Member.pod(cluster, serial, attempts, SETTINGS));
    pod.editMetadata()
        .withUid(text(said, "uid", "uid-of-" + name))
        .withDeletionTimestamp(said.path("deleting").asBoolean() ? DELETED : null)
        .endMetadata();
    if (said.path("outdated").asBoolean()) {
      pod.editMetadata().addToAnnotations(Labels.REVISION, "outdated").endMetadata();
    }
    if (said.has("role")) {
      pod.editMetadata().addToLabels(Labels.ROLE, said.get("role").asText()).endMetadata();
    }
    if (said.path("inSync").asBoolean()) {
      pod.editMetadata().addToLabels(Labels.IN_SYNC, "true").endMetadata();
    }
    if (said.has("node")) {
      pod.editSpec().withNodeName(said.get("node").asText()).endSpec();
    }
    String phase = text(said, "phase", "Running");
    boolean ready = said.path("ready").asBoolean(phase.equals("Running"));
    pod.withNewStatus()
        .withPhase(phase)
        .withReason(text(said, "reason", null))
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready ? "True" : "False")
        .withLastTransitionTime(text(said, "changed", null))
        .endCondition()
        .endStatus();
    if (said.path("unschedulable").asBoolean()) {
      pod.editStatus()
          .addNewCondition()
          .withType("PodScheduled")
          .withStatus("False")
          .withReason("Unschedulable")
          .endCondition()
          .endStatus();
    }
    if (said.has("ended")) {
      pod.editStatus()
          .addNewContainerStatus()
          .withName("server")
          .withState(
              new ContainerStateBuilder()
                  .withTerminated(
                      Serialization.jsonMapper()
                          .convertValue(said.get("ended"), ContainerStateTerminated.class))
                  .build())
          .endContainerStatus()
          .endStatus();
    }
    return pod.build();
  }

  private PersistentVolumeClaim claim(String name, JsonNode said) {
    int serial = Names.serial(cluster.getMetadata().getName(), name).orElseThrow();
    PersistentVolumeClaimBuilder claim =
        new PersistentVolumeClaimBuilder(Member.claim(cluster, serial))
            .editMetadata()
            .withUid(text(said, "uid", "claim-of-" + name))
            .withCreationTimestamp(text(said, "created", null))
            .withDeletionTimestamp(said.path("deleting").asBoolean() ? DELETED : null)
            .endMetadata()
            .withNewStatus()
            .withPhase(text(said, "phase", "Bound"))
            .endStatus();
    if (said.has("node")) {
      claim
          .editMetadata()
          .addToAnnotations("volume.kubernetes.io/selected-node", said.get("node").asText())
          .endMetadata();
    }
    if (said.has("size")) {
      claim
          .editSpec()
          .editResources()
          .addToRequests("storage", new Quantity(said.get("size").asText()))
          .endResources()
          .endSpec();
    }
    return claim.build();
  }

  private static Node node(JsonNode said) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(said.get("name").asText())
        .endMetadata()
        .withNewStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus(text(said, "ready", "True"))
        .withLastTransitionTime(text(said, "since", "2026-11-22T00:00:00Z"))
        .endCondition()
        .endStatus()
        .build();
  }

  private static String text(JsonNode node, String field, String otherwise) {
    return node.has(field) ? node.get(field).asText() : otherwise;
  }
}
