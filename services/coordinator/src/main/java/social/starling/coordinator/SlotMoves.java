package social.starling.coordinator;

import static social.starling.coordinator.Refusal.Kind.FORBIDDEN;
import static social.starling.coordinator.Refusal.Kind.OLD_STATE;
import static social.starling.coordinator.Refusal.Kind.UNAVAILABLE;

import java.time.Duration;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.Standing;

/**
 * Brings slots into other hands: to a cluster that joins, and from one that is forgotten.
 *
 * <p>One move goes so:
 *
 * <ol>
 *   <li>from the table at revision r, the master of the owner is asked to give slots up, under an
 *       odd version above the table's; it does so durably, as far as no user lives in them;
 *   <li>one compare-and-set of revision r names the new owner, under an even version above that;
 *   <li>the table is pushed, and each master takes what it says.
 * </ol>
 *
 * <p>Between the two steps nobody takes new names in these slots. Whatever comes in between (a
 * crash, no answer, another coordinator that was faster) leaves the table as it is or as another
 * made it; then the version asked under is above the table's, and at the next {@linkplain #pass
 * pass} the table is raised, so that the owner takes back what it gave up in vain.
 *
 * <p>Two clusters never both take new names in one slot: the table names the new owner only if,
 * since it was read, no other table was written, and in that time the old one has given the slot up
 * under a version above that table's. So what could give it back is a later table, and each of
 * those comes from the one that names the new owner.
 *
 * <p>Thread-safe; one move at a time. Blocks on masters, and holds no lock of others meanwhile.
 */
final class SlotMoves {

  /** After this time, what another coordinator has begun to forget is taken up by this one. */
  private static final long ABANDONED_NANOS = Duration.ofSeconds(15).toNanos();

  private static final Duration TURN = Duration.ofSeconds(10);
  private static final int ATTEMPTS = 16;
  private static final Logger LOG = LoggerFactory.getLogger(SlotMoves.class);

  private final Registry registry;
  private final Masters masters;
  private final LongSupplier nanoTime;
  private final ReentrantLock turn = new ReentrantLock(true);
  private final Map<String, Long> leavingSince = new HashMap<>();
  private long asked;
  private boolean begun;

  SlotMoves(Registry registry, Masters masters, LongSupplier nanoTime) {
    this.registry = registry;
    this.masters = masters;
    this.nanoTime = nanoTime;
  }

  /**
   * Does what is due: takes back what was given up in vain, finishes what was interrupted, and
   * gives joining clusters their share. Who cannot be asked is skipped.
   *
   * @return whether something is left to be done, by another pass
   * @throws Refusal when the store cannot be used
   * @throws StoreException likewise
   */
  boolean pass() {
    if (!turn.tryLock()) {
      return true;
    }
    try {
      registry.reload();
      if (!registry.isTrusted()) {
        return true;
      }
      takeBackAtFirst();
      takeBack();
      adoptOrphans();
      boolean done = finishLeaving();
      for (RecordedCluster cluster : List.copyOf(registry.clusters())) {
        if (registry.slots().standing(cluster.number()) == Standing.JOINING) {
          done &= share(cluster);
        }
      }
      takeBack();
      return !done;
    } finally {
      turn.unlock();
    }
  }

  /**
   * Forgets a cluster in which no user lives; its slots go to the others. Its volumes are not
   * touched, and its number is not given again.
   *
   * @throws Refusal when it is not recorded, users live there, its master cannot be asked, or the
   *     store cannot be used
   */
  void forget(String name) {
    Turn.take(turn, TURN, "other slots have been on their way for %d s; try again");
    try {
      registry.reload();
      RecordedCluster cluster = registry.known(name);
      if (!registry.isTrusted()) {
        throw new Refusal(
            OLD_STATE, "nothing is forgotten while the coordinator's state is not trusted");
      }
      if (cluster.epoch() == 0) {
        // Nobody ever took a name there, and once it is gone nobody can.
        remove(name, 0);
        adoptOrphans();
        return;
      }
      Standing before = registry.slots().standing(cluster.number());
      mark(cluster.number(), Standing.LEAVING);
      try {
        empty(registry.known(name));
      } catch (Refusal | StoreException e) {
        stay(cluster.number(), before);
        throw e;
      }
      remove(name, Long.MAX_VALUE);
    } finally {
      turn.unlock();
    }
  }

  private void empty(RecordedCluster cluster) {
    SlotTable table = registry.slots();
    List<Integer> others =
        registry.stayingNumbers().stream().filter(n -> n != cluster.number()).toList();
    if (others.isEmpty() && registry.clusters().size() > 1) {
      throw Refusal.of(
          UNAVAILABLE,
          "nobody can have the slots of cluster %s: the others are being forgotten; try again",
          cluster.name());
    }
    BitSet all = new BitSet(Slots.COUNT);
    all.set(0, Slots.COUNT);
    Masters.Released answer;
    try {
      answer = ask(cluster, table, all);
    } catch (Refusal e) {
      throw Refusal.of(
          FORBIDDEN,
          "it is not known whether users live in cluster %s, so it is not forgotten: %s",
          cluster.name(),
          e.getMessage());
    }
    if (!answer.used().isEmpty()) {
      throw Refusal.of(
          FORBIDDEN,
          "users live in %d slots of cluster %s: it is not forgotten",
          answer.used().cardinality(),
          cluster.name());
    }
    if (!answer.released().equals(all)) {
      throw contended();
    }
    if (!registry.replaceSlots(table, table.without(cluster.number(), others, asked))) {
      throw contended();
    }
  }

  private void remove(String name, long maxEpoch) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<RecordedCluster> cluster = registry.cluster(name);
      if (cluster.isEmpty()) {
        return;
      }
      if (cluster.get().epoch() > maxEpoch) {
        throw Refusal.of(
            UNAVAILABLE, "cluster %s has just been given its first master; try again", name);
      }
      if (registry.remove(cluster.get())) {
        return;
      }
    }
    throw contended();
  }

  /** Whoever was to be forgotten and is not has to get back what it gave up. */
  private void stay(int number, Standing standing) {
    try {
      mark(number, standing);
      takeBack();
    } catch (Refusal | StoreException e) {
      LOG.atWarn()
          .addKeyValue("number", number)
          .addKeyValue("reason", e.getMessage())
          .log("a cluster that was not forgotten gets its slots back later");
    }
  }

  private void mark(int number, Standing standing) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      SlotTable table = registry.slots();
      if (table.standing(number) == standing
          || registry.replaceSlots(table, table.with(number, standing))) {
        return;
      }
    }
    throw contended();
  }

  /**
   * A process that is no more may have asked for slots, and the request may still be on its way:
   * only while a cluster was joining or leaving, and under the version that follows the table's.
   */
  private void takeBackAtFirst() {
    SlotTable table = registry.slots();
    boolean moving =
        registry.clusters().stream()
            .anyMatch(cluster -> table.standing(cluster.number()) != Standing.SETTLED);
    if (!begun && moving) {
      asked = table.releaseVersion();
    }
    begun = true;
  }

  /** Raises the table above what was released in vain. */
  private void takeBack() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      SlotTable table = registry.slots();
      long newest = Math.max(asked, registry.slotsVersionHeard());
      if (newest <= table.version() || !table.isDealt()) {
        return;
      }
      if (registry.replaceSlots(table, table.raise(newest))) {
        LOG.atInfo()
            .addKeyValue("version", registry.slots().version())
            .log("slots that were given up in vain go back to their owners");
        return;
      }
    }
    throw contended();
  }

  /**
   * Slots of a cluster that is no longer recorded go to the others. It had never been configured:
   * any other has lost its slots before it was forgotten.
   */
  private void adoptOrphans() {
    for (int number : registry.slots().owningNumbers()) {
      SlotTable table = registry.slots();
      if (isRecorded(number)) {
        continue;
      }
      // Another coordinator may have recorded it after the clusters were read.
      registry.reload();
      List<Integer> others = registry.stayingNumbers();
      if (isRecorded(number) || others.isEmpty() && !registry.clusters().isEmpty()) {
        continue;
      }
      if (registry.replaceSlots(
          table, others.isEmpty() ? table.undealt() : table.without(number, others, 0))) {
        LOG.atInfo().addKeyValue("number", number).log("slots of a forgotten cluster dealt out");
      }
    }
  }

  private boolean isRecorded(int number) {
    return registry.clusters().stream().anyMatch(cluster -> cluster.number() == number);
  }

  /** Takes up what a coordinator that is no more has begun; false when it may still be at it. */
  private boolean finishLeaving() {
    boolean done = true;
    for (RecordedCluster cluster : List.copyOf(registry.clusters())) {
      if (registry.slots().standing(cluster.number()) != Standing.LEAVING) {
        leavingSince.remove(cluster.name());
        continue;
      }
      long now = nanoTime.getAsLong();
      if (now - leavingSince.computeIfAbsent(cluster.name(), name -> now) < ABANDONED_NANOS) {
        done = false;
        continue;
      }
      leavingSince.remove(cluster.name());
      if (registry.slots().isDealt() && !registry.slots().ownsSlots(cluster.number())) {
        remove(cluster.name(), Long.MAX_VALUE);
      } else {
        mark(cluster.number(), Standing.SETTLED);
        SlotTable table = registry.slots();
        registry.replaceSlots(table, table.raise(table.version()));
      }
    }
    return done;
  }

  /**
   * Gives a joining cluster its share of the slots that hold no user: first what the others have
   * above an even share, then, if that was not enough, from whoever has more than it, as far as
   * both come out even.
   *
   * @return whether that is done; not while somebody cannot be asked
   */
  private boolean share(RecordedCluster joining) {
    if (!registry.slots().isDealt() || !masters.canAsk(joining)) {
      return false;
    }
    int even = Slots.COUNT / registry.stayingNumbers().size();
    boolean all = shareOnce(joining, even, (owned, has) -> owned - even);
    all &= shareOnce(joining, even, (owned, has) -> (owned - has) / 2);
    if (!all) {
      return false;
    }
    mark(joining.number(), Standing.SETTLED);
    LOG.atInfo()
        .addKeyValue("cluster", joining.name())
        .addKeyValue("slots", registry.slots().count(joining.number()))
        .log("cluster has taken its share of the slots");
    return true;
  }

  /** How many slots an owner may give up, by what it owns and what the joining cluster has. */
  private interface Quota {
    int of(int owned, int has);
  }

  private boolean shareOnce(RecordedCluster joining, int even, Quota quota) {
    boolean all = true;
    List<RecordedCluster> owners =
        registry.clusters().stream()
            .filter(owner -> owner.number() != joining.number())
            .sorted(
                Comparator.comparingInt(
                        (RecordedCluster owner) -> -registry.slots().count(owner.number()))
                    .thenComparingInt(RecordedCluster::number))
            .toList();
    for (RecordedCluster owner : owners) {
      SlotTable table = registry.slots();
      int has = table.count(joining.number());
      int wanted = Math.min(even - has, quota.of(table.count(owner.number()), has));
      if (wanted > 0) {
        all &= move(owner, joining, wanted);
      }
    }
    return all;
  }

  /**
   * Moves up to so many slots in which no user lives.
   *
   * @return false when the owner could not be asked, or another coordinator was faster
   */
  private boolean move(RecordedCluster owner, RecordedCluster to, int wanted) {
    if (!masters.canAsk(owner)) {
      return false;
    }
    BitSet tried = new BitSet(Slots.COUNT);
    for (int left = wanted; left > 0; ) {
      SlotTable table = registry.slots();
      BitSet candidates = table.slotsOf(owner.number());
      candidates.andNot(tried);
      BitSet free = highest(candidates, left);
      if (free.isEmpty()) {
        return true;
      }
      tried.or(free);
      try {
        Masters.Released answer = ask(owner, table, free);
        tried.or(answer.used());
        free.and(answer.released());
      } catch (Refusal e) {
        LOG.atInfo()
            .addKeyValue("cluster", owner.name())
            .addKeyValue("reason", e.getMessage())
            .log("no slots were given up; this is tried again");
        takeBack();
        return false;
      }
      SlotTable next = free.isEmpty() ? table.raise(asked) : table.move(free, to.number(), asked);
      if (!registry.replaceSlots(table, next)) {
        return false;
      }
      LOG.atInfo()
          .addKeyValue("from", owner.name())
          .addKeyValue("to", to.name())
          .addKeyValue("slots", free.cardinality())
          .log("slots moved");
      left -= free.cardinality();
    }
    return true;
  }

  private Masters.Released ask(RecordedCluster owner, SlotTable table, BitSet slots) {
    // Known before it is sent: it must be reckoned with also when no answer comes.
    asked = table.releaseVersion();
    return masters.release(owner, asked, slots);
  }

  /** The highest slots, so that what an owner keeps stays in one piece. */
  private static BitSet highest(BitSet slots, int count) {
    BitSet some = new BitSet(Slots.COUNT);
    IntStream.iterate(slots.length() - 1, slot -> slot >= 0, slot -> slots.previousSetBit(slot - 1))
        .limit(count)
        .forEach(some::set);
    return some;
  }

  private static Refusal contended() {
    return new Refusal(UNAVAILABLE, "another coordinator changed the slots meanwhile; try again");
  }
}
