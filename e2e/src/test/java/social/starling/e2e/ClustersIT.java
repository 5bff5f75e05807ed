package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import social.starling.e2e.installation.Component;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.machine.Story;
import social.starling.operator.api.SnsCluster;
import social.starling.proto.coordinator.v1.SlotOwner;

/** Clusters of users come, change and go while users are at work. */
@Order(6)
class ClustersIT extends AtWork {

  private static final String NEW = "delta";

  @Test
  @Order(1)
  void aClusterWithUsersIsNotDeleted(Ground ground) {
    Starling starling = ground.starling();
    for (String cluster : starling.clusterNames()) {
      Starling.within(Ground.PATIENCE).until(() -> starling.status(cluster).users() > 0);
      assertThatThrownBy(() -> starling.cluster(cluster).delete())
          .isInstanceOfSatisfying(
              KubernetesClientException.class,
              refused -> {
                assertThat(refused.getCode()).isEqualTo(403);
                assertThat(refused)
                    .hasMessageContaining("users live in cluster " + cluster)
                    .hasMessageContaining("starling.social/allow-deletion=true");
                ground
                    .story()
                    .tell("deletion of %s: %s", cluster, refused.getStatus().getMessage());
              });
      assertThat(starling.cluster(cluster).require().getMetadata().getDeletionTimestamp()).isNull();
    }
  }

  @Test
  @Order(2)
  void aClusterWithUsersIsDeletedWhenThatIsMeant(Ground ground) {
    Starling starling = ground.starling();
    String cluster = starling.clusterNames().getFirst();
    allowDeletion(starling, cluster, "\"true\"");
    try {
      // Nothing is deleted: only what is asked before that is.
      assertThat(starling.cluster(cluster).dryRun().delete()).isNotEmpty();
    } finally {
      allowDeletion(starling, cluster, "null");
    }
    ground.story().tell("deletion of %s, with the annotation: taken (dry run)", cluster);
    assertThat(starling.cluster(cluster).require().getMetadata().getDeletionTimestamp()).isNull();
    assertThatThrownBy(() -> starling.cluster(cluster).dryRun().delete())
        .isInstanceOf(KubernetesClientException.class);
  }

  private static void allowDeletion(Starling starling, String cluster, String value) {
    starling
        .cluster(cluster)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            """
            {"metadata":{"annotations":{"starling.social/allow-deletion":%s}}}\
            """
                .formatted(value));
  }

  @Test
  @Order(3)
  void aClusterThatIsAddedTakesItsShareOfTheUnusedNames(Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    SnsCluster cluster = new SnsCluster();
    cluster.getMetadata().setName(NEW);
    long from = traffic.now();

    starling.client().resource(cluster).inNamespace(Starling.NAMESPACE).create();

    Starling.within(Ground.PATIENCE).until(() -> starling.isWhole(NEW));
    ground.story().tell("%s is ready, %s after it was made", NEW, Story.shown(since(from)));
    Starling.within(Ground.PATIENCE).until(() -> slots(starling, NEW) > 0);
    ground
        .story()
        .tell(
            "it has %d of 1,024 slots, %s after it was made",
            slots(starling, NEW), Story.shown(since(from)));
    traffic.awaitWrites(traffic.now(), Ground.WRITES);
    starling.awaitWhole(Ground.PATIENCE);
    traffic.done("cluster added", NEW, from, List.of());
  }

  private static int slots(Starling starling, String cluster) {
    return starling.coordinatorsSay().getSlotsList().stream()
        .filter(owner -> owner.getCluster().equals(cluster))
        .mapToInt((SlotOwner owner) -> owner.getTo() - owner.getFrom())
        .sum();
  }

  @Test
  @Order(4)
  void aClusterThatIsChangedIsRenewedMemberByMember(Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    String cluster = starling.clusterNames().getFirst();
    long from = traffic.now();

    starling
        .cluster(cluster)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            """
            {"spec":{"resources":{"requests":{"cpu":"70m"}}}}\
            """);

    Starling.within(Ground.PATIENCE)
        .until(() ->
            starling.isWhole(cluster)
                && starling.members(cluster).stream().allMatch(member -> hasIt(starling, member)));
    Duration writes = traffic.awaitWrites(traffic.now(), Ground.WRITES);
    ground
        .story()
        .tell(
            "both members of %s have the new request, %s after the change; writes go on (%s)",
            cluster, Story.shown(since(from)), Story.shown(writes));
    starling.awaitWhole(Ground.PATIENCE);
    traffic.done("cluster changed", cluster, from, List.of(cluster));
  }

  private static boolean hasIt(Starling starling, String member) {
    return starling
        .pod(member)
        .map(pod -> pod.getSpec().getContainers().getFirst().getResources().getRequests())
        .map(requests -> requests.get("cpu"))
        .filter(new Quantity("70m")::equals)
        .isPresent();
  }

  @Test
  @Order(5)
  void aClusterWithoutUsersIsRemovedWithAllThatItHad(Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    assertThat(starling.status(NEW).users()).isIn(null, 0L);
    long from = traffic.now();

    starling.cluster(NEW).delete();

    Starling.within(Ground.PATIENCE)
        .untilAsserted(() -> {
          assertThat(starling.clusterNames()).doesNotContain(NEW);
          assertThat(starling.pods(Component.MASTER))
              .noneMatch(pod -> pod.getMetadata().getName().startsWith(NEW));
          assertThat(starling.pods(Component.SYNCHRONIZER))
              .noneMatch(pod -> pod.getMetadata().getName().startsWith(NEW));
          assertThat(starling.claims(NEW)).isEmpty();
          assertThat(slots(starling, NEW)).isZero();
        });
    ground
        .story()
        .tell("nothing of %s is left, %s after its deletion", NEW, Story.shown(since(from)));
    traffic.awaitWrites(traffic.now(), Ground.WRITES);
    starling.awaitWhole(Ground.PATIENCE);
    traffic.done("cluster removed", NEW, from, List.of());
  }

  private Duration since(long from) {
    return Duration.ofNanos(traffic.now() - from);
  }
}
