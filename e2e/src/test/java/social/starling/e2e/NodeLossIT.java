package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import social.starling.e2e.installation.Component;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.load.Pulse;
import social.starling.e2e.machine.Story;

/** Whole nodes are lost, for a while or for long, and are drained. */
@Order(4)
class NodeLossIT extends AtWork {

  private static final int PAUSES = Integer.getInteger("starling.e2e.pauses");

  /**
   * A node was paused.
   *
   * @param epochs of all clusters before it
   * @param masters which clusters' masters stood there
   */
  private record Blow(
      String node, Map<String, Long> epochs, List<String> masters, Instant struck) {}

  private static List<Pod> on(Starling starling, Component component, String node) {
    return starling.pods(component).stream()
        .filter(pod -> node.equals(Starling.node(pod)))
        .toList();
  }

  /** Lets a node have so many of the two pods of a kind, and the other node the rest. */
  private static void place(Ground ground, Component component, String node, int wanted) {
    Starling starling = ground.starling();
    int there = on(starling, component, node).size();
    if (there == wanted) {
      return;
    }
    String full =
        there > wanted
            ? node
            : starling.workers().stream()
                .filter(one -> !one.equals(node))
                .findFirst()
                .orElseThrow();
    starling.cordon(full, true);
    try {
      Way.DELETED.strike(ground, on(starling, component, full).getFirst());
      starling.awaitWhole(Ground.PATIENCE);
    } finally {
      starling.cordon(full, false);
    }
    assertThat(on(starling, component, node)).hasSize(wanted);
  }

  private static List<String> mastersOn(Starling starling, String node) {
    return starling.clusterNames().stream()
        .filter(cluster -> node.equals(Starling.node(starling.victim(Component.MASTER, cluster))))
        .toList();
  }

  /** Pauses a node, which is chosen anew each time that it cannot be done. */
  private static Blow pause(Ground ground, Supplier<String> chosen) {
    Starling starling = ground.starling();
    Instant giveUp = Instant.now().plus(Ground.PATIENCE);
    for (int attempts = 1; ; attempts++) {
      starling.awaitWhole(Ground.PATIENCE);
      String node = chosen.get();
      Map<String, Long> epochs = starling.epochs();
      List<String> masters = mastersOn(starling, node);
      Instant struck = Instant.now();
      if (ground.machine().pause(node)) {
        int coordinators = on(starling, Component.COORDINATOR, node).size();
        ground
            .story()
            .tell(
                "%s is paused, with the masters of %s and %d of 2 coordinators (attempt %d)",
                node, masters, coordinators, attempts);
        return new Blow(node, epochs, masters, struck);
      }
      if (attempts == 1) {
        ground.story().tell("%s cannot be paused yet: a process of it waits for a disk", node);
      }
      assertThat(struck).as("the last attempt to pause a node").isBefore(giveUp);
    }
  }

  private static void awaitBack(Ground ground, Map<String, Long> before) {
    Starling starling = ground.starling();
    before.forEach((cluster, epoch) ->
        Starling.within(Ground.PATIENCE)
            .until(() -> starling.epoch(cluster) > epoch && starling.isWhole(cluster)));
    starling.awaitWhole(Ground.PATIENCE);
  }

  @Test
  @Order(1)
  void theNodeOfAMasterStandsStillForAWhile(Ground ground) throws InterruptedException {
    String cluster = ground.starling().clusterNames().getFirst();
    String node = pauseForAWhile(ground, cluster, 0);
    place(ground, Component.COORDINATOR, node, 1);
  }

  @Test
  @Order(2)
  void theNodeOfAMasterAndACoordinatorStandsStillAgainAndAgain(Ground ground)
      throws InterruptedException {
    List<String> clusters = ground.starling().clusterNames();
    for (int i = 0; i < PAUSES; i++) {
      pauseForAWhile(ground, clusters.get(i % clusters.size()), 1);
    }
  }

  /** The node of a cluster's master, on which there are so many coordinators now. */
  private static String nodeOfMaster(Ground ground, String cluster, int coordinators) {
    Starling starling = ground.starling();
    String node = Starling.node(starling.victim(Component.MASTER, cluster));
    place(ground, Component.COORDINATOR, node, coordinators);
    return node;
  }

  private String pauseForAWhile(Ground ground, String cluster, int coordinators)
      throws InterruptedException {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    Supplier<String> chosen = () -> nodeOfMaster(ground, cluster, coordinators);
    chosen.get();
    try (Pulse pulse = new Pulse(starling, starling.homes(), cluster)) {
      Blow blow = pause(ground, chosen);
      String node = blow.node();
      Instant struck = blow.struck();
      try {
        // Each has a member there.
        blow.epochs()
            .forEach((one, epoch) ->
                Starling.within(Ground.PATIENCE).until(() -> starling.epoch(one) > epoch));
        Instant over = Instant.now();
        pulse.awaitWrites(over, Ground.WRITES);
        Duration outage = pulse.outage(struck, over);
        Duration longest = pulse.longestOutage(struck, over);
        ground.measured().time("node of a master paused → next acknowledged write", outage);
        ground
            .measured()
            .time(
                "node of a master paused → a write of each of 4 clients, 2 by its router", longest);
        ground
            .story()
            .tell(
                "%s: no acknowledged write for %s, of one of 4 clients for %s",
                cluster, Story.shown(outage), Story.shown(longest));
        traffic.awaitWrites(traffic.at(over), Ground.WRITES);
        ground.story().tell("all clusters acknowledge writes");
      } finally {
        ground.machine().unpause(node);
      }
      ground.story().tell("%s goes on", node);
      pulse.finish();
      awaitBack(ground, blow.epochs());
      ground
          .story()
          .tell(
              "everything is whole, %s after it",
              Story.shown(Duration.between(struck, Instant.now())));
      traffic.done("node paused", node, traffic.at(struck), blow.masters());
      return node;
    }
  }

  @Test
  @Order(3)
  void aDrainedNodeIsLeftOneMemberAtATime(Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    String node = busiest(starling);
    Map<String, Long> epochs = new HashMap<>(starling.epochs());
    List<String> leaving =
        starling.pods().stream()
            .filter(pod -> node.equals(Starling.node(pod)))
            .map(pod -> pod.getMetadata().getName())
            .toList();
    Instant begun = Instant.now();
    starling.cordon(node, true);
    try {
      ground.story().tell("%s is drained of %s", node, leaving);
      Starling.within(Ground.PATIENCE)
          .until(() -> {
            List<Pod> there = new ArrayList<>();
            for (Pod pod : starling.pods()) {
              if (node.equals(Starling.node(pod))) {
                there.add(pod);
                evict(starling, pod);
              }
            }
            return there.isEmpty();
          });
      Duration took = Duration.between(begun, Instant.now());
      ground.story().tell("nothing of Starling is left there after %s", Story.shown(took));
      Duration writes = traffic.awaitWrites(traffic.now(), Ground.WRITES);
      ground.story().tell("all clusters acknowledge writes (%s)", Story.shown(writes));
    } finally {
      starling.cordon(node, false);
    }
    epochs
        .keySet()
        .removeIf(cluster -> leaving.stream().noneMatch(name -> name.startsWith(cluster + "-")));
    awaitBack(ground, epochs);
    ground
        .story()
        .tell(
            "everything is whole, %s after the beginning",
            Story.shown(Duration.between(begun, Instant.now())));
    traffic.done("drain", node, traffic.at(begun), List.of());
  }

  @Test
  @Order(4)
  void theMembersOfALostNodeAreReplacedElsewhere(Ground ground) {
    Starling starling = ground.starling();
    starling.awaitWhole(Ground.PATIENCE);
    String first = starling.clusterNames().getFirst();
    String node = Starling.node(starling.victim(Component.MASTER, first));
    // After a drain both may be where the other node's was: what is gone does not come back by
    // itself.
    place(ground, Component.COORDINATOR, node, 1);
    place(ground, Component.ROUTER, node, 1);
    Map<String, String> lost = new HashMap<>();
    for (Pod pod : on(starling, Component.MASTER, node)) {
      lost.put(
          pod.getMetadata().getName(),
          pod.getMetadata().getLabels().get("starling.social/cluster"));
    }

    Blow blow = pause(ground, () -> node);
    Instant struck = blow.struck();
    try {
      Duration writes = traffic.awaitWrites(traffic.at(struck), Ground.WRITES);
      ground.story().tell("all clusters acknowledge writes, %s after it", Story.shown(writes));
      lost.forEach((member, cluster) ->
          Starling.within(Ground.PATIENCE)
              .until(
                  () -> !starling.members(cluster).contains(member) && starling.isWhole(cluster)));
      Duration replaced = Duration.between(struck, Instant.now());
      ground.measured().time("node lost → its members replaced on another, in sync", replaced);
      ground
          .story()
          .tell(
              "in place of %s others are in sync, %s after it",
              lost.keySet(), Story.shown(replaced));
    } finally {
      ground.machine().unpause(node);
    }
    ground.story().tell("%s is back", node);
    starling.awaitWhole(Ground.PATIENCE);
    for (Map.Entry<String, String> one : lost.entrySet()) {
      Starling.within(Ground.PATIENCE)
          .untilAsserted(() ->
              assertThat(starling.claims(one.getValue()))
                  .as("claims of " + one.getValue())
                  .noneMatch(claim -> claim.getMetadata().getName().equals(one.getKey())));
      assertThat(starling.members(one.getValue())).doesNotContain(one.getKey());
    }
    ground.story().tell("the volumes of %s are given up", lost.keySet());
    // A pod that is made before the node takes pods again would go where the other is.
    Starling.within(Ground.PATIENCE).until(() -> starling.takesPods(node));
    // Both are elsewhere, and nobody is there at this node's port.
    place(ground, Component.ROUTER, node, 1);
    traffic.done("node lost", node, traffic.at(struck), blow.masters());
    lost.values().forEach(cluster -> spread(ground, cluster));
  }

  /**
   * Both volumes are on one node when there was no other: as docs/kubernetes.md says, one moves.
   */
  private static void spread(Ground ground, String cluster) {
    Starling starling = ground.starling();
    Pod slave = starling.victim(Component.SLAVE, cluster);
    starling
        .client()
        .persistentVolumeClaims()
        .inNamespace(Starling.NAMESPACE)
        .withName(slave.getMetadata().getName())
        .delete();
    Way.DELETED.strike(ground, slave);
    Starling.within(Ground.PATIENCE)
        .untilAsserted(() -> {
          assertThat(starling.members(cluster)).doesNotContain(slave.getMetadata().getName());
          assertThat(starling.isWhole(cluster)).isTrue();
          assertThat(starling.members(cluster))
              .extracting(member -> Starling.node(starling.pod(member).orElseThrow()))
              .doesNotHaveDuplicates();
        });
    ground.story().tell("%s: %s are on different nodes again", cluster, starling.members(cluster));
  }

  private static String busiest(Starling starling) {
    return starling.workers().stream()
        .max(
            (a, b) -> Integer.compare(mastersOn(starling, a).size(), mastersOn(starling, b).size()))
        .orElseThrow();
  }

  // As kubectl drain does: refused while a disruption budget allows none, then tried again.
  private static void evict(Starling starling, Pod pod) {
    if (Objects.isNull(pod.getMetadata().getDeletionTimestamp())) {
      starling
          .client()
          .pods()
          .inNamespace(Starling.NAMESPACE)
          .withName(pod.getMetadata().getName())
          .evict();
    }
  }
}
