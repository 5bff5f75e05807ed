package social.starling.synchronizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.sync.v1.Position;
import social.starling.synchronizer.FakeMember.Mood;
import social.starling.synchronizer.SyncFixture.Running;

/** Changes from one cluster to the other, over two real synchronizers. */
class CarryingTest {

  private final SyncFixture fixture = new SyncFixture();
  private final FakeCluster alpha = fixture.alpha;
  private final FakeCluster beta = fixture.beta;

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private static Position at(long index) {
    return Position.newBuilder().setIndex(index).build();
  }

  private static List<String> joined(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  /** Both run, and beta has alpha's a1 to a20. */
  private Running startBoth() {
    alpha.write("a", 20);
    fixture.start("alpha");
    Running running = fixture.start("beta");
    fixture.awaitReceived(beta, FakeCluster.names("a", 20));
    return running;
  }

  private void moreArrives() {
    List<String> before = beta.received();
    alpha.write("more", 20);
    fixture.awaitReceived(beta, joined(before, FakeCluster.names("more", 20)));
  }

  @Test
  void relaysInOrderAndExactlyFromTheCursor() {
    alpha.write("a", 300);
    beta.cursor(SyncFixture.ALPHA, 7);
    fixture.start("alpha");
    fixture.start("beta");
    fixture.awaitReceived(beta, FakeCluster.names("a", 300).subList(7, 300));
    assertThat(alpha.asked()).containsExactly(at(7));
    assertThat(beta.cursor(SyncFixture.ALPHA)).isEqualTo(at(300));
  }

  @Test
  void carriesBothWaysAtOnce() {
    fixture.start("alpha");
    fixture.start("beta");
    alpha.write("a", 100);
    beta.write("b", 100);
    fixture.awaitReceived(beta, FakeCluster.names("a", 100));
    fixture.awaitReceived(alpha, FakeCluster.names("b", 100));
  }

  @Test
  void tellsCoordinatorsAndMetricsHowFarItIs() {
    Running running = startBoth();
    await()
        .untilAsserted(() ->
            assertThat(fixture.coordinator.progress("beta", "alpha"))
                .hasValueSatisfying(progress -> {
                  assertThat(progress.getConnected()).isTrue();
                  assertThat(progress.getReceivedIndex()).isEqualTo(20);
                  assertThat(progress.getLag()).isZero();
                }));
    assertThat(running.metric("starling_sync_received_items", "alpha")).isEqualTo(20);
    assertThat(running.metric("starling_sync_received_batches", "alpha")).isEqualTo(20);
    assertThat(running.metric("starling_sync_connected", "alpha")).isEqualTo(1);
    assertThat(running.metric("starling_sync_lag_entries", "alpha")).isZero();
    assertThat(running.metric("starling_sync_reconnects", "alpha")).isZero();
    assertThat(running.registry().scrape())
        .contains("starling_sync_received_items_total{cluster=\"beta\",peer=\"alpha\"");
  }

  @Test
  void handsOnHowFarThePeerHasNothingElse() {
    startBoth();
    SyncFixture.until(() -> beta.seen(SyncFixture.ALPHA) == 20);
  }

  @Test
  void aMasterThatTakesNothingShowsAsLag() {
    Running running = startBoth();
    fixture.beta1.mood(Mood.SILENT);
    alpha.write("a", 5);
    SyncFixture.until(() -> running.metric("starling_sync_lag_entries", "alpha") == 5);
  }

  @Test
  void goesOnAtTheNewMasterWhenItsOwnFailsOver() {
    Running running = startBoth();
    fixture.beta1.close();
    alpha.write("b", 20);
    SyncFixture.until(() -> running.metric("starling_sync_connected", "alpha") == 0);
    fixture.betaMaster(2, fixture.beta2);
    fixture.awaitReceived(beta, joined(FakeCluster.names("a", 20), FakeCluster.names("b", 20)));
    moreArrives();
    assertThat(running.metric("starling_sync_reconnects", "alpha")).isEqualTo(1);
  }

  @Test
  void goesOnAtTheNewMasterWhenItsOwnHandsOver() {
    startBoth();
    fixture.beta1.mood(Mood.NOT_MASTER);
    fixture.betaMaster(2, fixture.beta2);
    moreArrives();
  }

  @Test
  void leavesAHungMasterAsSoonAsTheMapNamesAnother() {
    alpha.write("first");
    fixture.start("alpha");
    fixture.start("beta", SyncFixture.PATIENT, fixture.coordinator);
    fixture.awaitReceived(beta, List.of("first"));
    fixture.beta1.mood(Mood.SILENT);
    alpha.write("a", 20);
    fixture.betaMaster(2, fixture.beta2);
    fixture.awaitReceived(beta, joined(List.of("first"), FakeCluster.names("a", 20)));
  }

  @Test
  void keepsTheSubscriptionWhenThePeersMasterFailsOver() {
    startBoth();
    int begun = fixture.beta1.deliverCalls.get();
    fixture.alpha1.close();
    fixture.alphaMaster(2, fixture.alpha2);
    moreArrives();
    assertThat(fixture.alpha2.changesCalls.get()).isPositive();
    assertThat(alpha.asked().getLast()).isEqualTo(at(20));
    assertThat(fixture.beta1.deliverCalls.get()).isEqualTo(begun);
  }

  @Test
  void keepsTheSubscriptionWhenThePeersMasterHandsOver() {
    startBoth();
    int begun = fixture.beta1.deliverCalls.get();
    fixture.alpha1.mood(Mood.NOT_MASTER);
    fixture.alphaMaster(2, fixture.alpha2);
    moreArrives();
    assertThat(fixture.beta1.deliverCalls.get()).isEqualTo(begun);
  }

  @Test
  void givesUpASilentMasterOfThePeerAndAsksAgainFromTheLastPosition() {
    startBoth();
    int asked = alpha.asked().size();
    fixture.alpha1.mood(Mood.SILENT);
    SyncFixture.until(() -> alpha.asked().size() > asked);
    fixture.alpha1.mood(Mood.SERVES);
    moreArrives();
    assertThat(alpha.asked().get(asked)).isEqualTo(at(20));
  }

  @Test
  void givesUpASilentMasterOfItsOwnAndBeginsAgainAtTheCursor() {
    startBoth();
    int begun = fixture.beta1.deliverCalls.get();
    fixture.beta1.mood(Mood.SILENT);
    alpha.write("lost on the way");
    SyncFixture.until(() -> fixture.beta1.deliverCalls.get() > begun);
    fixture.beta1.mood(Mood.SERVES);
    fixture.awaitReceived(beta, joined(FakeCluster.names("a", 20), List.of("lost on the way")));
  }

  @Test
  void findsThePeersSynchronizerAfterARestart() throws Exception {
    alpha.write("a", 20);
    Running first = fixture.start("alpha");
    fixture.start("beta");
    fixture.awaitReceived(beta, FakeCluster.names("a", 20));
    int port = first.process().internalPort();
    first.process().stop();
    Running second = fixture.start("alpha");
    assertThat(second.process().internalPort()).isNotEqualTo(port);
    moreArrives();
  }

  @Test
  void movesToThePeersNewSynchronizerThoughTheOldOneHangs() {
    SilentSync hung = fixture.with(new SilentSync());
    fixture.coordinator.change("alpha", alpha -> alpha.setSynchronizer(hung.address()));
    fixture.start("beta");
    SyncFixture.until(() -> hung.calls.get() > 0);
    fixture.start("alpha");
    moreArrives();
  }

  @Test
  void givesUpASilentSynchronizerOfThePeerAndAsksAgain() {
    SilentSync hung = fixture.with(new SilentSync());
    fixture.coordinator.change("alpha", alpha -> alpha.setSynchronizer(hung.address()));
    fixture.start("beta");
    SyncFixture.until(() -> hung.calls.get() > 2);
    assertThat(fixture.coordinator.progress("beta", "alpha"))
        .hasValueSatisfying(progress -> assertThat(progress.getConnected()).isFalse());
  }

  @Test
  void dropsAPeerThatVanishesAndTakesItUpWhenItReturnsElsewhere() throws Exception {
    Running running = startBoth();
    ClusterEntry entry =
        fixture.coordinator.map().getClustersList().stream()
            .filter(each -> each.getName().equals("alpha"))
            .findFirst()
            .orElseThrow();
    fixture.coordinator.forget("alpha");
    SyncFixture.until(() -> fixture.coordinator.progress("beta", "alpha").isEmpty());
    assertThat(running.registry().find("starling_sync_connected").gauges()).isEmpty();
    alpha.write("while it was away");
    // The same number: the coordinator only lost sight of it. The synchronizer has another address.
    fixture.coordinator.record(entry.toBuilder().clearSynchronizer().build());
    fixture.start("alpha");
    fixture.awaitReceived(beta, joined(FakeCluster.names("a", 20), List.of("while it was away")));
  }

  @Test
  void aPeerRecordedAnewUnderAnotherNumberIsAnotherPeer() {
    startBoth();
    FakeCluster other = new FakeCluster();
    FakeMember master = fixture.with(new FakeMember("alpha-1", other));
    FakeMember slave = fixture.with(new FakeMember("alpha-2", other));
    other.write("o", 3);
    fixture.coordinator.record(FakeCoordinator.cluster("alpha", 9, 1, master, slave));
    fixture.awaitReceived(beta, joined(FakeCluster.names("a", 20), FakeCluster.names("o", 3)));
    assertThat(beta.cursor(9)).isEqualTo(at(3));
    assertThat(beta.cursor(SyncFixture.ALPHA)).isEqualTo(at(20));
  }

  @Test
  void goesOnWithTheLastMapWhileCoordinatorsAreAway() {
    startBoth();
    fixture.coordinator.goAway();
    moreArrives();
    fixture.coordinator.comeBack();
    SyncFixture.until(() -> fixture.coordinator.sessions() == 2);
    fixture.alpha1.close();
    fixture.alphaMaster(2, fixture.alpha2);
    moreArrives();
  }

  @Test
  void leavesASilentCoordinatorAndComesBackToIt() {
    fixture.start("alpha");
    SyncFixture.until(() -> fixture.coordinator.hellos.size() == 1);
    fixture.coordinator.silent = true;
    SyncFixture.until(() -> fixture.coordinator.sessions() == 0);
    fixture.coordinator.silent = false;
    SyncFixture.until(() -> fixture.coordinator.sessions() == 1);
    assertThat(fixture.coordinator.hellos.getFirst().getHttpAddress()).startsWith("127.0.0.1:");
    assertThat(fixture.coordinator.hellos.getFirst().getPid())
        .isEqualTo(ProcessHandle.current().pid());
  }

  @Test
  void theNewestEpochCountsWhenCoordinatorsDisagree() {
    FakeCoordinator behind = fixture.with(new FakeCoordinator());
    ClusterMap old = fixture.coordinator.map();
    old.getClustersList().forEach(behind::record);
    fixture.alphaMaster(2, fixture.alpha2);
    fixture.betaMaster(2, fixture.beta2);
    fixture.alpha1.mood(Mood.NOT_MASTER);
    fixture.beta1.mood(Mood.NOT_MASTER);
    fixture.start("alpha", SyncFixture.QUICK, behind, fixture.coordinator);
    fixture.start("beta", SyncFixture.QUICK, behind, fixture.coordinator);
    SyncFixture.until(() -> behind.sessions() == 2 && fixture.coordinator.sessions() == 2);
    moreArrives();
    fixture.coordinator.goAway();
    moreArrives();
  }

  @Test
  void oneCoordinatorIsEnough() throws Exception {
    FakeCoordinator away = new FakeCoordinator();
    away.close();
    fixture.start("alpha", SyncFixture.QUICK, away, fixture.coordinator);
    fixture.start("beta", SyncFixture.QUICK, away, fixture.coordinator);
    moreArrives();
  }

  @Test
  void aMasterThatRepeatsItselfIsNotBelieved() {
    fixture.alpha1.repeats = true;
    alpha.write("a", 5);
    fixture.start("alpha");
    fixture.start("beta");
    fixture.awaitReceived(beta, FakeCluster.names("a", 5));
    assertThat(alpha.asked()).hasSizeGreaterThanOrEqualTo(5);
  }

  @Test
  void aBatchThatTheMasterNeverTakesIsToldOfOnce() {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(Intake.class);
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.INFO);
    try {
      alpha.write("fine");
      alpha.write("poison");
      fixture.beta1.poison = "poison";
      fixture.start("alpha");
      fixture.start("beta");
      SyncFixture.until(() -> fixture.beta1.deliverCalls.get() > 10);
      assertThat(List.copyOf(log.list))
          .filteredOn(event -> event.getKeyValuePairs().toString().contains("peer=\"alpha\""))
          .filteredOn(event -> event.getKeyValuePairs().toString().contains("poison"))
          .hasSize(1);
      assertThat(beta.received()).containsExactly("fine");
    } finally {
      logger.setLevel(null);
      logger.detachAppender(log);
    }
  }

  @Test
  void twoSynchronizersOfOneClusterDoNoHarm() {
    fixture.start("alpha");
    fixture.start("beta");
    fixture.start("beta");
    alpha.write("a", 500);
    fixture.awaitReceived(beta, FakeCluster.names("a", 500));
  }
}
