package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.client.readiness.Readiness;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import social.starling.e2e.installation.Component;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.machine.Commands;
import social.starling.e2e.machine.Story;

/** What the coordinators know is lost, and worked out from the volumes. */
@Order(8)
class StateLossIT extends AtWork {

  @Test
  void theCoordinatorsStateIsWorkedOutFromTheVolumesWhilePeopleAreAtWork(Ground ground) {
    assumeTrue(Commands.isThere("kubectl"), "kubectl is not on the PATH");
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    List<String> clusters = starling.clusterNames();
    Map<String, Long> epochs = starling.epochs();
    long from = traffic.now();

    int deleted = starling.deleteCoordinatorsState();

    ground.story().tell("%d ConfigMaps are deleted: all that the coordinators know", deleted);
    Starling.within(Ground.PATIENCE)
        .until(
            () -> starling.pods(Component.COORDINATOR).stream().noneMatch(Readiness::isPodReady));
    traffic.awaitWrites(traffic.now(), Ground.WRITES);
    ground.story().tell("no coordinator works without it; all clusters acknowledge writes");

    String shown =
        ground.admin("rebuild-coordinator", "--kubernetes-namespace", Starling.NAMESPACE);
    assertThat(shown).contains(clusters);
    assertThat(starling.hasCoordinatorsState()).as("only shown so far").isFalse();
    long begun = traffic.now();
    ground.admin("rebuild-coordinator", "--kubernetes-namespace", Starling.NAMESPACE, "--write");
    assertThat(starling.hasCoordinatorsState()).isTrue();
    starling.awaitWhole(Ground.PATIENCE);

    Duration took = Duration.ofNanos(traffic.now() - begun);
    ground
        .story()
        .tell("worked out and written; everything is whole, %s after that", Story.shown(took));
    ground.measured().time("rebuild-coordinator --write → everything ready", took);
    for (String cluster : clusters) {
      assertThat(starling.epoch(cluster)).as(cluster).isGreaterThan(epochs.get(cluster));
    }
    traffic.awaitWrites(traffic.now(), Ground.WRITES);
    traffic.done("coordinators' state lost", "ConfigMaps", from, clusters);
  }
}
