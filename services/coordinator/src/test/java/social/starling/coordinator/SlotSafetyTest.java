package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import social.starling.proto.coordinator.v1.Standing;

/**
 * Two clusters never both take new names in one slot, whatever is interrupted.
 *
 * <p>Two coordinators over one store; clusters that join and are forgotten; masters that follow the
 * rules. Between any two steps: a coordinator crashes, before or after what it was about to do took
 * effect; answers are lost; requests arrive late; tables are pushed late, in any order, again; the
 * other coordinator does a whole round; users register. After each step every slot is taken by at
 * most one cluster, and no user lives in a slot of another. When the faults end, all clusters have
 * what the table says, and that is everything.
 */
class SlotSafetyTest {

  private static final int SEEDS = Integer.getInteger("slot.seeds", 400);
  private static final int STEPS = 60;

  @Test
  void noSlotIsEverTakenByTwo() {
    Map<String, Integer> seen = new HashMap<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(seed, seen);
      try {
        for (int step = 0; step < STEPS; step++) {
          world.step();
          world.check();
        }
        world.heal();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "seed %d of %d: %s%n%s"
                .formatted(seed, SEEDS, e.getMessage(), String.join("\n", world.story)),
            e);
      }
    }
    System.out.println("slot safety, " + SEEDS + " seeds: " + seen);
    assertThat(seen)
        .containsKeys(
            "crash at a release",
            "crash before a write",
            "crash after a write",
            "late release arrives",
            "late table arrives",
            "answer lost",
            "other coordinator in between",
            "share taken",
            "cluster forgotten",
            "cluster with users not forgotten");
    assertThat(seen.values()).allMatch(count -> count >= 3);
  }

  /** Moves must not be safe by chance: a table that does not wait for the release is caught. */
  @Test
  void aTableThatNamesTheNewOwnerBeforeTheOldOneGaveUpIsFound() {
    int found = 0;
    for (int seed = 0; seed < 50; seed++) {
      World world = new World(seed, new HashMap<>());
      world.trusting = true;
      try {
        for (int step = 0; step < STEPS; step++) {
          world.step();
          world.check();
        }
      } catch (AssertionError e) {
        found++;
      }
    }
    assertThat(found).isPositive();
  }

  /** What stands for a crash: nothing of the process goes on. */
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;

    Crash() {
      super("crashed", null, false, false);
    }
  }

  /** A table as it was pushed to one cluster, on its way. */
  private record Pushed(FakeOwner owner, long version, BitSet slots) {}

  private static final class World {
    final List<String> story = new ArrayList<>();
    private final Random random;
    private final Map<String, Integer> seen;
    private final MemoryStore memory = new MemoryStore();
    private final Map<Integer, FakeOwner> owners = new HashMap<>();
    private final List<Pushed> pushed = new ArrayList<>();
    private final List<Runnable> late = new ArrayList<>();
    private final Coordinator[] coordinators = new Coordinator[2];
    private boolean faults = true;
    private int depth;
    private long now;
    boolean trusting;

    World(long seed, Map<String, Integer> seen) {
      this.random = new Random(seed);
      this.seen = seen;
      faults = false;
      int expected = 1 + random.nextInt(3);
      coordinators[0] = new Coordinator(0, expected);
      coordinators[1] = new Coordinator(1, expected);
      for (int i = 0; i < expected; i++) {
        join(coordinators[0]);
      }
      faults = true;
    }

    /** One of two coordinators; a new one takes its place when it crashes. */
    private final class Coordinator implements Store, Masters {
      private final int place;
      private final int expected;
      private final Registry registry;
      private final SlotMoves moves;

      Coordinator(int place, int expected) {
        this.place = place;
        this.expected = expected;
        registry = new Registry(this, expected, new Untold());
        registry.begin();
        moves = new SlotMoves(registry, this, () -> now);
      }

      @Override
      public List<Document> readAll() {
        return memory.readAll();
      }

      @Override
      public Optional<Document> read(String key) {
        return memory.read(key);
      }

      @Override
      public boolean compareAndSet(String key, long expectedVersion, byte[] content) {
        between(this);
        if (chance(40)) {
          seen("crash before a write");
          throw new Crash();
        }
        boolean done = memory.compareAndSet(key, expectedVersion, content);
        if (done && key.equals(SlotTable.KEY)) {
          SlotTable written = SlotTable.read(memory.read(key).orElseThrow());
          story.add(
              "coordinator %d writes table %d: %s"
                  .formatted(place, written.version(), written.owners())
                  .replaceAll("\\s+", " "));
        }
        if (chance(40)) {
          seen("crash after a write");
          throw new Crash();
        }
        return done;
      }

      /** Nothing is told: each pass reads. */
      @Override
      public void watch(Watcher watcher) {}

      @Override
      public void probe() {}

      @Override
      public void close() {}

      @Override
      public boolean canAsk(RecordedCluster cluster) {
        return cluster.epoch() > 0 && !chance(6);
      }

      @Override
      public Released release(RecordedCluster cluster, long version, BitSet slots) {
        between(this);
        FakeOwner owner = owners.computeIfAbsent(cluster.number(), n -> new FakeOwner());
        story.add("coordinator %d asks %s under %d".formatted(place, cluster.name(), version));
        if (trusting) {
          return new Released(slots, owner.used());
        }
        switch (faults ? random.nextInt(12) : 12) {
          case 0 -> {
            seen("crash at a release");
            if (random.nextBoolean()) {
              owner.release(version, slots);
            } else {
              late.add(() -> owner.release(version, slots));
            }
            throw new Crash();
          }
          case 1 -> {
            seen("answer lost");
            owner.release(version, slots);
            throw new Refusal(Refusal.Kind.UNAVAILABLE, "no answer");
          }
          case 2 -> {
            late.add(() -> owner.release(version, slots));
            throw new Refusal(Refusal.Kind.UNAVAILABLE, "no answer yet");
          }
          default -> {
            Released answer = owner.release(version, slots);
            between(this);
            return answer;
          }
        }
      }
    }

    void step() {
      Coordinator one = coordinators[random.nextInt(2)];
      try {
        switch (random.nextInt(10)) {
          case 0 -> join(one);
          case 1 -> forget(one);
          case 2 -> now += 20_000_000_000L;
          case 3, 4, 5 -> one.moves.pass();
          case 6 -> hello(one);
          default -> outside();
        }
      } catch (Crash e) {
        restart(one);
      } catch (Refusal e) {
        story.add("refused: " + e.getMessage());
      }
      publish();
    }

    private void restart(Coordinator one) {
      story.add("coordinator %d crashes".formatted(one.place));
      boolean before = faults;
      faults = false;
      coordinators[one.place] = new Coordinator(one.place, one.expected);
      faults = before;
    }

    /** What others do while a coordinator is between two steps. */
    private void between(Coordinator busy) {
      if (!faults || depth > 0) {
        return;
      }
      depth++;
      try {
        publish();
        if (random.nextInt(4) == 0) {
          seen("other coordinator in between");
          Coordinator other = coordinators[1 - busy.place];
          try {
            other.moves.pass();
          } catch (Crash e) {
            restart(other);
          } catch (Refusal e) {
            story.add("refused: " + e.getMessage());
          }
        }
        outside();
        check();
      } finally {
        depth--;
      }
    }

    /** Names are taken, late messages arrive. */
    private void outside() {
      for (int i = 0; i < 3; i++) {
        switch (random.nextInt(3)) {
          case 0 -> {
            if (!late.isEmpty()) {
              seen("late release arrives");
              late.remove(random.nextInt(late.size())).run();
            }
          }
          case 1 -> {
            if (!pushed.isEmpty()) {
              seen("late table arrives");
              Pushed old = pushed.get(random.nextInt(pushed.size()));
              old.owner().take(old.version(), old.slots());
            }
          }
          default -> {
            // Few slots, so that many of them are not empty; and few users, so that many are.
            if (!owners.isEmpty() && random.nextInt(3) == 0) {
              List<FakeOwner> all = List.copyOf(owners.values());
              all.get(random.nextInt(all.size())).login(random.nextInt(32) * 32);
            }
          }
        }
      }
    }

    /** Each coordinator pushes the table that it knows; it arrives now, later, or never. */
    private void publish() {
      for (Coordinator each : coordinators) {
        SlotTable table = each.registry.slots();
        for (RecordedCluster cluster : each.registry.clusters()) {
          FakeOwner owner = owners.get(cluster.number());
          if (owner == null) {
            continue;
          }
          BitSet slots = table.slotsOf(cluster.number());
          if (!faults || random.nextInt(2) == 0) {
            owner.take(table.version(), slots);
          } else if (pushed.size() < 200) {
            pushed.add(new Pushed(owner, table.version(), slots));
          }
        }
      }
    }

    private void join(Coordinator one) {
      one.registry.reload();
      int next = one.registry.slots().nextNumber().orElseThrow();
      if (one.registry.clusters().size() > 4) {
        return;
      }
      String name = "c" + next;
      story.add("%s joins at coordinator %d".formatted(name, one.place));
      int number = one.registry.record(name, List.of(name + "-1", name + "-2"));
      one.registry.admit(FakeMember.hello(name + "-1", "i", "v" + name).build());
      owners.put(number, new FakeOwner());
    }

    private void forget(Coordinator one) {
      List<RecordedCluster> all = List.copyOf(one.registry.clusters());
      if (all.size() < 2) {
        return;
      }
      RecordedCluster cluster = all.get(random.nextInt(all.size()));
      FakeOwner owner = owners.get(cluster.number());
      boolean users = owner != null && !owner.used().isEmpty();
      story.add("%s is to be forgotten at coordinator %d".formatted(cluster.name(), one.place));
      try {
        one.moves.forget(cluster.name());
        assertThat(owner == null ? new BitSet() : owner.used())
            .as("users of forgotten %s", cluster.name())
            .matches(BitSet::isEmpty);
        seen("cluster forgotten");
      } catch (Refusal e) {
        if (users) {
          seen("cluster with users not forgotten");
        }
        throw e;
      }
    }

    /** A member opens a session, as all do when a coordinator starts. */
    private void hello(Coordinator one) {
      for (RecordedCluster cluster : List.copyOf(one.registry.clusters())) {
        FakeOwner owner = owners.get(cluster.number());
        one.registry.admit(
            FakeMember.hello(cluster.name() + "-1", "i", "v" + cluster.name())
                .setUsed(owner != null)
                .setSlotsVersion(owner == null ? 0 : owner.version())
                .build());
        owners.putIfAbsent(cluster.number(), new FakeOwner());
      }
    }

    void check() {
      BitSet taken = new BitSet();
      for (Map.Entry<Integer, FakeOwner> each : owners.entrySet()) {
        BitSet own = each.getValue().owned();
        assertThat(taken.intersects(own))
            .as("cluster %d takes another's slot", each.getKey())
            .isFalse();
        taken.or(own);
      }
      SlotTable table = newest().registry.slots();
      for (Map.Entry<Integer, FakeOwner> each : owners.entrySet()) {
        BitSet used = each.getValue().used();
        used.andNot(table.slotsOf(each.getKey()));
        assertThat(used.isEmpty()).as("users of %d live elsewhere", each.getKey()).isTrue();
      }
    }

    private Coordinator newest() {
      return coordinators[0].registry.slots().revision()
              >= coordinators[1].registry.slots().revision()
          ? coordinators[0]
          : coordinators[1];
    }

    /** No more faults: everybody comes to have what the table says. */
    void heal() {
      faults = false;
      for (Coordinator each : coordinators) {
        hello(each);
      }
      late.forEach(Runnable::run);
      for (Pushed old : pushed) {
        old.owner().take(old.version(), old.slots());
      }
      check();
      for (Coordinator each : coordinators) {
        hello(each);
      }
      boolean left = true;
      for (int round = 0; round < 10 && left; round++) {
        now += 20_000_000_000L;
        left = coordinators[0].moves.pass() | coordinators[1].moves.pass();
        publish();
        check();
      }
      assertThat(left).as("something is left to do").isFalse();
      Registry registry = newest().registry;
      BitSet all = new BitSet();
      for (RecordedCluster cluster : registry.clusters()) {
        BitSet own = owners.get(cluster.number()).owned();
        assertThat(own).isEqualTo(registry.slots().slotsOf(cluster.number()));
        assertThat(registry.slots().standing(cluster.number())).isEqualTo(Standing.SETTLED);
        if (registry.slots().count(cluster.number()) > 0) {
          seen("share taken");
        }
        all.or(own);
      }
      assertThat(all.cardinality()).isEqualTo(registry.slots().isDealt() ? 1024 : 0);
    }

    private boolean chance(int oneOf) {
      return faults && random.nextInt(oneOf) == 0;
    }

    private void seen(String what) {
      seen.merge(what, 1, Integer::sum);
      story.add(what);
    }
  }
}
