package social.starling.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.SlotOwner;

class RoutesTest {

  private final Routes routes = new Routes();

  private static ClusterMap map(ClusterEntry... clusters) {
    return ClusterMap.newBuilder()
        .setExpectedClusters(2)
        .addAllClusters(Arrays.asList(clusters))
        .build();
  }

  private static ClusterMap dealt(ClusterMap map, String low, String high) {
    return map.toBuilder()
        .addSlots(SlotOwner.newBuilder().setFrom(0).setTo(512).setCluster(low))
        .addSlots(SlotOwner.newBuilder().setFrom(512).setTo(1024).setCluster(high))
        .build();
  }

  private static ClusterEntry cluster(String name, long epoch, int master, String... addresses) {
    ClusterEntry.Builder entry =
        ClusterEntry.newBuilder()
            .setName(name)
            .setConfiguration(
                Configuration.newBuilder()
                    .setCluster(name)
                    .setEpoch(epoch)
                    .setMaster(master == 0 ? "" : name + "-" + master));
    for (int i = 0; i < addresses.length; i++) {
      entry.addMembers(
          Member.newBuilder().setName(name + "-" + (i + 1)).setPublicAddress(addresses[i]));
    }
    return entry.build();
  }

  private List<String> alpha() {
    return routes.current().clusters().get("alpha").masterFirst().stream()
        .map(MemberRoute::address)
        .toList();
  }

  @Test
  void theHighestEpochCountsWhoeverTellsIt() {
    routes.accept("one", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    routes.accept("two", map(cluster("alpha", 7, 2, "a:1", "a:2")));
    assertThat(alpha()).containsExactly("a:2", "a:1");
    routes.accept("one", map(cluster("alpha", 6, 1, "a:1", "a:2")));
    assertThat(routes.current().clusters().get("alpha").epoch()).isEqualTo(7);
    assertThat(alpha()).containsExactly("a:2", "a:1");
  }

  @Test
  void atTheSameEpochTheLastChangeCountsAndNotTheOneThatLags() {
    routes.accept("one", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    routes.accept("two", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    routes.accept("one", map(cluster("alpha", 5, 1, "a:1", "a:3")));
    routes.accept("two", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    assertThat(alpha()).containsExactly("a:1", "a:3");
  }

  @Test
  void addressesOutliveTheCoordinatorThatKnewThem() {
    routes.accept("one", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    routes.accept("one", map(cluster("alpha", 6, 2, "", "")));
    assertThat(alpha()).containsExactly("a:2", "a:1");
  }

  @Test
  void slotsStayDealtUntilOthersAreTold() {
    ClusterMap clusters = map(cluster("alpha", 1, 1, "a:1"), cluster("beta", 1, 1, "b:1"));
    routes.accept("one", clusters);
    assertThat(routes.current().dealt()).isFalse();
    assertThat(routes.current().ownerOf("alice")).isEmpty();
    assertThat(routes.current().waiting()).isEqualTo("waiting for clusters: 2 of 2");
    routes.accept("one", dealt(clusters, "alpha", "beta"));
    String owner = Slots.of("alice") < 512 ? "alpha" : "beta";
    assertThat(routes.current().ownerOf("ALICE")).contains(owner);
    routes.accept("two", clusters);
    assertThat(routes.current().ownerOf("alice")).contains(owner);
    routes.accept("two", dealt(clusters, "beta", "alpha"));
    routes.accept("one", dealt(clusters, "alpha", "beta"));
    assertThat(routes.current().ownerOf("alice"))
        .as("one says the same as before, so it lags")
        .contains(owner.equals("alpha") ? "beta" : "alpha");
  }

  @Test
  void aClusterIsGoneWhenNobodyTellsOfIt() {
    ClusterEntry alpha = cluster("alpha", 1, 1, "a:1");
    ClusterEntry beta = cluster("beta", 1, 1, "b:1");
    routes.accept("one", map(alpha, beta));
    routes.accept("two", map(alpha, beta));
    routes.accept("one", map(alpha));
    assertThat(routes.current().clusters()).containsKeys("alpha", "beta");
    routes.accept("two", map(alpha));
    assertThat(routes.current().clusters()).containsOnlyKeys("alpha");
    assertThat(routes.current().addresses()).containsExactly("a:1");
  }

  @Test
  void aClusterIsDownWhenAllWhoAreThereSaySo() {
    ClusterEntry up = cluster("alpha", 1, 1, "a:1");
    ClusterEntry down = up.toBuilder().setDown(true).build();
    routes.accept("one", map(down));
    assertThat(isDown()).isTrue();
    routes.accept("two", map(up));
    assertThat(isDown()).isFalse();
    routes.away("two");
    assertThat(isDown()).as("who is away has no say").isTrue();
    routes.accept("two", map(up));
    assertThat(isDown()).isFalse();
    routes.accept("two", map(down));
    assertThat(isDown()).isTrue();
    routes.away("one");
    routes.away("two");
    assertThat(isDown()).as("nobody says so").isFalse();
  }

  private boolean isDown() {
    return routes.current().clusters().get("alpha").down();
  }

  @Test
  void theSameMapAgainIsNoChange() {
    List<RouteMap> seen = new ArrayList<>();
    routes.onChange(seen::add);
    ClusterMap map = dealt(map(cluster("alpha", 1, 1, "a:1")), "alpha", "alpha");
    routes.accept("one", map);
    routes.accept("one", map.toBuilder().setVersion(9).build());
    assertThat(seen).hasSize(1);
    assertThat(routes.age()).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void whoWaitsIsWokenByAChange() throws Exception {
    assertThat(routes.awaitOtherThan(0, Duration.ofMillis(1))).isFalse();
    CompletableFuture<Boolean> woken = new CompletableFuture<>();
    Thread waiter =
        Thread.startVirtualThread(() -> {
          try {
            woken.complete(routes.awaitOtherThan(0, Duration.ofMinutes(1)));
          } catch (InterruptedException e) {
            woken.completeExceptionally(e);
          }
        });
    await().until(() -> waiter.getState() == Thread.State.TIMED_WAITING);
    routes.accept("one", map(cluster("alpha", 1, 1, "a:1")));
    assertThat(woken.get()).isTrue();
  }

  @Test
  void aClusterWithoutAMasterHasMembersAllTheSame() {
    routes.accept("one", map(cluster("alpha", 0, 0, "a:1", "")));
    assertThat(routes.current().clusters().get("alpha").masterRoute()).isEmpty();
    assertThat(alpha()).containsExactly("a:1");
  }

  @Test
  void whatACoordinatorToldThatIsGoneForGoodIsDroppedOnceAnotherIsHeard() {
    routes.accept("one", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    routes.gone("one");
    assertThat(routes.current().clusters()).containsOnlyKeys("alpha");
    routes.accept("two", map(cluster("beta", 1, 1, "b:1", "b:2")));
    assertThat(routes.current().clusters()).containsOnlyKeys("beta");
  }

  @Test
  void aCoordinatorThatIsGoneForGoodHasNoSayWhenAnotherIsThere() {
    routes.accept("one", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    routes.accept("two", map(cluster("alpha", 5, 1, "a:1", "a:2")));
    routes.gone("one");
    routes.accept("two", map());
    assertThat(routes.current().clusters()).isEmpty();
  }
}
