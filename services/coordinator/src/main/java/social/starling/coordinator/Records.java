package social.starling.coordinator;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.proto.coordinator.v1.Configuration;

/**
 * What this process knows of the stored documents, and the changes of them.
 *
 * <p>A change returns false when another coordinator was faster; then what that one wrote has been
 * read. It throws a {@link StoreException} when it is not known whether it took effect. What is
 * seen here is durable, and the listener has been told.
 *
 * <p>Changing and reading again is for one thread at a time: the {@link Registry} holds its lock.
 * Looking something up is for any thread.
 */
final class Records {

  /** Is told of changes, in order, after they are durable. Must not block or call back. */
  interface Listener {

    /** The cluster is new, or its configuration is, or a member. */
    void changed(RecordedCluster cluster);

    void forgotten(RecordedCluster cluster);

    void slotsChanged();
  }

  private record Snapshot(
      Map<String, RecordedCluster> clusters, Map<String, Long> forgotten, SlotTable slots) {}

  private static final Logger LOG = LoggerFactory.getLogger(Records.class);

  private final Store store;
  private final Listener listener;
  private volatile Snapshot snapshot;

  /**
   * Reads the store. The listener is not told of what it holds.
   *
   * @throws StoreException when it cannot be read
   */
  Records(Store store, Listener listener) {
    this.store = store;
    this.listener = listener;
    snapshot = read();
  }

  /** Every recorded cluster, by name. */
  Collection<RecordedCluster> clusters() {
    return snapshot.clusters().values();
  }

  Optional<RecordedCluster> cluster(String name) {
    return Optional.ofNullable(snapshot.clusters().get(name));
  }

  SlotTable slots() {
    return snapshot.slots();
  }

  /** Everything that is stored, to begin with. */
  private Snapshot read() {
    Map<String, RecordedCluster> clusters = new TreeMap<>();
    Map<String, Long> forgotten = new TreeMap<>();
    SlotTable slots = SlotTable.empty();
    for (Document document : store.readAll()) {
      if (document.key().equals(SlotTable.KEY)) {
        slots = SlotTable.read(document);
      } else if (RecordedCluster.isKey(document.key())) {
        RecordedCluster.read(document)
            .ifPresentOrElse(
                cluster -> clusters.put(cluster.name(), cluster),
                () -> forgotten.put(document.key(), document.version()));
      } else {
        throw StoreException.foreign(document.key());
      }
    }
    checkWhole(slots, clusters.values());
    return new Snapshot(clusters, forgotten, slots);
  }

  /** One document can be lost alone where each is an object of its own. */
  private static void checkWhole(SlotTable slots, Collection<RecordedCluster> clusters) {
    Set<Integer> missing = new TreeSet<>(slots.owningNumbers());
    for (RecordedCluster cluster : clusters) {
      missing.remove(cluster.number());
      if (!slots.isGiven(cluster.number(), cluster.name())) {
        throw StoreException.damaged(
            SlotTable.KEY,
            "it does not know cluster %s, which is recorded: restore it".formatted(cluster.name()));
      }
    }
    if (!missing.isEmpty()) {
      throw StoreException.damaged(
          SlotTable.KEY,
          "slots belong to the clusters with the numbers %s, whose records are gone: restore them"
              .formatted(missing));
    }
  }

  /**
   * Reads one document again.
   *
   * @throws StoreException when it cannot be read
   */
  void refresh(String key) {
    store.read(key).ifPresent(this::take);
  }

  /** Reads every document again. */
  void reload() {
    store.readAll().forEach(this::take);
  }

  /** Takes a document that another coordinator, or a change of unknown outcome, has written. */
  void take(Document document) {
    if (document.key().equals(SlotTable.KEY)) {
      if (document.version() > slots().revision()) {
        publish(SlotTable.read(document));
      }
      return;
    }
    if (!RecordedCluster.isKey(document.key())) {
      throw StoreException.foreign(document.key());
    }
    Optional<RecordedCluster> stored = RecordedCluster.read(document);
    Optional<RecordedCluster> known =
        snapshot.clusters().values().stream()
            .filter(cluster -> RecordedCluster.key(cluster.name()).equals(document.key()))
            .findFirst();
    if (document.version() > known.map(RecordedCluster::version).orElse(0L)) {
      stored.ifPresentOrElse(
          this::publish, () -> publishForgotten(document.key(), document.version(), known));
    }
  }

  /** Adds a cluster that is not recorded. */
  boolean insert(String name, List<String> members, int number) {
    long version = snapshot.forgotten().getOrDefault(RecordedCluster.key(name), 0L);
    RecordedCluster cluster =
        new RecordedCluster(
            version, name, number, members, 1, Configuration.newBuilder().setCluster(name).build());
    if (!store.compareAndSet(RecordedCluster.key(name), version, cluster.content())) {
      refresh(RecordedCluster.key(name));
      return false;
    }
    publish(cluster.atVersion(version + 1));
    LOG.atInfo()
        .addKeyValue("cluster", name)
        .addKeyValue("number", number)
        .addKeyValue("members", members)
        .log("cluster recorded");
    return true;
  }

  /** Changes the configuration of a cluster. */
  boolean replace(RecordedCluster current, Configuration next) {
    return replace(current, current.with(next));
  }

  /** Changes what is recorded of a cluster. */
  boolean replace(RecordedCluster current, RecordedCluster changed) {
    String key = RecordedCluster.key(current.name());
    if (!store.compareAndSet(key, current.version(), changed.content())) {
      refresh(key);
      return false;
    }
    publish(changed.atVersion(current.version() + 1));
    return true;
  }

  boolean replaceSlots(SlotTable next) {
    if (next == slots()) {
      return true;
    }
    if (!store.compareAndSet(SlotTable.KEY, slots().revision(), next.content())) {
      refresh(SlotTable.KEY);
      return false;
    }
    publish(next.atRevision(slots().revision() + 1));
    return true;
  }

  /** Leaves nothing of a cluster but its version. */
  boolean remove(RecordedCluster cluster) {
    String key = RecordedCluster.key(cluster.name());
    if (!store.compareAndSet(key, cluster.version(), new byte[0])) {
      refresh(key);
      return false;
    }
    publishForgotten(key, cluster.version() + 1, Optional.of(cluster));
    LOG.atInfo().addKeyValue("cluster", cluster.name()).log("cluster forgotten");
    return true;
  }

  private void publish(RecordedCluster cluster) {
    Map<String, RecordedCluster> clusters = new TreeMap<>(snapshot.clusters());
    clusters.put(cluster.name(), cluster);
    snapshot = new Snapshot(clusters, snapshot.forgotten(), slots());
    listener.changed(cluster);
  }

  private void publishForgotten(String key, long version, Optional<RecordedCluster> known) {
    Map<String, RecordedCluster> clusters = new TreeMap<>(snapshot.clusters());
    Map<String, Long> forgotten = new TreeMap<>(snapshot.forgotten());
    known.ifPresent(cluster -> clusters.remove(cluster.name()));
    forgotten.put(key, version);
    snapshot = new Snapshot(clusters, forgotten, slots());
    known.ifPresent(listener::forgotten);
  }

  private void publish(SlotTable slots) {
    snapshot = new Snapshot(snapshot.clusters(), snapshot.forgotten(), slots);
    listener.slotsChanged();
  }
}
