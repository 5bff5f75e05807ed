package social.starling.synchronizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Member;

class MapsTest {

  private final Maps maps = new Maps();

  private static ClusterEntry.Builder alpha(long epoch, String master) {
    return ClusterEntry.newBuilder()
        .setName("alpha")
        .setNumber(4)
        .setConfiguration(Configuration.newBuilder().setEpoch(epoch).setMaster(master))
        .addMembers(Member.newBuilder().setName("alpha-1").setInternalAddress("h:1"))
        .addMembers(Member.newBuilder().setName("alpha-2").setInternalAddress("h:2"))
        .setSynchronizer("h:10");
  }

  private void tell(String coordinator, ClusterEntry.Builder... entries) {
    ClusterMap.Builder map = ClusterMap.newBuilder();
    for (ClusterEntry.Builder entry : entries) {
      map.addClusters(entry);
    }
    maps.accept(coordinator, map.build());
  }

  private ClusterView view() {
    return maps.current().cluster("alpha").orElseThrow();
  }

  @Test
  void nothingIsKnownUntilACoordinatorIsHeard() {
    assertThat(maps.current().heard()).isFalse();
    tell("one");
    assertThat(maps.current().heard()).isTrue();
    assertThat(maps.current().clusters()).isEmpty();
  }

  @Test
  void theMasterIsTheOneOfTheHighestEpoch() {
    tell("one", alpha(5, "alpha-2"));
    tell("two", alpha(4, "alpha-1"));
    assertThat(view().masterAddress()).contains("h:2");
    tell("two", alpha(6, "alpha-1"));
    assertThat(view().masterAddress()).contains("h:1");
  }

  @Test
  void aCoordinatorThatLagsBehindUndoesNothingWhenItIsTheOnlyOneLeft() {
    tell("one", alpha(5, "alpha-2"));
    tell("two", alpha(4, "alpha-1"));
    maps.left("one");
    assertThat(view().epoch()).isEqualTo(5);
    assertThat(view().masterAddress()).contains("h:2");
  }

  @Test
  void theAddressThatWasToldLastCounts() {
    tell("one", alpha(1, "alpha-1"));
    tell("two", alpha(1, "alpha-1").setSynchronizer("h:11"));
    assertThat(view().synchronizer()).isEqualTo("h:11");
    // It only says again what it said before.
    tell("one", alpha(1, "alpha-1"));
    assertThat(view().synchronizer()).isEqualTo("h:11");
    tell("one", alpha(1, "alpha-1").setSynchronizer("h:12"));
    assertThat(view().synchronizer()).isEqualTo("h:12");
  }

  @Test
  void aCoordinatorThatHasHeardNobodyMakesNobodyUnknown() {
    tell("one", alpha(1, "alpha-1"));
    ClusterEntry.Builder fresh = alpha(1, "alpha-1").clearSynchronizer();
    fresh.getMembersBuilder(0).clearInternalAddress();
    tell("one", fresh);
    tell("two", fresh);
    assertThat(view().synchronizer()).isEqualTo("h:10");
    assertThat(view().masterAddress()).contains("h:1");
  }

  @Test
  void aMemberThatIsNotRecordedAnyMoreHasNoAddress() {
    tell("one", alpha(1, "alpha-1"));
    tell("one", alpha(2, "alpha-1").removeMembers(0));
    assertThat(view().masterAddress()).isEmpty();
    assertThat(view().members()).containsOnlyKeys("alpha-2");
  }

  @Test
  void aClusterIsGoneWhenNoConnectedCoordinatorHasIt() {
    tell("one", alpha(1, "alpha-1"));
    tell("two", alpha(1, "alpha-1"));
    tell("one");
    assertThat(maps.current().clusters()).containsKey("alpha");
    maps.left("two");
    assertThat(maps.current().clusters()).isEmpty();
  }

  @Test
  void nothingIsDroppedBecauseCoordinatorsAreAway() {
    tell("one", alpha(1, "alpha-1"));
    PeerMap before = maps.current();
    maps.left("one");
    maps.left("never heard");
    assertThat(maps.current()).isEqualTo(before);
  }

  @Test
  void aClusterRecordedAnewIsAnotherOne() {
    tell("one", alpha(7, "alpha-2"));
    tell("two", alpha(7, "alpha-2"));
    tell("one", alpha(1, "alpha-1").setNumber(5).clearSynchronizer());
    assertThat(view().number()).isEqualTo(5);
    assertThat(view().epoch()).isEqualTo(1);
    assertThat(view().synchronizer()).isEmpty();
  }

  @Test
  void whatCannotBeUsedIsPassedOver() {
    tell("one", alpha(1, "alpha-1").setSynchronizer("nowhere").setNumber(3));
    assertThat(view().synchronizer()).isEmpty();
    tell(
        "one",
        alpha(1, "alpha-1").setNumber(1024),
        alpha(1, "x").setName("").setNumber(1),
        alpha(1, "x").setName("gamma").setNumber(-1));
    assertThat(maps.current().clusters()).isEmpty();
  }

  @Test
  void listenersHearOfChangesOnly() {
    List<Long> heard = new ArrayList<>();
    maps.onChange(map -> heard.add(map.version()));
    tell("one", alpha(1, "alpha-1"));
    tell("one", alpha(1, "alpha-1"));
    tell("two", alpha(1, "alpha-1"));
    assertThat(heard).containsExactly(1L);
    tell("two", alpha(2, "alpha-1"));
    assertThat(heard).containsExactly(1L, 2L);
  }

  @Test
  void whoWaitsForAChangeIsWoken() throws Exception {
    assertThat(maps.awaitOtherThan(0, Duration.ofMillis(1))).isFalse();
    Thread teller = Thread.ofVirtual().start(() -> tell("one", alpha(1, "alpha-1")));
    assertThat(maps.awaitOtherThan(0, Duration.ofSeconds(20))).isTrue();
    teller.join();
  }

  @Test
  void whatACoordinatorToldThatIsGoneForGoodIsDroppedOnceAnotherIsHeard() {
    tell("one", alpha(5, "alpha-2"));
    maps.gone("one");
    assertThat(maps.current().cluster("alpha")).isPresent();
    tell("two");
    maps.left("two");
    assertThat(maps.current().cluster("alpha")).isEmpty();
  }
}
