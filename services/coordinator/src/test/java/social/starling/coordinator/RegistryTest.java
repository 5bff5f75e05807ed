package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.coordinator.FaultyStore.Fault;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Expand;
import social.starling.proto.coordinator.v1.Handover;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.Promote;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;
import social.starling.proto.coordinator.v1.Shrink;

class RegistryTest {

  /** What the listener was told, in order. */
  private static final class Told implements Registry.Listener {
    final List<String> events = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void changed(RecordedCluster cluster) {
      events.add(cluster.name() + " " + cluster.epoch());
    }

    @Override
    public void forgotten(RecordedCluster cluster) {
      events.add(cluster.name() + " forgotten");
    }

    @Override
    public void slotsChanged() {
      events.add("slots");
    }

    @Override
    public void distrusted(RecordedCluster cluster, String sentence) {
      events.add(cluster.name() + " distrusted");
    }

    @Override
    public void damaged(StoreException failure) {
      events.add("damaged");
    }
  }

  @TempDir Path directory;
  private Path file;
  private final List<SqliteStore> stores = new ArrayList<>();
  private FaultyStore store;
  private final Told told = new Told();
  private Registry registry;

  @BeforeEach
  void open() {
    file = directory.resolve("coordinator.db");
    SqliteStore.create(file);
    store = new FaultyStore(openStore());
    registry = new Registry(store, 1, told);
    registry.begin();
  }

  @AfterEach
  void close() {
    stores.forEach(Store::close);
  }

  @Test
  void shouldRefuseOnceTwoCoordinatorsOverOneStoreDisagree() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    Registry other = new Registry(openStore(), 1, new Told());
    assertThat(registry.reconfigure(expand(1)).getExecuted()).isTrue();

    // The other one has not seen epoch 2 yet, and decides from epoch 1.
    ReconfigureResponse late = other.reconfigure(shrink(1));
    assertThat(late.getExecuted()).isFalse();
    assertThat(late.getConfiguration().getEpoch()).isEqualTo(2);
    assertThat(other.reconfigure(promote(2, "alpha-2", "v2")).getExecuted()).isTrue();

    ReconfigureResponse current = registry.reconfigure(shrink(3));
    assertThat(current.getExecuted()).isFalse();
    assertThat(current.getConfiguration().getMaster()).isEqualTo("alpha-2");
    assertThat(told.events).endsWith("alpha 3");
  }

  @Test
  void shouldAdmitAVolumeThatPromisedWhatAnotherCoordinatorDecided() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    Registry other = new Registry(openStore(), 1, new Told());
    registry.reconfigure(shrink(1));
    assertThat(
            other
                .admit(hello("alpha-1", "v1").toBuilder().setUsed(true).setPromised(2).build())
                .epoch())
        .isEqualTo(2);
  }

  @Test
  void shouldExecuteOneOfManyRequestsOfAnEpochOverSeveralCoordinators() throws Exception {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    registry.reconfigure(expand(1));
    List<Registry> registries =
        List.of(
            registry,
            new Registry(openStore(), 1, new Told()),
            new Registry(openStore(), 1, new Told()));
    for (long epoch = 2; epoch < 42; epoch++) {
      Configuration before = registry.known("alpha").configuration();
      List<ReconfigureRequest> requests =
          List.of(
              promote(epoch, "alpha-1", "v1"),
              promote(epoch, "alpha-2", "v2"),
              shrink(epoch),
              request(epoch, before.getMaster().equals("alpha-1") ? "alpha-1" : "alpha-2")
                  .setHandover(
                      Handover.newBuilder()
                          .setPeer(before.getMaster().equals("alpha-1") ? "alpha-2" : "alpha-1")
                          .setPeerInstance("peer"))
                  .build());
      List<ReconfigureResponse> answers = Collections.synchronizedList(new ArrayList<>());
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        Registry asked = registries.get(i % 3);
        ReconfigureRequest request = requests.get(i % requests.size());
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    go.await();
                    answers.add(asked.reconfigure(request));
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
      }
      go.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(answers).hasSize(8);
      assertThat(answers.stream().filter(ReconfigureResponse::getExecuted)).hasSize(1);
      Configuration after =
          answers.stream()
              .filter(ReconfigureResponse::getExecuted)
              .findFirst()
              .get()
              .getConfiguration();
      assertThat(answers)
          .extracting(ReconfigureResponse::getConfiguration)
          .isSubsetOf(before, after);
      long next = epoch + 1;
      registries.forEach(each ->
          assertThat(each.reconfigure(shrink(next - 1)).getConfiguration()).isEqualTo(after));
      widen(after);
      epoch = registry.known("alpha").epoch() - 1;
    }
  }

  /** Brings both members back into the set, so that the next race has something to decide. */
  private void widen(Configuration after) {
    if (after.getInSyncCount() == 1) {
      String master = after.getMaster();
      String peer = master.equals("alpha-1") ? "alpha-2" : "alpha-1";
      registry.reconfigure(
          request(after.getEpoch(), master)
              .setExpand(Expand.newBuilder().setPeer(peer).setPeerVolume("v" + peer.charAt(6)))
              .build());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE", "ALL"})
  void shouldAnswerTryAgainAndRecoverWhenTheDiskHasSpaceAgain(Fault fault) {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    store.fault = fault;
    assertThatThrownBy(() -> registry.reconfigure(shrink(1))).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> registry.probe()).isInstanceOf(StoreException.class);
    assertThat(registry.isStale()).isTrue();
    assertThat(registry.known("alpha").epoch()).isEqualTo(1);

    store.fault = Fault.NONE;
    registry.repair();
    assertThat(registry.isStale()).isFalse();
    assertThat(registry.reconfigure(shrink(1)).getExecuted()).isTrue();
    assertThat(told.events).endsWith("alpha 1", "alpha 2");
  }

  @Test
  void shouldFindOutWhatBecameOfAChangeOfUnknownOutcome() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    store.fault = Fault.AFTER;
    assertThatThrownBy(() -> registry.reconfigure(shrink(1))).isInstanceOf(StoreException.class);
    assertThat(told.events).endsWith("alpha 1");

    store.fault = Fault.NONE;
    ReconfigureResponse again = registry.reconfigure(shrink(1));
    assertThat(again.getExecuted()).isFalse();
    assertThat(again.getConfiguration().getEpoch()).isEqualTo(2);
    assertThat(told.events).endsWith("alpha 1", "alpha 2");
  }

  @Test
  void shouldNotConfigureTheFirstMasterTwiceWhenTheOutcomeWasUnknown() {
    record("alpha");
    store.fault = Fault.AFTER;
    assertThatThrownBy(() -> registry.admit(hello("alpha-1", "v1")))
        .isInstanceOf(StoreException.class);
    store.fault = Fault.NONE;
    RecordedCluster cluster = registry.admit(hello("alpha-2", "v2"));
    assertThat(cluster.epoch()).isEqualTo(1);
    assertThat(cluster.configuration().getMaster()).isEqualTo("alpha-1");
  }

  @Test
  void shouldGiveUpWhenTheStateCannotBeUnderstood() {
    record("alpha");
    store.fault = Fault.DAMAGED;
    assertThatThrownBy(() -> registry.reload()).isInstanceOf(StoreException.class);
    assertThat(told.events).endsWith("damaged");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void shouldFinishARecordingThatACrashInterrupted(int writes) {
    store.writesLeft = writes;
    assertThatThrownBy(() -> record("alpha")).isInstanceOf(StoreException.class);

    Registry restarted = new Registry(openStore(), 1, told);
    restarted.begin();
    int number = restarted.record("alpha", List.of("alpha-1", "alpha-2"));
    assertThat(restarted.record("alpha", List.of("alpha-2", "alpha-1"))).isEqualTo(number);
    assertThat(restarted.slots().ranges(number)).hasSize(1);
    assertThat(restarted.clusters()).hasSize(1);
  }

  @Test
  void shouldDealOutTheSlotsThatACrashLeftWhenItStarts() {
    store.writesLeft = 2;
    assertThatThrownBy(() -> record("alpha")).isInstanceOf(StoreException.class);
    Registry restarted = new Registry(openStore(), 1, told);
    assertThat(restarted.slots().isDealt()).isFalse();
    restarted.begin();
    assertThat(restarted.slots().isDealt()).isTrue();
  }

  @Test
  void shouldDealOutSlotsOnlyWhenTheExpectedClustersAreRecorded() {
    Registry three = new Registry(openStore(), 3, told);
    three.record("alpha", List.of("alpha-1", "alpha-2"));
    three.record("beta", List.of("beta-1", "beta-2"));
    assertThat(three.slots().owners()).isEmpty();
    int last = three.record("gamma", List.of("gamma-1", "gamma-2"));
    assertThat(three.slots().owners()).hasSize(3);
    assertThat(three.slots().ranges(last)).isNotEmpty();
    int late = three.record("delta", List.of("delta-1", "delta-2"));
    assertThat(three.slots().ranges(late)).isEmpty();
    Registry again = new Registry(openStore(), 3, told);
    assertThat(again.slots().owners()).isEqualTo(three.slots().owners());
    assertThat(again.slots().version()).isEqualTo(three.slots().version());
  }

  @Test
  void shouldDealOutToClustersThatAnotherCoordinatorRecorded() {
    Registry one = new Registry(openStore(), 2, new Told());
    Registry two = new Registry(openStore(), 2, new Told());
    one.record("alpha", List.of("alpha-1", "alpha-2"));
    two.record("beta", List.of("beta-1", "beta-2"));
    assertThat(two.slots().owners()).hasSize(2);
    assertThat(two.clusters()).hasSize(2);
  }

  @Test
  void shouldNotTrustANewClusterUnderAForgottenNameWithTheOldVolumes() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    registry.reconfigure(shrink(1));
    assertThat(registry.remove(registry.known("alpha"))).isTrue();
    assertThat(record("alpha")).isEqualTo(1);
    assertThat(registry.known("alpha").epoch()).isZero();
    Hello old = hello("alpha-1", "v1").toBuilder().setUsed(true).setPromised(2).build();
    assertThatThrownBy(() -> registry.admit(old))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.OLD_STATE));
  }

  @Test
  void shouldLetAnotherMemberTakeThePlaceOfOneThatIsNotInSync() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));

    int number = registry.record("alpha", List.of("alpha-1", "alpha-3"), 1);

    assertThat(number).isZero();
    assertThat(registry.known("alpha").members()).containsExactly("alpha-1", "alpha-3");
    assertThat(registry.known("alpha").membersVersion()).isEqualTo(2);
    assertThat(registry.known("alpha").epoch()).isEqualTo(1);
    assertThat(registry.admit(hello("alpha-3", "v3")).members()).contains("alpha-3");
    assertThat(registry.reconfigure(expandTo("alpha-3", "v3")).getExecuted()).isTrue();
    assertThatThrownBy(() -> registry.admit(hello("alpha-2", "v2")))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.UNKNOWN));
    Registry again = new Registry(openStore(), 1, told);
    assertThat(again.known("alpha").members()).containsExactly("alpha-1", "alpha-3");
    assertThat(again.known("alpha").membersVersion()).isEqualTo(2);
  }

  @Test
  void shouldNotBringAFormerMemberIntoSync() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    Registry other = new Registry(openStore(), 1, new Told());
    registry.record("alpha", List.of("alpha-1", "alpha-3"), 1);

    // The request was on its way, and comes to a coordinator that does not know of it yet.
    ReconfigureResponse late = other.reconfigure(expand(1));

    assertThat(late.getExecuted()).isFalse();
    assertThat(late.getRefusal()).contains("alpha-2 is not a member");
    assertThat(other.known("alpha").members()).containsExactly("alpha-1", "alpha-3");
  }

  @Test
  void shouldKeepTheMembersWhileTheOneThatWouldGoIsInSync() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    registry.reconfigure(expand(1));

    for (List<String> members :
        List.of(List.of("alpha-1", "alpha-3"), List.of("alpha-3", "alpha-2"))) {
      assertThatThrownBy(() -> registry.record("alpha", members, 1))
          .isInstanceOfSatisfying(
              Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.FORBIDDEN))
          .hasMessageContaining("in sync");
    }
    assertThat(registry.known("alpha").members()).containsExactly("alpha-1", "alpha-2");
  }

  @Test
  void shouldNotChangeMembersForWhoDoesNotKnowThem() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    registry.record("alpha", List.of("alpha-1", "alpha-3"), 1);

    // A request of an operator that led before, and one that names nobody who is there.
    for (long version : new long[] {0, 1, 3}) {
      assertConflict(List.of("alpha-1", "alpha-2"), version);
    }
    assertConflict(List.of("alpha-4", "alpha-5"), 2);
    assertThat(registry.record("alpha", List.of("alpha-3", "alpha-1"), 1)).isZero();
    assertThat(registry.known("alpha").membersVersion()).isEqualTo(2);
  }

  private void assertConflict(List<String> members, long version) {
    assertThatThrownBy(() -> registry.record("alpha", members, version))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.CONFLICT))
        .hasMessageContaining("alpha-1 and alpha-3");
  }

  private static ReconfigureRequest expandTo(String peer, String volume) {
    return request(1, "alpha-1")
        .setExpand(Expand.newBuilder().setPeer(peer).setPeerVolume(volume))
        .build();
  }

  @Test
  void shouldRefuseACopyOfTheOtherMembersVolume() {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    assertThatThrownBy(() -> registry.admit(hello("alpha-2", "v1")))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("copy");
  }

  @Test
  void shouldRefuseIdsOutsideTheirBounds() {
    record("alpha");
    for (String id : List.of("", "a b", "x".repeat(129), "é", "line\nfeed")) {
      assertThatThrownBy(() -> registry.admit(hello("alpha-1", id)))
          .isInstanceOfSatisfying(
              Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.INVALID));
      assertThatThrownBy(() -> registry.reconfigure(promote(1, "alpha-1", id)))
          .isInstanceOf(Refusal.class);
    }
    Hello large = hello("alpha-1", "v1").toBuilder().setDirectory("d".repeat(20_000)).build();
    assertThatThrownBy(() -> registry.admit(large)).hasMessageContaining("bytes");
  }

  @Test
  void shouldWaitForANewerConfigurationUntilTheTimeIsOver() throws InterruptedException {
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    assertThat(registry.awaitNewer("alpha", 1, Duration.ofMillis(20)).getEpoch()).isEqualTo(1);
    Thread change = Thread.ofVirtual().start(() -> registry.reconfigure(shrink(1)));
    assertThat(registry.awaitNewer("alpha", 1, Duration.ofSeconds(10)).getEpoch()).isEqualTo(2);
    change.join();
  }

  /** Random requests, restarts and failures of the disk: what was answered is never taken back. */
  @Test
  void shouldNeverTakeBackWhatItAnswered() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("seed " + seed);
    RandomGenerator random = new Random(seed);
    record("alpha");
    registry.admit(hello("alpha-1", "v1"));
    Configuration answered = registry.known("alpha").configuration();
    Set<String> kinds = new TreeSet<>();
    for (int step = 0; step < 1500; step++) {
      store.fault =
          random.nextInt(4) > 0 ? Fault.NONE : random.nextBoolean() ? Fault.AFTER : Fault.BEFORE;
      if (random.nextInt(20) == 0) {
        store.fault = Fault.NONE;
        stores.removeLast().close();
        store = new FaultyStore(openStore());
        registry = new Registry(store, 1, told);
        kinds.add("restart");
      }
      String member = random.nextBoolean() ? "alpha-1" : "alpha-2";
      String peer = member.equals("alpha-1") ? "alpha-2" : "alpha-1";
      ReconfigureRequest.Builder request =
          request(answered.getEpoch() + random.nextInt(-1, 2), member);
      switch (random.nextInt(8)) {
        case 0 -> request.setPromote(Promote.getDefaultInstance());
        case 1 -> request.setShrink(Shrink.getDefaultInstance());
        case 2, 3, 4 ->
            request.setExpand(
                Expand.newBuilder().setPeer(peer).setPeerVolume("v" + peer.charAt(6)));
        default -> request.setHandover(Handover.newBuilder().setPeer(peer).setPeerInstance("p"));
      }
      try {
        ReconfigureResponse response = registry.reconfigure(request.build());
        Configuration next = response.getConfiguration();
        assertThat(next.getEpoch()).isGreaterThanOrEqualTo(answered.getEpoch());
        if (next.getEpoch() == answered.getEpoch()) {
          assertThat(next).isEqualTo(answered);
        }
        answered = next;
        kinds.add(response.getExecuted() ? request.getChangeCase().name() : "refused");
      } catch (StoreException e) {
        kinds.add("failed");
      }
    }
    assertThat(kinds)
        .containsExactly("EXPAND", "HANDOVER", "PROMOTE", "SHRINK", "failed", "refused", "restart");
  }

  private SqliteStore openStore() {
    SqliteStore opened = SqliteStore.open(file);
    stores.add(opened);
    return opened;
  }

  private int record(String cluster) {
    return registry.record(cluster, List.of(cluster + "-1", cluster + "-2"));
  }

  private static Hello hello(String member, String volume) {
    return FakeMember.hello(member, "i-" + member, volume).build();
  }

  private static ReconfigureRequest.Builder request(long epoch, String member) {
    return ReconfigureRequest.newBuilder()
        .setCluster("alpha")
        .setEpoch(Math.max(0, epoch))
        .setMember(member)
        .setVolume("v" + member.charAt(6))
        .setInstance("i-" + member);
  }

  private static ReconfigureRequest expand(long epoch) {
    return request(epoch, "alpha-1")
        .setExpand(Expand.newBuilder().setPeer("alpha-2").setPeerVolume("v2"))
        .build();
  }

  private static ReconfigureRequest shrink(long epoch) {
    return request(epoch, "alpha-1").setShrink(Shrink.getDefaultInstance()).build();
  }

  private static ReconfigureRequest promote(long epoch, String member, String volume) {
    return request(epoch, member)
        .setVolume(volume)
        .setPromote(Promote.getDefaultInstance())
        .build();
  }
}
