package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import social.starling.e2e.installation.Component;
import social.starling.e2e.installation.Release;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.load.Traffic;
import social.starling.e2e.machine.Story;

/** Starling is uninstalled and installed again; those at work wait for it. */
@Order(7)
class ReinstallIT extends AtWork {

  /** Longer than there is no router. */
  private static final Duration CALL = Duration.ofMinutes(4);

  @Override
  Traffic traffic(Ground ground) throws InterruptedException {
    return ground.traffic(CALL);
  }

  @Test
  @Order(1)
  void whatIsUninstalledAndInstalledAgainHasAllPosts(Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    List<String> clusters = starling.clusterNames();
    List<String> claims = uids(starling);
    traffic.awaitWrites(traffic.now(), Ground.WRITES);
    long from = traffic.now();

    ground.release().uninstall();

    ground.story().tell("helm uninstall returned after %s", Story.shown(since(from)));
    Starling.within(Ground.PATIENCE)
        .untilAsserted(() -> {
          assertThat(starling.pods(Component.COORDINATOR)).isEmpty();
          assertThat(starling.pods(Component.ROUTER)).isEmpty();
          assertThat(starling.pods(Component.OPERATOR)).isEmpty();
        });
    assertThat(starling.clusterNames()).isEqualTo(clusters);
    assertThat(uids(starling)).isEqualTo(claims);
    assertThat(starling.pods(Component.MASTER))
        .hasSize(2 * clusters.size())
        .allMatch((Pod pod) -> pod.getStatus().getPhase().equals("Running"));
    ground.story().tell("the clusters, their pods and their claims are there: %s", clusters);

    long installed = traffic.now();
    ground.release().install(Ground.VERSION);
    starling.awaitWhole(Ground.PATIENCE.multipliedBy(2));
    ground
        .story()
        .tell("installed again: everything is ready after %s", Story.shown(since(installed)));
    ground.measured().time("helm install over what was kept → everything ready", since(installed));
    traffic.awaitWrites(traffic.now(), Ground.PATIENCE);
    assertThat(uids(starling)).isEqualTo(claims);
    traffic.done("uninstalled", "release", from, clusters);
  }

  @Test
  @Order(2)
  void theChartsOwnTestPostsAndReadsAgain(Ground ground) {
    String said = ground.release().test();

    ground.story().tell("helm test: %s", Release.pod(said));
    assertThat(said).contains("and read again");
  }

  private static List<String> uids(Starling starling) {
    return starling.claims("").stream()
        .map(claim -> claim.getMetadata().getUid())
        .sorted()
        .toList();
  }

  private Duration since(long from) {
    return Duration.ofNanos(traffic.now() - from);
  }
}
