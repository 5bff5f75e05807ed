package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import social.starling.client.ClientOptions;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.e2e.installation.Component;
import social.starling.e2e.installation.PortForward;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.load.Pulse;
import social.starling.e2e.machine.Commands;
import social.starling.e2e.machine.Story;

/** Single processes are lost, each kind in each way, with everybody at work. */
@Order(2)
class ProcessLossIT extends AtWork {

  private static final int KILLS = Integer.getInteger("starling.e2e.kills");

  private int turn;

  static Stream<Arguments> losses() {
    return Arrays.stream(Component.values())
        .flatMap(component -> Arrays.stream(Way.values()).map(way -> Arguments.of(component, way)));
  }

  private String nextCluster(Starling starling) {
    List<String> clusters = starling.clusterNames();
    turn++;
    return clusters.get(turn % clusters.size());
  }

  @ParameterizedTest(name = "of a {0}, {1}")
  @MethodSource("losses")
  @Order(1)
  void everybodyGoesOnAfterTheLoss(Component component, Way way, Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    String cluster = nextCluster(starling);
    Pod victim = starling.victim(component, cluster);
    String name = victim.getMetadata().getName();
    long epoch = starling.epoch(cluster);

    Instant struck = way.strike(ground, victim);

    long since = traffic.at(struck);
    ground.story().tell("%s %s on %s is %s", component, name, Starling.node(victim), way);
    Duration writes = traffic.awaitWrites(since, Ground.WRITES);
    ground.story().tell("all clusters acknowledge writes, %s after it", Story.shown(writes));
    Starling.within(Ground.PATIENCE).until(() -> isReplaced(starling, victim, component));
    if (component.isMember()) {
      Starling.within(Ground.PATIENCE)
          .until(() -> starling.epoch(cluster) > epoch && starling.isWhole(cluster));
      ground
          .measured()
          .time("pod of a member lost → in sync again", Duration.between(struck, Instant.now()));
    }
    starling.awaitWhole(Ground.PATIENCE);
    ground
        .story()
        .tell(
            "everything is whole, %s after it",
            Story.shown(Duration.between(struck, Instant.now())));
    traffic.done(way.name(), name, since, component.isMember() ? List.of(cluster) : List.of());
  }

  /** One that serves: what was just deleted may still count as ready, and its follower not yet. */
  private static Pod anotherRouter(Starling starling, Pod deleted) {
    return Starling.within(Ground.PATIENCE)
        .until(
            () ->
                starling.pods(Component.ROUTER).stream()
                    .filter(
                        pod -> !pod.getMetadata().getUid().equals(deleted.getMetadata().getUid()))
                    .filter(Readiness::isPodReady)
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  private static boolean isReplaced(Starling starling, Pod victim, Component component) {
    Optional<Pod> now = starling.pod(victim.getMetadata().getName());
    if (now.isEmpty()) {
      return !component.isMember();
    }
    boolean other =
        !now.get().getMetadata().getUid().equals(victim.getMetadata().getUid())
            || !component.isMember()
                && !Starling.container(now.get()).equals(Starling.container(victim));
    return other && Readiness.isPodReady(now.get());
  }

  @Test
  @Order(2)
  void aKilledMasterIsFollowedAtOnce(Ground ground) throws InterruptedException {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    Function<String, String> homes = starling.homes();
    List<Duration> times = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      String cluster = nextCluster(starling);
      // One fault at a time: also what the one before left to do elsewhere is done.
      starling.awaitWhole(Ground.PATIENCE);
      long epoch = starling.epoch(cluster);
      try (Pulse pulse = new Pulse(starling, homes, cluster)) {
        Pod master = starling.victim(Component.MASTER, cluster);
        Instant struck = ground.kill(master);
        Starling.within(Ground.PATIENCE).until(() -> starling.epoch(cluster) > epoch);
        Instant over = Instant.now();
        pulse.awaitWrites(over, Ground.WRITES);
        Duration outage = pulse.outage(struck, over);
        times.add(outage);
        ground.measured().time("SIGKILL of a master → next acknowledged write", outage);
        Duration longest = pulse.longestOutage(struck, over);
        ground.measured().time("SIGKILL of a master → a write of each of 4 clients", longest);
        ground
            .story()
            .tell(
                "%s killed: no acknowledged write for %s, of one of 4 clients for %s",
                master.getMetadata().getName(), Story.shown(outage), Story.shown(longest));
        pulse.finish();
        traffic.done(
            "SIGKILL", master.getMetadata().getName(), traffic.at(struck), List.of(cluster));
      }
    }
    starling.awaitWhole(Ground.PATIENCE);
    assertThat(times).hasSize(KILLS);
  }

  @Test
  @Order(3)
  void aPortForwardOutlivesTheFailoverBehindIt(Ground ground)
      throws InterruptedException, IOException {
    assumeTrue(Commands.isThere("kubectl"), "kubectl is not on the PATH");
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    String cluster = nextCluster(starling);
    Function<String, String> homes = starling.homes();
    String user =
        IntStream.range(0, 10_000)
            .mapToObj(i -> "forwarded" + i)
            .filter(name -> homes.apply(name).equals(cluster))
            .findFirst()
            .orElseThrow();
    Pod router = starling.pods(Component.ROUTER).getFirst();
    List<String> told = new CopyOnWriteArrayList<>();
    try (PortForward forward =
            PortForward.to(ground.machine().kubeconfig(), router.getMetadata().getName(), 0);
        StarlingClient client =
            StarlingClient.connect(
                ClientOptions.of(user)
                    .withRouters(List.of("127.0.0.1:" + forward.port()))
                    .withDeadline(Ground.WRITES)
                    .withListener(told::add))) {
      client.login();
      Post before = client.post("before the failover");

      Pod master = starling.victim(Component.MASTER, cluster);
      Instant killed = ground.kill(master);
      Post after = client.post("after the failover");
      ground
          .story()
          .tell(
              "%s killed: the port-forward lives, a post by it took %s",
              master.getMetadata().getName(), Story.shown(Duration.between(killed, Instant.now())));
      assertThat(forward.isAlive()).isTrue();
      traffic.done("SIGKILL", master.getMetadata().getName(), traffic.at(killed), List.of(cluster));

      Way.DELETED_BY_FORCE.strike(ground, router);
      starling.awaitWhole(Ground.PATIENCE);
      Pod other = anotherRouter(starling, router);
      // Whether kubectl ends by itself, or only serves nobody any more, depends on its version.
      forward.end();
      CompletableFuture<Post> last =
          CompletableFuture.supplyAsync(() -> client.post("after the router"));
      Starling.within(Ground.PATIENCE).until(() -> !told.isEmpty());
      ground
          .story()
          .tell(
              "its router's pod deleted, and with it the port-forward: the client says so (%s)",
              told);
      try (PortForward again =
          PortForward.to(
              ground.machine().kubeconfig(), other.getMetadata().getName(), forward.port())) {
        Post posted = last.join();
        assertThat(client.posts(user, PostPage.newest(3))).containsExactly(posted, after, before);
        assertThat(again.isAlive()).isTrue();
      }
      ground.story().tell("with another port-forward the client went on by itself");
    }
    starling.awaitWhole(Ground.PATIENCE);
  }
}
