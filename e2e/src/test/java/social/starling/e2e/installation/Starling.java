package social.starling.e2e.installation;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.api.SnsClusterStatus;
import social.starling.operator.api.SnsClusterStatus.Phase;
import social.starling.operator.model.Labels;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.torture.installation.Homes;

/** What is installed, as the API server shows it. Thread-safe. */
public final class Starling {

  /** In which it is. */
  public static final String NAMESPACE = Release.NAME;

  private static final String WORKER = "!node-role.kubernetes.io/control-plane";

  /** Without this ConfigMap no coordinator begins. */
  private static final String STATE = "starling-state";

  /** In which another operator leads when one has ended. */
  private static final Duration TURN = Duration.ofMinutes(1);

  private static final Duration OFTEN = Duration.ofMillis(200);

  private final KubernetesClient client;
  private final Doors doors;

  /** Of that API server. */
  public Starling(KubernetesClient client) {
    this.client = client;
    this.doors = new Doors(client, NAMESPACE);
  }

  /** The API server. */
  public KubernetesClient client() {
    return client;
  }

  /** Makes the namespace, in which no pod may do more than the restricted standard lets it. */
  public void makeNamespace() {
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(NAMESPACE)
                .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
                .endMetadata()
                .build())
        .serverSideApply();
  }

  /** Names of the columns of {@code kubectl get sns}, but for the cluster's own. */
  public List<String> printerColumns() {
    return definition()
        .require()
        .getSpec()
        .getVersions()
        .getFirst()
        .getAdditionalPrinterColumns()
        .stream()
        .map(CustomResourceColumnDefinition::getName)
        .toList();
  }

  /** Takes the others out of the definition. */
  public void keepPrinterColumns(List<String> names) {
    definition()
        .edit(found -> {
          found
              .getSpec()
              .getVersions()
              .getFirst()
              .getAdditionalPrinterColumns()
              .removeIf(column -> !names.contains(column.getName()));
          return found;
        });
  }

  private Resource<CustomResourceDefinition> definition() {
    return client
        .apiextensions()
        .v1()
        .customResourceDefinitions()
        .withName(HasMetadata.getFullResourceName(SnsCluster.class));
  }

  /** Waits so long for whatever is asserted; the API server may fail meanwhile. */
  public static ConditionFactory within(Duration patience) {
    return Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(OFTEN)
        .ignoreExceptionsInstanceOf(KubernetesClientException.class)
        .atMost(patience);
  }

  /** A cluster of users. */
  public Resource<SnsCluster> cluster(String name) {
    return client.resources(SnsCluster.class).inNamespace(NAMESPACE).withName(name);
  }

  /** All of them. */
  public List<SnsCluster> clusters() {
    return client.resources(SnsCluster.class).inNamespace(NAMESPACE).list().getItems();
  }

  /** Their names. */
  public List<String> clusterNames() {
    return clusters().stream().map(cluster -> cluster.getMetadata().getName()).sorted().toList();
  }

  /** What the operator says of a cluster. */
  public SnsClusterStatus status(String cluster) {
    return statusOf(cluster(cluster).require());
  }

  private static SnsClusterStatus statusOf(SnsCluster cluster) {
    return cluster.getStatus() == null ? SnsClusterStatus.NONE : cluster.getStatus();
  }

  /** How often a cluster has changed its master or what is in sync. */
  public long epoch(String cluster) {
    Long epoch = status(cluster).epoch();
    return epoch == null ? 0 : epoch;
  }

  /** Of each cluster. */
  public Map<String, Long> epochs() {
    return clusterNames().stream().collect(Collectors.toMap(Function.identity(), this::epoch));
  }

  /** Whether a cluster serves from two copies, by its newest configuration. */
  public boolean isWhole(String cluster) {
    return ailments(cluster(cluster).require()).isEmpty();
  }

  /** Names of both members of a cluster. */
  public List<String> members(String cluster) {
    return status(cluster).members().stream().map(SnsClusterStatus.MemberState::name).toList();
  }

  /** A pod. */
  public Optional<Pod> pod(String name) {
    return Optional.ofNullable(client.pods().inNamespace(NAMESPACE).withName(name).get());
  }

  /** Pods of a kind that are not going. */
  public List<Pod> pods(Component component) {
    return client
        .pods()
        .inNamespace(NAMESPACE)
        .withLabels(
            Map.of("app.kubernetes.io/name", "starling", Labels.COMPONENT, component.label()))
        .list()
        .getItems()
        .stream()
        .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
        .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
        .toList();
  }

  /** All pods of Starling itself. */
  public List<Pod> pods() {
    return client
        .pods()
        .inNamespace(NAMESPACE)
        .withLabel("app.kubernetes.io/name", "starling")
        .list()
        .getItems()
        .stream()
        .filter(pod ->
            Labels.label(pod, Labels.COMPONENT)
                .filter(one ->
                    List.of(Component.values()).stream().anyMatch(c -> c.label().equals(one)))
                .isPresent())
        .toList();
  }

  /**
   * A pod to do something to.
   *
   * @param cluster of those that belong to one
   */
  public Pod victim(Component component, String cluster) {
    return switch (component) {
      case MASTER -> pod(status(cluster).master()).orElseThrow();
      case SLAVE -> pod(status(cluster).slave()).orElseThrow();
      case SYNCHRONIZER ->
          pods(component).stream()
              .filter(pod -> Labels.cluster(pod).equals(Optional.of(cluster)))
              .findFirst()
              .orElseThrow();
      case OPERATOR -> leader();
      case COORDINATOR, ROUTER -> pods(component).getFirst();
    };
  }

  /** The operator that leads, once one does: one that has just ended may be named still. */
  public Pod leader() {
    return within(TURN)
        .until(
            () -> {
              String holder =
                  client
                      .leases()
                      .inNamespace(NAMESPACE)
                      .withName("starling-operator")
                      .require()
                      .getSpec()
                      .getHolderIdentity();
              return Optional.ofNullable(holder).flatMap(this::pod);
            },
            Optional::isPresent)
        .orElseThrow();
  }

  /** Whether pods without tolerations of their own may be put on a node. */
  public boolean takesPods(String node) {
    Node found = client.nodes().withName(node).require();
    return Readiness.isNodeReady(found)
        && !Boolean.TRUE.equals(found.getSpec().getUnschedulable())
        && found.getSpec().getTaints().isEmpty();
  }

  /** The node of a pod. */
  public static String node(Pod pod) {
    return pod.getSpec().getNodeName();
  }

  /** The id by which the node knows a pod's container. */
  public static String container(Pod pod) {
    String id = pod.getStatus().getContainerStatuses().getFirst().getContainerID();
    return id.substring(id.indexOf("//") + 2);
  }

  /** The image that a pod asks for. */
  public static String image(Pod pod) {
    return pod.getSpec().getContainers().getFirst().getImage();
  }

  /** Claims of a cluster, or of all with an empty name. */
  public List<PersistentVolumeClaim> claims(String cluster) {
    return client
        .persistentVolumeClaims()
        .inNamespace(NAMESPACE)
        .withLabel("app.kubernetes.io/name", "starling")
        .list()
        .getItems()
        .stream()
        .filter(claim -> cluster.isEmpty() || Labels.cluster(claim).equals(Optional.of(cluster)))
        .toList();
  }

  /** Names of the workers. */
  public List<String> workers() {
    return client.nodes().withLabelSelector(WORKER).list().getItems().stream()
        .map(node -> node.getMetadata().getName())
        .sorted()
        .toList();
  }

  /** Says whether new pods may come to a node. */
  public void cordon(String node, boolean closed) {
    client
        .nodes()
        .withName(node)
        .edit(n -> {
          n.getSpec().setUnschedulable(closed ? true : null);
          return n;
        });
  }

  /** The routers, as clients outside know them: each worker's port leads to its own router. */
  public List<String> routers() {
    int port =
        client
            .services()
            .inNamespace(NAMESPACE)
            .withName("starling-router")
            .require()
            .getSpec()
            .getPorts()
            .getFirst()
            .getNodePort();
    return workers().stream().map(name -> address(name) + ":" + port).toList();
  }

  private String address(String name) {
    Node node = client.nodes().withName(name).require();
    return node.getStatus().getAddresses().stream()
        .filter(address -> address.getType().equals("InternalIP"))
        .map(NodeAddress::getAddress)
        .findFirst()
        .orElseThrow();
  }

  /** What the coordinators know. */
  public GetStatusResponse coordinatorsSay() {
    return doors.status(pods(Component.COORDINATOR));
  }

  /** In which cluster a user of some name lives, or would live. */
  public Function<String, String> homes() {
    return Homes.of(coordinatorsSay().getSlotsList());
  }

  /** A digest of everything that a member holds. */
  public DigestResponse digest(String member) {
    return doors.digest(member);
  }

  /** Changes how many operators there are. */
  public void scaleOperators(int replicas) {
    client
        .apps()
        .deployments()
        .inNamespace(NAMESPACE)
        .withName("starling-operator")
        .scale(replicas);
  }

  /** Deletes all that the coordinators know; returns how many ConfigMaps that were. */
  public int deleteCoordinatorsState() {
    var maps = client.configMaps().inNamespace(NAMESPACE);
    return maps.withName(STATE).delete().size()
        + maps.withLabel("starling.social/state", "coordinator").delete().size();
  }

  /** Whether a coordinator would begin with what is there. */
  public boolean hasCoordinatorsState() {
    return client.configMaps().inNamespace(NAMESPACE).withName(STATE).get() != null;
  }

  /** Waits until everything is as it should be. */
  public void awaitWhole(Duration patience) {
    within(patience)
        .untilAsserted(() -> {
          Set<String> ill = ailments();
          if (!ill.isEmpty()) {
            throw new AssertionError("not whole: " + ill);
          }
        });
  }

  /** What is not as it should be, in words. */
  public Set<String> ailments() {
    Set<String> ill = new TreeSet<>();
    List<Deployment> deployments =
        client.apps().deployments().inNamespace(NAMESPACE).list().getItems();
    for (Deployment deployment : deployments) {
      if (!isRolledOut(deployment)) {
        ill.add(deployment.getMetadata().getName() + " is not rolled out");
      }
    }
    for (String name : List.of("starling-coordinator", "starling-router", "starling-operator")) {
      if (deployments.stream().noneMatch(one -> one.getMetadata().getName().equals(name))) {
        ill.add(name + " is not there");
      }
    }
    for (SnsCluster cluster : clusters()) {
      ill.addAll(ailments(cluster));
    }
    for (Pod pod : pods()) {
      if (pod.getMetadata().getDeletionTimestamp() != null) {
        ill.add(pod.getMetadata().getName() + " is going");
      }
    }
    return ill;
  }

  private static boolean isRolledOut(Deployment deployment) {
    DeploymentStatus status = deployment.getStatus();
    int wanted = deployment.getSpec().getReplicas();
    return status != null
        && status.getObservedGeneration() != null
        && status.getObservedGeneration() >= deployment.getMetadata().getGeneration()
        && number(status.getReplicas()) == wanted
        && number(status.getUpdatedReplicas()) == wanted
        && number(status.getReadyReplicas()) == wanted
        && number(status.getAvailableReplicas()) == wanted;
  }

  private static int number(Integer replicas) {
    return replicas == null ? 0 : replicas;
  }

  private List<String> ailments(SnsCluster cluster) {
    String name = cluster.getMetadata().getName();
    SnsClusterStatus status = statusOf(cluster);
    List<String> ill = new ArrayList<>();
    if (!cluster.getMetadata().getGeneration().equals(status.observedGeneration())) {
      ill.add(name + " was not looked at since it changed");
    }
    if (status.phase() != Phase.Ready || status.inSync().size() != 2) {
      ill.add("%s is %s: %s".formatted(name, status.phase(), status.message()));
    }
    for (SnsClusterStatus.MemberState member : status.members()) {
      Optional<Pod> pod = pod(member.name());
      if (pod.isEmpty() || !Readiness.isPodReady(pod.get()) || restarts(pod.get()) > 0) {
        ill.add(member.name() + " has no ready pod");
      }
    }
    return ill;
  }

  private static int restarts(Pod pod) {
    return pod.getStatus().getContainerStatuses().stream()
        .mapToInt(ContainerStatus::getRestartCount)
        .sum();
  }
}
