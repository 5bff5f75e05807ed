package social.starling.coordinator;

import static social.starling.coordinator.Refusal.Kind.EXHAUSTED;
import static social.starling.coordinator.Refusal.Kind.OLD_STATE;
import static social.starling.coordinator.Refusal.Kind.UNAVAILABLE;
import static social.starling.coordinator.Refusal.Kind.UNKNOWN;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;
import social.starling.proto.coordinator.v1.Standing;

/**
 * What is recorded: every cluster's configuration, and the slots. The one place that changes the
 * store.
 *
 * <p>A change goes so:
 *
 * <ol>
 *   <li>decide from the document at the version that this process last read;
 *   <li>compare-and-set; when another coordinator was faster, read the document and decide again;
 *   <li>durable now: take it into the snapshot that readers see;
 *   <li>tell the listener, which pushes it; then answer.
 * </ol>
 *
 * <p>When the store fails it is not known whether the change took effect: the caller is answered
 * "try again", and nothing is decided until the documents were read again.
 *
 * <p>Thread-safe. Changes are made under one lock, held over the commit; reading takes no lock. The
 * listener is called under the lock, so that it sees changes in order; it must not block.
 */
final class Registry {

  /** Is told also of what cannot be gone on with. Must not block or call back. */
  interface Listener extends Records.Listener {

    /** Nothing of this cluster is decided any longer; the reason in a sentence. */
    void distrusted(RecordedCluster cluster, String sentence);

    /** The stored state cannot be read any longer: this process is of no use. */
    void damaged(StoreException failure);
  }

  /** Wakes who waits for a change, and passes it on. */
  private final class Wake implements Records.Listener {

    @Override
    public void changed(RecordedCluster cluster) {
      changed.signalAll();
      listener.changed(cluster);
    }

    @Override
    public void forgotten(RecordedCluster cluster) {
      changed.signalAll();
      distrusted.remove(cluster.name());
      listener.forgotten(cluster);
    }

    @Override
    public void slotsChanged() {
      listener.slotsChanged();
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(2);
  private static final int ATTEMPTS = 16;

  private final Store store;
  private final int expectedClusters;
  private final Listener listener;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition changed = lock.newCondition();
  private final Map<String, String> distrusted = new ConcurrentHashMap<>();
  private final AtomicLong slotsVersionHeard = new AtomicLong();
  private final Records records;
  private volatile boolean stale;

  /**
   * Reads the store. Call {@link #begin} once the listener can be called.
   *
   * @param expectedClusters the slots are dealt out when so many are recorded
   * @throws StoreException when the state cannot be read
   */
  Registry(Store store, int expectedClusters, Listener listener) {
    this.store = store;
    this.expectedClusters = expectedClusters;
    this.listener = listener;
    records = new Records(store, new Wake());
  }

  /** Tells the listener what there is, and finishes what a crash left undone. */
  void begin() {
    locked(() -> {
      records.clusters().forEach(listener::changed);
      listener.slotsChanged();
      return null;
    });
    try {
      locked(() -> {
        dealIfDue();
        return null;
      });
    } catch (StoreException e) {
      LOG.atWarn().addKeyValue("reason", e.getMessage()).log("slots are not dealt out yet");
    }
  }

  int expectedClusters() {
    return expectedClusters;
  }

  /** Every recorded cluster, by name. */
  Collection<RecordedCluster> clusters() {
    return records.clusters();
  }

  Optional<RecordedCluster> cluster(String name) {
    return records.cluster(name);
  }

  /**
   * A recorded cluster.
   *
   * @throws Refusal when it is not recorded
   */
  RecordedCluster known(String name) {
    return cluster(name)
        .orElseThrow(() -> Refusal.of(UNKNOWN, "cluster \"%s\" is not recorded", name));
  }

  /**
   * Checks that a member is recorded.
   *
   * @throws Refusal when it is not
   */
  void knownMember(String cluster, String member) {
    checkMember(known(cluster), member);
  }

  SlotTable slots() {
    return records.slots();
  }

  /** Whether the last use of the store failed. */
  boolean isStale() {
    return stale;
  }

  /**
   * Carries out a member's request, or not. The answer carries the current configuration.
   *
   * @throws Refusal when it names what is not recorded, or the store fails
   */
  ReconfigureResponse reconfigure(ReconfigureRequest request) {
    Bounds.check(request);
    return locked(() -> {
      checkMember(known(request.getCluster()), request.getMember());
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        RecordedCluster current = trusted(request.getCluster());
        switch (Reconfigurations.decide(current, request)) {
          case Decision.Refused refused -> {
            // Another coordinator may have decided since: who is refused gets what is current.
            records.refresh(RecordedCluster.key(current.name()));
            if (known(current.name()).version() != current.version()) {
              continue;
            }
            return ReconfigureResponse.newBuilder()
                .setConfiguration(current.configuration())
                .setRefusal(refused.reason())
                .build();
          }
          case Decision.Executed executed -> {
            if (records.replace(current, executed.next())) {
              return ReconfigureResponse.newBuilder()
                  .setConfiguration(executed.next())
                  .setExecuted(true)
                  .build();
            }
          }
        }
      }
      throw contended();
    });
  }

  /**
   * Checks a member that opens a session, and makes it the first master if its cluster has none.
   *
   * @throws Refusal when the member is not recorded, when what is recorded is older than its
   *     volume, or when the store fails
   */
  RecordedCluster admit(Hello hello) {
    Bounds.check(hello);
    RecordedCluster cluster = known(hello.getCluster());
    checkMember(cluster, hello.getMember());
    checkNotCopied(cluster, hello);
    if (!stale
        && cluster.epoch() > 0
        && hello.getPromised() <= cluster.epoch()
        && hello.getSlotsVersion() <= slots().version()) {
      trusted(cluster.name());
      return cluster;
    }
    return locked(() -> admitLocked(hello));
  }

  private RecordedCluster admitLocked(Hello hello) {
    if (known(hello.getCluster()).epoch() < Math.max(1, hello.getPromised())) {
      records.refresh(RecordedCluster.key(hello.getCluster()));
    }
    if (hello.getSlotsVersion() > slots().version()) {
      records.refresh(SlotTable.KEY);
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      RecordedCluster cluster = trusted(hello.getCluster());
      checkSlotsVersion(cluster, hello);
      if (hello.getPromised() > cluster.epoch()) {
        throw distrust(
            cluster,
            ("the volume of %s has promised epoch %d, and the coordinator's state of cluster %s"
                    + " ends at epoch %d: it is older than the volumes; run `starling admin"
                    + " rebuild-coordinator`")
                .formatted(
                    hello.getMember(), hello.getPromised(), cluster.name(), cluster.epoch()));
      }
      if (cluster.epoch() > 0) {
        return cluster;
      }
      if (hello.getUsed()) {
        throw distrust(
            cluster,
            ("the volume of %s was used before, and the coordinator's state knows nothing of"
                    + " cluster %s: it is not the state that belongs to the volumes; run `starling"
                    + " admin rebuild-coordinator`")
                .formatted(hello.getMember(), cluster.name()));
      }
      Configuration first =
          Reconfigurations.first(
              cluster, hello.getMember(), hello.getVolume(), hello.getInstance());
      if (records.replace(cluster, first)) {
        return known(cluster.name());
      }
    }
    throw contended();
  }

  /** See {@link SlotTable} for what a version above the table's means. */
  private void checkSlotsVersion(RecordedCluster cluster, Hello hello) {
    long heard = hello.getSlotsVersion();
    if (heard <= slots().version()) {
      return;
    }
    if (heard % 2 == 0) {
      throw distrust(
          cluster,
          ("the volume of %s has version %d of the table of slots, and the coordinator's state ends"
                  + " at version %d: it is older than the volumes; run `starling admin"
                  + " rebuild-coordinator`")
              .formatted(hello.getMember(), heard, slots().version()));
    }
    slotsVersionHeard.accumulateAndGet(heard, Math::max);
  }

  /**
   * Records a cluster. No effect when it is recorded with the same members.
   *
   * @return its number
   * @throws Refusal when it is recorded with others, when no number is left, or the store fails
   */
  int record(String name, List<String> members) {
    return record(name, members, 0);
  }

  /**
   * Records a cluster, or lets another member take the place of one of a recorded cluster. No
   * effect when it is recorded with the same members.
   *
   * @param membersVersion of the members that another is to be among; 0 changes nothing that is
   *     recorded
   * @return its number
   * @throws Refusal when other members are recorded and may not be changed so, when no number is
   *     left, or the store fails
   */
  int record(String name, List<String> members, long membersVersion) {
    Bounds.checkCluster(name, members);
    return locked(() -> {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        records.reload();
        Optional<RecordedCluster> recorded = cluster(name);
        if (recorded.isEmpty()) {
          if (records.insert(name, members, takeNumber(name))) {
            dealIfDue();
            return known(name).number();
          }
        } else if (new HashSet<>(recorded.get().members()).equals(new HashSet<>(members))) {
          dealIfDue();
          return recorded.get().number();
        } else if (replaceMember(recorded.get(), members, membersVersion)) {
          return recorded.get().number();
        }
      }
      throw contended();
    });
  }

  private boolean replaceMember(RecordedCluster recorded, List<String> members, long version) {
    RecordedCluster current = trusted(recorded.name());
    Succession.check(current, members, version);
    boolean done = records.replace(current, current.with(members));
    if (done) {
      LOG.atInfo()
          .addKeyValue("cluster", current.name())
          .addKeyValue("before", current.members())
          .addKeyValue("members", members)
          .log("another member takes a place");
    }
    return done;
  }

  /**
   * Replaces the table of slots, if the one that is known is still the one given.
   *
   * @return whether it was replaced; if not, what another coordinator wrote has been read
   */
  boolean replaceSlots(SlotTable current, SlotTable next) {
    return locked(() -> slots().revision() == current.revision() && records.replaceSlots(next));
  }

  /**
   * Leaves nothing of a cluster but its number, which is not given again, if the document is still
   * at the version given. Its volumes are not touched.
   *
   * @return whether it was; if not, what another coordinator wrote has been read
   */
  boolean remove(RecordedCluster cluster) {
    return locked(() ->
        cluster(cluster.name()).filter(known -> known.version() == cluster.version()).isPresent()
            && records.remove(cluster));
  }

  /** Reads every document again, and deals the slots out if that is due. */
  void reload() {
    locked(() -> {
      records.reload();
      dealIfDue();
      return null;
    });
  }

  /** Takes what another coordinator has written. */
  void learned(Document document) {
    locked(() -> {
      records.take(document);
      return null;
    });
  }

  /** Whether what is recorded is known, and nothing that was heard contradicts it. */
  boolean isTrusted() {
    return !stale && distrusted.isEmpty();
  }

  /** The newest version of the slot table that a member was heard to have journaled. */
  long slotsVersionHeard() {
    return slotsVersionHeard.get();
  }

  /** The clusters that may be given slots, by number. */
  List<Integer> stayingNumbers() {
    return clusters().stream()
        .map(RecordedCluster::number)
        .filter(number -> slots().standing(number) != Standing.LEAVING)
        .sorted()
        .toList();
  }

  /**
   * Makes a member master although no volume that is recorded can return.
   *
   * @param guard throws a {@link Refusal} if this must not be done to the cluster as it is now
   * @throws Refusal also when the member is not recorded, or the store fails
   */
  Configuration recover(
      String name, String member, String volume, String instance, Consumer<RecordedCluster> guard) {
    return locked(() -> {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        RecordedCluster cluster = trusted(name);
        checkMember(cluster, member);
        guard.accept(cluster);
        Configuration next = Reconfigurations.recovered(cluster, member, volume, instance);
        if (records.replace(cluster, next)) {
          return next;
        }
      }
      throw contended();
    });
  }

  /**
   * Waits until a configuration is known that is newer than an epoch.
   *
   * @return the current configuration: still the old one when the time is over
   */
  Configuration awaitNewer(String name, long epoch, Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (known(name).epoch() <= epoch && left > 0) {
        left = changed.awaitNanos(left);
      }
      return known(name).configuration();
    } finally {
      lock.unlock();
    }
  }

  /** Reads the documents again if the store had failed. */
  void repair() {
    if (stale) {
      locked(() -> null);
    }
  }

  /**
   * Tests that the state can be read and written.
   *
   * @throws Refusal when it cannot
   */
  void probe() {
    locked(() -> {
      store.probe();
      return null;
    });
  }

  private int takeNumber(String name) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      records.refresh(SlotTable.KEY);
      int number =
          slots()
              .nextNumber()
              .orElseThrow(() ->
                  Refusal.of(
                      EXHAUSTED,
                      "all %d cluster numbers have been given; none is given twice",
                      SlotTable.NUMBERS));
      if (records.replaceSlots(slots().give(number, name))) {
        return number;
      }
    }
    throw contended();
  }

  private void dealIfDue() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      List<Integer> numbers = stayingNumbers();
      if (slots().isDealt() || numbers.isEmpty() || numbers.size() < expectedClusters) {
        return;
      }
      if (records.replaceSlots(slots().deal(numbers))) {
        LOG.atInfo().addKeyValue("clusters", numbers.size()).log("slots dealt out");
        return;
      }
    }
    throw contended();
  }

  private RecordedCluster trusted(String name) {
    RecordedCluster cluster = known(name);
    String sentence = distrusted.get(name);
    if (sentence != null) {
      throw new Refusal(OLD_STATE, sentence);
    }
    return cluster;
  }

  private Refusal distrust(RecordedCluster cluster, String sentence) {
    distrusted.put(cluster.name(), sentence);
    LOG.atError()
        .addKeyValue("cluster", cluster.name())
        .addKeyValue("reason", sentence)
        .log("cluster is not served: the state is older than its volumes");
    listener.distrusted(cluster, sentence);
    return new Refusal(OLD_STATE, sentence);
  }

  private <T> T locked(Supplier<T> change) {
    Turn.take(lock, LOCK_TIMEOUT, "the coordinator has waited %d s for its storage; try again");
    try {
      if (stale) {
        records.reload();
        dealIfDue();
        stale = false;
        LOG.atInfo().log("the coordinator's storage works again");
      }
      return change.get();
    } catch (StoreException e) {
      if (!stale) {
        LOG.atError().addKeyValue("reason", e.getMessage()).log("the coordinator's storage failed");
      }
      stale = true;
      if (e.kind() != StoreException.Kind.FAILED) {
        listener.damaged(e);
      }
      throw e;
    } finally {
      lock.unlock();
    }
  }

  private static Refusal contended() {
    return new Refusal(
        UNAVAILABLE,
        "other coordinators changed the same record %d times; try again".formatted(ATTEMPTS));
  }

  private static void checkNotCopied(RecordedCluster cluster, Hello hello) {
    for (String other : cluster.members()) {
      if (!other.equals(hello.getMember())
          && cluster.volumeInSync(other).filter(hello.getVolume()::equals).isPresent()) {
        throw Refusal.of(
            Refusal.Kind.FORBIDDEN,
            "the volume %s of %s is recorded as that of %s: one is a copy of the other; delete the"
                + " directory of %s and start it again",
            hello.getVolume(),
            hello.getMember(),
            other,
            hello.getMember());
      }
    }
  }

  private static void checkMember(RecordedCluster cluster, String member) {
    if (!cluster.hasMember(member)) {
      throw Refusal.of(
          UNKNOWN,
          "\"%s\" is not a member of cluster %s; its members are %s",
          member,
          cluster.name(),
          String.join(" and ", cluster.members()));
    }
  }
}
