package social.starling.coordinator;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.Metrics;
import social.starling.common.Timing;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;

/**
 * One coordinator: puts its parts together, and runs the clock that finds who is silent.
 *
 * <p>Locks are taken in this order only: the registry's, the sessions', an outbox's; the
 * registry's, the synchronizers', an outbox's; and the registry's, the map watchers', an outbox's.
 * Looking something up for the map takes none.
 */
final class Coordinator implements Registry.Listener, AutoCloseable {

  /**
   * How a coordinator is set up.
   *
   * @param host to listen on
   * @param port to listen on; 0 takes a free one
   * @param expectedClusters the slots are dealt out when so many are recorded, 1 to 1,024
   */
  record Settings(String host, int port, int expectedClusters, Timing timing) {}

  private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
  private static final long MAP_BEAT_NANOS = Duration.ofSeconds(1).toNanos();

  /** While slots are to be moved, and somebody who has to give some up is away. */
  private static final Duration MOVES_LEFT = Duration.ofSeconds(1);

  /** Between two looks at what another coordinator may have left. */
  private static final Duration MOVES_DONE = Duration.ofSeconds(5);

  /** Of other coordinators' changes; what is more is read within {@link #MOVES_DONE}. */
  private static final int MAX_NEWS = 1024;

  private final Settings settings;
  private final Store store;
  private final Credential credential;
  private final MeterRegistry meters;
  private final CoordinatorMetrics metrics;
  private final Consumer<StoreException> damage;
  private final Registry registry;
  private final Sessions sessions;
  private final Synchronizers synchronizers;
  private final MapWatchers watchers;
  private final SlotMoves moves;
  private final Semaphore movesDue = new Semaphore(0);
  private final News news = new News(MAX_NEWS, this::learned);
  private GrpcServer server;
  private Thread clock;
  private Thread mover;
  private volatile boolean closing;

  /**
   * Reads the state.
   *
   * @param damage told when the state cannot be read any longer
   * @throws StoreException when it cannot be read now
   */
  Coordinator(
      Settings settings,
      Store store,
      Credential credential,
      MeterRegistry meters,
      Consumer<StoreException> damage) {
    this.settings = settings;
    this.store = store;
    this.credential = credential;
    this.meters = meters;
    this.damage = damage;
    metrics = new CoordinatorMetrics(meters);
    watchers = new MapWatchers(this::map, System.currentTimeMillis());
    sessions = new Sessions(settings.timing(), System::nanoTime, watchers::changed);
    synchronizers = new Synchronizers(settings.timing(), System::nanoTime, watchers::changed);
    registry = new Registry(metrics.timed(store), settings.expectedClusters(), this);
    moves = new SlotMoves(registry, new RemoteMasters(sessions, credential), System::nanoTime);
  }

  /**
   * Opens the port.
   *
   * @throws social.starling.common.StartException when it cannot be opened
   */
  void start() {
    registry.begin();
    metrics.bind(sessions, synchronizers, watchers, registry);
    server =
        GrpcServers.internalServer(
            settings.host(),
            settings.port(),
            credential,
            List.of(Metrics.calls(meters)),
            new CoordinationService(registry, sessions, synchronizers, watchers, metrics),
            new AdminService(
                registry,
                sessions,
                synchronizers,
                watchers,
                new Switchovers(registry, sessions, credential),
                new Recoveries(registry, sessions),
                moves));
    server.ready(true);
    news.start();
    store.watch(new Others());
    clock = Thread.ofPlatform().name("clock").daemon().start(this::runClock);
    mover = Thread.ofVirtual().name("slots").start(this::moveSlots);
  }

  int port() {
    return server.port();
  }

  /** Why this coordinator cannot do its work, in a sentence; empty when it can. */
  Optional<String> trouble() {
    try {
      registry.probe();
      return Optional.empty();
    } catch (Refusal | StoreException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Ends sessions and streams, then the server. */
  @Override
  public void close() throws InterruptedException {
    closing = true;
    if (clock != null) {
      LockSupport.unpark(clock);
      clock.join(Duration.ofSeconds(1));
    }
    if (mover != null) {
      mover.interrupt();
      mover.join(Duration.ofSeconds(1));
    }
    news.close();
    if (server != null) {
      server.leave();
      watchers.close();
      synchronizers.close();
      sessions.close();
      server.stop(Duration.ofSeconds(1));
    }
  }

  @Override
  public void changed(RecordedCluster cluster) {
    sessions.changed(cluster);
    watchers.changed();
    metrics.recorded(cluster, registry, sessions, synchronizers);
    if (cluster.epoch() == 0) {
      movesDue.release();
    }
    LOG.atInfo()
        .addKeyValue("cluster", cluster.name())
        .addKeyValue("epoch", cluster.epoch())
        .addKeyValue("master", cluster.configuration().getMaster())
        .addKeyValue("instance", cluster.configuration().getMasterInstance())
        .addKeyValue("inSync", cluster.inSyncMembers())
        .log("configuration");
  }

  @Override
  public void forgotten(RecordedCluster cluster) {
    sessions.forgotten(cluster);
    synchronizers.forgotten(cluster.name());
    watchers.changed();
    metrics.forgotten(cluster);
  }

  @Override
  public void slotsChanged() {
    sessions.slotsChanged(registry.slots());
    watchers.changed();
  }

  @Override
  public void distrusted(RecordedCluster cluster, String sentence) {
    sessions.distrusted(cluster, sentence);
  }

  @Override
  public void damaged(StoreException failure) {
    damage.accept(failure);
  }

  /** Other coordinators over the same store. */
  private final class Others implements Store.Watcher {

    @Override
    public void changed(Document document) {
      news.add(document);
    }

    @Override
    public void broken(StoreException failure) {
      LOG.atError().addKeyValue("reason", failure.getMessage()).log("the state is of no use");
      damage.accept(failure);
    }
  }

  private void learned(Document document) {
    try {
      registry.learned(document);
    } catch (Refusal | StoreException e) {
      LOG.atDebug()
          .addKeyValue("document", document.key())
          .addKeyValue("reason", e.getMessage())
          .log("another coordinator's change is not taken yet");
    }
  }

  private void moveSlots() {
    Duration pause = MOVES_LEFT;
    try {
      while (!closing) {
        movesDue.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS);
        movesDue.drainPermits();
        pause = passMoves() ? MOVES_LEFT : MOVES_DONE;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A fault here must not end the moves for good. */
  private boolean passMoves() {
    try {
      return moves.pass();
    } catch (Refusal | StoreException e) {
      LOG.atDebug().addKeyValue("reason", e.getMessage()).log("slots are not moved now");
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("a fault in the program");
    }
    return true;
  }

  private void runClock() {
    long lastMap = System.nanoTime();
    long lastRepair = lastMap;
    while (!closing) {
      LockSupport.parkNanos(tick());
      long now = System.nanoTime();
      if (now - lastMap >= MAP_BEAT_NANOS) {
        lastMap = now;
        watchers.beat(now);
      }
      if (registry.isStale() && now - lastRepair >= settings.timing().heartbeat().toNanos()) {
        lastRepair = now;
        Thread.ofVirtual().name("repair").start(this::repair);
      }
    }
  }

  /** A fault here must not stop the clock: nobody would be suspected any longer. */
  private long tick() {
    try {
      synchronizers.tick();
      return sessions.tick();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("a fault in the program");
      return settings.timing().heartbeat().toNanos();
    }
  }

  private void repair() {
    try {
      registry.repair();
    } catch (Refusal | StoreException e) {
      LOG.atDebug().addKeyValue("reason", e.getMessage()).log("the storage still fails");
    }
  }

  private ClusterMap map(long version) {
    ClusterMap.Builder map =
        ClusterMap.newBuilder()
            .setVersion(version)
            .setExpectedClusters(registry.expectedClusters())
            .addAllSlots(registry.slots().owners());
    for (RecordedCluster cluster : registry.clusters()) {
      map.addClusters(
          ClusterEntry.newBuilder()
              .setName(cluster.name())
              .setNumber(cluster.number())
              .setMembersVersion(cluster.membersVersion())
              .setConfiguration(cluster.configuration())
              .addAllMembers(sessions.membersOf(cluster))
              .setSynchronizer(synchronizers.address(cluster.name()))
              .setDown(sessions.isDown(cluster.name())));
    }
    return map.build();
  }
}
