package social.starling.coordinator;

import java.util.HashSet;
import java.util.Set;
import java.util.function.LongFunction;
import social.starling.proto.coordinator.v1.ClusterMap;

/**
 * Those who watch the map: routers, synchronizers. Each gets the whole map at once, at each change,
 * and each second, so that a silent coordinator is told from a quiet one.
 *
 * <p>Versions grow with each change, also from one process to the next as long as the clock does.
 *
 * <p>Thread-safe: a map is built and handed out under this object's monitor, so that nobody gets an
 * older map after a newer one. Building must not block.
 */
final class MapWatchers {

  /** The synchronizers of 1,024 clusters, and routers. */
  static final int MAX_WATCHERS = 2048;

  private static final long SLOW_NANOS = 10_000_000_000L;

  private final LongFunction<ClusterMap> build;
  private final Set<Outbox<ClusterMap>> watchers = new HashSet<>();
  private long version;
  private ClusterMap last;

  /**
   * @param build makes the map of now, with the version given
   * @param epochMillis wall clock, where versions begin
   */
  MapWatchers(LongFunction<ClusterMap> build, long epochMillis) {
    this.build = build;
    this.version = epochMillis << 10;
  }

  /**
   * Adds a watcher.
   *
   * @throws Refusal when there are too many
   */
  synchronized void add(Outbox<ClusterMap> watcher) {
    if (watchers.size() >= MAX_WATCHERS) {
      throw Refusal.of(
          Refusal.Kind.EXHAUSTED, "%d others watch the map already; try again", MAX_WATCHERS);
    }
    watchers.add(watcher);
    watcher.sendInstead(current());
  }

  synchronized void remove(Outbox<ClusterMap> watcher) {
    watchers.remove(watcher);
    watcher.gone();
  }

  /** Something that the map shows has changed. */
  synchronized void changed() {
    version++;
    last = null;
    if (!watchers.isEmpty()) {
      watchers.forEach(watcher -> watcher.sendInstead(current()));
    }
  }

  /** Sends the map again to who has read the last one, and cuts who reads nothing. */
  synchronized void beat(long now) {
    for (Outbox<ClusterMap> watcher : watchers) {
      watcher.sendIfIdle(current());
      watcher.cutIfSlow(now, SLOW_NANOS);
    }
    watchers.removeIf(Outbox::isClosed);
  }

  synchronized ClusterMap current() {
    if (last == null) {
      last = build.apply(version);
    }
    return last;
  }

  synchronized int count() {
    return watchers.size();
  }

  /** Ends every stream: this process stops. */
  synchronized void close() {
    watchers.forEach(Outbox::complete);
    watchers.clear();
  }
}
