package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import social.starling.client.ClientOptions;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.load.Traffic;
import social.starling.e2e.machine.Story;
import social.starling.torture.history.Call;
import social.starling.torture.history.History;

/**
 * Every process is renewed under load, there and back: an image of another name, and the same
 * inside. There has been one format of volumes so far, so that an upgrade from an older one has
 * nothing to begin with yet; a newer one is refused ({@code services/server}, DamageTest).
 */
@Order(5)
class UpgradeIT extends AtWork {

  /** Of all calls that were made meanwhile, on a machine where everything starts anew. */
  private static final double TOO_MANY = 0.02;

  private record Span(long from, long to) {}

  private final Map<String, Span> spans = new LinkedHashMap<>();

  @Override
  Traffic traffic(Ground ground) throws InterruptedException {
    return ground.traffic(ClientOptions.DEFAULT_DEADLINE);
  }

  @Override
  void finished(Ground ground, History history) {
    spans.forEach((what, span) -> {
      List<Call> calls = Traffic.calls(history, span.from(), span.to());
      long failed = Traffic.failed(calls);
      Duration slowest = Traffic.slowest(calls);
      ground.measured().value(what + ": failed calls", "calls", failed);
      ground.measured().time(what + ": slowest call", slowest);
      ground
          .story()
          .tell(
              "%s: of %d calls %d failed, the slowest took %s",
              what, calls.size(), failed, Story.shown(slowest));
      assertThat((double) failed)
          .as("calls that failed during the " + what)
          .isLessThanOrEqualTo(TOO_MANY * calls.size());
    });
  }

  @Test
  @Order(1)
  void anUpgradeRenewsEverythingUnderLoad(Ground ground) {
    Starling starling = ground.starling();
    List<String> columns = starling.printerColumns();
    // As of an older release, which knew less.
    starling.keepPrinterColumns(columns.subList(0, 2));
    assertThat(starling.printerColumns()).hasSize(2);

    roll(
        ground,
        "rolling upgrade",
        Ground.NEXT_VERSION,
        () -> ground.release().upgrade(Ground.NEXT_VERSION));

    assertThat(starling.printerColumns()).isEqualTo(columns);
    ground.story().tell("kubectl get sns has its columns again: %s", String.join(", ", columns));
  }

  @Test
  @Order(2)
  void aRollbackRenewsEverythingUnderLoad(Ground ground) {
    roll(ground, "rollback", Ground.VERSION, ground.release()::rollback);
  }

  private void roll(Ground ground, String what, String version, Runnable change) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    long from = traffic.now();

    change.run();

    ground.story().tell("helm returned after %s", Story.shown(since(from)));
    Starling.within(Ground.PATIENCE.multipliedBy(2))
        .untilAsserted(() -> {
          assertThat(starling.pods()).allMatch(pod -> Starling.image(pod).endsWith(":" + version));
          assertThat(starling.ailments()).isEmpty();
        });
    ground
        .story()
        .tell(
            "all %d pods are of %s, everything is whole, %s after it",
            starling.pods().size(), version, Story.shown(since(from)));
    ground.measured().time(what + ": all pods renewed", since(from));
    traffic.awaitWrites(traffic.now(), Ground.WRITES);
    spans.put(what, new Span(from, traffic.now()));
    traffic.done(what, version, from, starling.clusterNames());
  }

  private Duration since(long from) {
    return Duration.ofNanos(traffic.now() - from);
  }
}
