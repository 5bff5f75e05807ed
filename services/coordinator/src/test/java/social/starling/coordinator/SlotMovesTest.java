package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.proto.coordinator.v1.Standing;

/** Moves of slots between clusters whose masters follow the rules, and all that interrupts them. */
class SlotMovesTest {

  /** What stands for a crash: nothing of the process goes on. */
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;

    Crash() {
      super("crashed", null, false, false);
    }
  }

  /** Masters in memory. */
  private final class InMemory implements Masters {

    @Override
    public boolean canAsk(RecordedCluster cluster) {
      return !away.contains(cluster.name());
    }

    @Override
    public Released release(RecordedCluster cluster, long version, BitSet slots) {
      asked.add(cluster.name() + " " + version);
      beforeRelease.accept(cluster.name());
      Released answer = owner(cluster.name()).release(version, slots);
      afterRelease.accept(cluster.name());
      return answer;
    }
  }

  private final MemoryStore memory = new MemoryStore();
  private final FaultyStore store = new FaultyStore(memory);
  private final Map<String, FakeOwner> owners = new HashMap<>();
  private final Set<String> away = new HashSet<>();
  private final List<String> asked = new ArrayList<>();
  private Consumer<String> beforeRelease = name -> {};
  private Consumer<String> afterRelease = name -> {};
  private long now;
  private Registry registry;
  private SlotMoves moves;

  @BeforeEach
  void start() {
    registry = registry(2);
    moves = new SlotMoves(registry, new InMemory(), () -> now);
    join("alpha");
    join("beta");
    push();
  }

  @Test
  void shouldGiveAJoiningClusterAnEvenShareFromAll() {
    join("gamma");
    assertThat(moves.pass()).isFalse();
    push();

    assertThat(counts()).containsExactlyInAnyOrder(342, 341, 341);
    assertThat(registry.slots().standing(2)).isEqualTo(Standing.SETTLED);
    assertThat(owner("gamma").owned()).isEqualTo(registry.slots().slotsOf(2));
    checkOneOwnerEach();
    checkOwnersAgree();

    join("delta");
    assertThat(moves.pass()).isFalse();
    push();
    assertThat(counts()).containsExactlyInAnyOrder(256, 256, 256, 256);
    checkOwnersAgree();
    assertThat(registry.slots().owners()).hasSizeLessThan(12);
  }

  @Test
  void shouldTakeOnlySlotsThatHoldNoUser() {
    for (int slot = 300; slot < 512; slot++) {
      assertThat(owner("alpha").login(slot)).isTrue();
    }
    join("gamma");
    assertThat(moves.pass()).isFalse();
    push();

    assertThat(owner("alpha").used())
        .satisfies(used -> assertThat(used.cardinality()).isEqualTo(212));
    for (int slot = 300; slot < 512; slot++) {
      assertThat(registry.slots().slotsOf(0).get(slot)).isTrue();
    }
    assertThat(registry.slots().count(2)).isEqualTo(341);
    checkOwnersAgree();
  }

  @Test
  void shouldBeSettledWithLessWhenTheOthersHaveNoMoreToGive() {
    for (int slot = 0; slot < 512; slot++) {
      owner("alpha").login(slot);
    }
    join("gamma");
    assertThat(moves.pass()).isFalse();
    push();
    assertThat(counts()).containsExactly(512, 256, 256);
    assertThat(registry.slots().standing(2)).isEqualTo(Standing.SETTLED);
    checkOwnersAgree();
    List<String> before = List.copyOf(asked);
    moves.pass();
    assertThat(asked).isEqualTo(before);
  }

  @Test
  void shouldSkipAnOwnerThatIsAwayAndComeBackToIt() {
    join("gamma");
    away.add("alpha");
    assertThat(moves.pass()).isTrue();
    push();
    assertThat(registry.slots().count(0)).isEqualTo(512);
    assertThat(registry.slots().count(2)).isPositive();
    assertThat(registry.slots().standing(2)).isEqualTo(Standing.JOINING);
    assertThat(asked).noneMatch(each -> each.startsWith("alpha"));
    checkOwnersAgree();

    away.clear();
    assertThat(moves.pass()).isFalse();
    push();
    assertThat(registry.slots().count(2)).isEqualTo(341);
    checkOwnersAgree();
  }

  @Test
  void shouldGiveNothingToAClusterThatNobodyServes() {
    join("gamma");
    away.add("gamma");
    assertThat(moves.pass()).isTrue();
    assertThat(asked).isEmpty();
    assertThat(registry.slots().count(2)).isZero();
  }

  @Test
  void shouldTakeBackWhatWasGivenUpWithoutAnAnswer() {
    join("gamma");
    long before = registry.slots().version();
    afterRelease =
        name -> {
          throw new Refusal(Refusal.Kind.UNAVAILABLE, "no answer");
        };
    assertThat(moves.pass()).isTrue();
    assertThat(owner("alpha").owned().cardinality()).isLessThan(512);
    assertThat(registry.slots().version()).isGreaterThan(owner("alpha").version());
    assertThat(before).isLessThan(registry.slots().version());
    push();
    assertThat(owner("alpha").owned().cardinality()).isEqualTo(512);
    checkOwnersAgree();

    afterRelease = name -> {};
    assertThat(moves.pass()).isFalse();
    push();
    assertThat(registry.slots().count(2)).isEqualTo(341);
    checkOwnersAgree();
  }

  @Test
  void shouldGoOnAfterACrashBetweenReleaseAndTable() {
    join("gamma");
    afterRelease =
        name -> {
          throw new Crash();
        };
    assertThatThrownBy(() -> moves.pass()).isInstanceOf(Crash.class);
    assertThat(owner("alpha").owned().cardinality()).isLessThan(512);

    afterRelease = name -> {};
    registry = registry(2);
    moves = new SlotMoves(registry, new InMemory(), () -> now);
    assertThat(moves.pass()).isFalse();
    push();
    assertThat(counts()).containsExactlyInAnyOrder(342, 341, 341);
    checkOwnersAgree();
  }

  @Test
  void shouldTakeBackWhatAMemberSaysThatItGaveUpInVain() {
    // A coordinator that is no more asked for a slot, for a cluster that is no more.
    BitSet slot = new BitSet();
    slot.set(7);
    owner("alpha").release(registry.slots().version() + 1, slot);
    registry = registry(2);
    moves = new SlotMoves(registry, new InMemory(), () -> now);
    registry.admit(
        FakeMember.hello("alpha-1", "i9", "v-alpha-1")
            .setUsed(true)
            .setPromised(1)
            .setSlotsVersion(owner("alpha").version())
            .build());
    moves.pass();
    push();
    assertThat(owner("alpha").owned().get(7)).isTrue();
    checkOwnersAgree();
  }

  @Test
  void shouldNotTrustAStateWhoseSlotsAreOlderThanTheVolumes() {
    assertThatThrownBy(() ->
            registry.admit(
                FakeMember.hello("alpha-1", "i9", "v-alpha-1")
                    .setUsed(true)
                    .setPromised(1)
                    .setSlotsVersion(registry.slots().version() + 2)
                    .build()))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.OLD_STATE))
        .hasMessageContaining("rebuild-coordinator");
    join("gamma");
    assertThat(moves.pass()).isTrue();
    assertThat(asked).isEmpty();
    assertThatThrownBy(() -> moves.forget("beta"))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.OLD_STATE));
  }

  @Test
  void shouldLoseNothingWhenAnotherCoordinatorIsFaster() {
    join("gamma");
    Registry otherRegistry = registry(2);
    SlotMoves other = new SlotMoves(otherRegistry, new InMemory(), () -> now);
    boolean[] once = new boolean[1];
    afterRelease =
        name -> {
          if (!once[0]) {
            once[0] = true;
            other.pass();
          }
        };
    moves.pass();
    while (moves.pass()) {
      push();
    }
    push();
    assertThat(counts()).containsExactlyInAnyOrder(342, 341, 341);
    checkOwnersAgree();
  }

  @Test
  void shouldForgetAClusterInWhichNoUserLives() {
    moves.forget("beta");
    push();
    assertThat(registry.cluster("beta")).isEmpty();
    assertThat(registry.slots().count(0)).isEqualTo(1024);
    assertThat(owner("beta").owned().isEmpty()).isTrue();
    assertThat(owner("alpha").owned().cardinality()).isEqualTo(1024);
    assertThat(registry.slots().nextNumber()).contains(2);
    assertThatThrownBy(() -> moves.forget("beta"))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.UNKNOWN));
  }

  @Test
  void shouldNotForgetAClusterWithAUserAndGiveItsSlotsBack() {
    assertThat(owner("beta").login(900)).isTrue();
    assertThatThrownBy(() -> moves.forget("beta"))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.FORBIDDEN))
        .hasMessageContaining("users live in 1 slots of cluster beta");
    push();
    assertThat(registry.slots().standing(1)).isEqualTo(Standing.SETTLED);
    assertThat(owner("beta").owned().cardinality()).isEqualTo(512);
    checkOwnersAgree();
  }

  @Test
  void shouldNotForgetAClusterThatCannotBeAskedAndGiveBackWhatItMayHaveGivenUp() {
    afterRelease =
        name -> {
          throw new Refusal(Refusal.Kind.UNAVAILABLE, "it is silent");
        };
    assertThatThrownBy(() -> moves.forget("beta"))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.FORBIDDEN))
        .hasMessageContaining("it is silent");
    push();
    assertThat(registry.cluster("beta")).isPresent();
    assertThat(owner("beta").owned().cardinality()).isEqualTo(512);
    checkOwnersAgree();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void shouldFinishOrUndoAForgettingThatACrashInterrupted(int writes) {
    store.writesLeft = writes;
    assertThatThrownBy(() -> moves.forget("beta")).isInstanceOf(StoreException.class);
    store.writesLeft = Integer.MAX_VALUE;

    registry = registry(2);
    moves = new SlotMoves(registry, new InMemory(), () -> now);
    moves.pass();
    now += Duration.ofSeconds(16).toNanos();
    moves.pass();
    push();
    checkOwnersAgree();
    assertThat(registry.clusters())
        .noneMatch(cluster -> registry.slots().standing(cluster.number()) == Standing.LEAVING);
    if (registry.cluster("beta").isPresent()) {
      moves.forget("beta");
      push();
    }
    assertThat(registry.slots().count(0)).isEqualTo(1024);
    checkOwnersAgree();
  }

  @Test
  void shouldLeaveAloneWhatAnotherCoordinatorIsForgetting() {
    Registry otherRegistry = registry(2);
    SlotMoves other = new SlotMoves(otherRegistry, new InMemory(), () -> now);
    other.pass();
    beforeRelease = name -> other.pass();
    moves.forget("beta");
    assertThat(registry.cluster("beta")).isEmpty();
    other.pass();
    assertThat(otherRegistry.clusters()).hasSize(1);
  }

  @Test
  void shouldForgetAClusterThatWasNeverConfiguredAlthoughItOwnsSlots() {
    MemoryStore fresh = new MemoryStore();
    Registry two = new Registry(fresh, 2, new Untold());
    two.begin();
    SlotMoves own = new SlotMoves(two, new InMemory(), () -> now);
    two.record("alpha", List.of("alpha-1", "alpha-2"));
    two.record("beta", List.of("beta-1", "beta-2"));
    assertThat(two.slots().count(1)).isEqualTo(512);
    own.forget("beta");
    assertThat(two.slots().count(0)).isEqualTo(1024);
    assertThat(asked).isEmpty();
    own.forget("alpha");
    assertThat(two.slots().isDealt()).isFalse();
    own.pass();
    assertThat(two.record("gamma", List.of("gamma-1", "gamma-2"))).isEqualTo(2);
    assertThat(two.slots().isDealt()).isFalse();
  }

  private Registry registry(int expected) {
    Registry made = new Registry(store, expected, new Untold());
    made.begin();
    return made;
  }

  private void join(String name) {
    registry.record(name, List.of(name + "-1", name + "-2"));
    registry.admit(FakeMember.hello(name + "-1", "i", "v-" + name + "-1").build());
    owners.put(name, new FakeOwner());
  }

  private FakeOwner owner(String name) {
    return owners.get(name);
  }

  /** Every master hears the newest table. */
  private void push() {
    for (RecordedCluster cluster : registry.clusters()) {
      owner(cluster.name())
          .take(registry.slots().version(), registry.slots().slotsOf(cluster.number()));
    }
  }

  private List<Integer> counts() {
    return registry.clusters().stream()
        .sorted((a, b) -> Integer.compare(a.number(), b.number()))
        .map(cluster -> registry.slots().count(cluster.number()))
        .toList();
  }

  private void checkOneOwnerEach() {
    BitSet seen = new BitSet();
    for (FakeOwner owner : owners.values()) {
      assertThat(seen.intersects(owner.owned())).isFalse();
      seen.or(owner.owned());
    }
  }

  /** The masters have what the table says, and every slot has one. */
  private void checkOwnersAgree() {
    checkOneOwnerEach();
    for (RecordedCluster cluster : registry.clusters()) {
      assertThat(owner(cluster.name()).owned())
          .isEqualTo(registry.slots().slotsOf(cluster.number()));
    }
  }
}
