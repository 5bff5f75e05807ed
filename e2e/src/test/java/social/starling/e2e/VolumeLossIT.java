package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import social.starling.e2e.installation.Component;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.machine.Story;

/** Volumes are lost with their pods; and a master dies while no operator is there. */
@Order(3)
class VolumeLossIT extends AtWork {

  @ParameterizedTest(name = "of a {0}")
  @EnumSource(names = {"MASTER", "SLAVE"})
  @Order(1)
  void podAndClaimDeletedTogetherAreReplaced(Component component, Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    String cluster = starling.clusterNames().get(component.ordinal());
    Pod victim = starling.victim(component, cluster);
    String name = victim.getMetadata().getName();
    List<String> before = starling.members(cluster);

    Instant struck = Instant.now();
    starling
        .client()
        .persistentVolumeClaims()
        .inNamespace(Starling.NAMESPACE)
        .withName(name)
        .delete();
    Way.DELETED_BY_FORCE.strike(ground, victim);

    long since = traffic.at(struck);
    ground.story().tell("pod and claim %s are deleted; members were %s", name, before);
    Duration writes = traffic.awaitWrites(since, Ground.WRITES);
    ground.story().tell("all clusters acknowledge writes, %s after it", Story.shown(writes));
    Starling.within(Ground.PATIENCE)
        .until(() -> !starling.members(cluster).contains(name) && starling.isWhole(cluster));
    Duration whole = Duration.between(struck, Instant.now());
    ground.measured().time("pod and claim of a member lost → another volume in sync", whole);
    ground
        .story()
        .tell(
            "members are %s, both in sync, %s after it",
            starling.members(cluster), Story.shown(whole));
    Starling.within(Ground.PATIENCE)
        .untilAsserted(() ->
            assertThat(starling.claims(cluster))
                .extracting((PersistentVolumeClaim claim) -> claim.getMetadata().getName())
                .containsExactlyInAnyOrderElementsOf(starling.members(cluster)));
    starling.awaitWhole(Ground.PATIENCE);
    traffic.done("volume lost", name, since, List.of(cluster));
  }

  @Test
  @Order(2)
  void aMasterThatDiesWhileNoOperatorIsThereIsFollowedAndLaterBack(Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    String cluster = starling.clusterNames().getLast();
    Pod master = starling.victim(Component.MASTER, cluster);
    String name = master.getMetadata().getName();
    long epoch = starling.epoch(cluster);
    starling.scaleOperators(0);
    try {
      Starling.within(Ground.PATIENCE).until(() -> starling.pods(Component.OPERATOR).isEmpty());
      ground.story().tell("no operator is there");

      Instant struck = ground.kill(master);

      long since = traffic.at(struck);
      Duration writes = traffic.awaitWrites(since, Ground.WRITES);
      ground
          .story()
          .tell(
              "%s killed; all clusters acknowledge writes, %s after it", name, Story.shown(writes));
      Starling.within(Ground.PATIENCE)
          .until(() -> starling.pod(name).orElseThrow().getStatus().getPhase().equals("Failed"));
      assertThat(starling.pod(name).orElseThrow().getMetadata().getUid())
          .isEqualTo(master.getMetadata().getUid());
      traffic.done("SIGKILL without an operator", name, since, List.of(cluster));
    } finally {
      starling.scaleOperators(2);
    }
    Starling.within(Ground.PATIENCE)
        .until(() -> starling.epoch(cluster) > epoch && starling.isWhole(cluster));
    ground.story().tell("operators are back, and so is %s", name);
    assertThat(starling.pod(name)).isPresent();
    starling.awaitWhole(Ground.PATIENCE);
  }
}
