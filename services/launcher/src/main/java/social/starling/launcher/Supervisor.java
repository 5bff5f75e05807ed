package social.starling.launcher;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import social.starling.client.cli.WantedClusters;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Runs everything of a data directory: a {@link Keeper} for each service, all begun at once, and a
 * {@link WantedWatch} for the clusters that come and go meanwhile.
 *
 * <p>Thread-safe as far as the keepers and the watch call it: what is recorded is changed through
 * {@link StateFile} only. {@link #start}, {@link #awaitReady} and {@link #end} belong to one
 * thread.
 */
final class Supervisor implements Keeper.Surroundings, WantedWatch.Clusters {

  /** Once users can be served, this long is waited for whoever is not ready. */
  private static final Duration STRAGGLERS = Duration.ofSeconds(20);

  private static final Duration ROTATION = Duration.ofSeconds(10);

  private static final Keeper.Time SYSTEM_TIME =
      new Keeper.Time() {
        @Override
        public Instant now() {
          return Instant.now();
        }

        @Override
        public void sleep(Duration duration) throws InterruptedException {
          Thread.sleep(duration);
        }
      };

  private final DataDirectory directory;
  private final StateFile file;
  private final CommandLines commandLines;
  private final Coordinators coordinators;
  private final Spawner spawner;
  private final Readiness readiness;
  private final Terminal terminal;
  private final Ending ending;
  private final Map<String, Keeper> keepers = Collections.synchronizedMap(new LinkedHashMap<>());
  private final WantedWatch watch;
  private Thread recorder;
  private Thread rotation;

  Supervisor(
      DataDirectory directory,
      StateFile file,
      CommandLines commandLines,
      Coordinators coordinators,
      Spawner spawner,
      Readiness readiness,
      Terminal terminal,
      Ending ending) {
    this.directory = directory;
    this.file = file;
    this.commandLines = commandLines;
    this.coordinators = coordinators;
    this.spawner = spawner;
    this.readiness = readiness;
    this.terminal = terminal;
    this.ending = ending;
    this.watch = new WantedWatch(this::wanted, this, terminal);
  }

  /** Adopts what runs, starts what is missing, all at once. */
  void start() {
    for (RunState.Entry entry : file.state().services().values()) {
      Keeper keeper = new Keeper(entry.service(), this);
      keepers.put(entry.service().name(), keeper);
    }
    keepers().forEach(Keeper::begin);
    keepers
        .get(Service.coordinator().name())
        .firstReady()
        .thenRun(() -> file.update(RunState::withInitialised));
    recorder = Thread.ofVirtual().name("recorder").start(this::recordClusters);
    rotation = Thread.ofVirtual().name("log-rotation").start(this::rotateLogs);
  }

  private void recordClusters() {
    try {
      for (String cluster : file.state().clusters()) {
        if (isWanted(cluster)) {
          record(cluster);
        }
      }
      watch.begin();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void record(String cluster) throws InterruptedException {
    try {
      coordinators.record(cluster, ClusterNames.members(cluster));
    } catch (StartException e) {
      terminal.say(e.getMessage());
    }
  }

  private Optional<List<String>> wanted() {
    return WantedClusters.read(directory.root());
  }

  /** A cluster that was forgotten must not be recorded again. */
  private boolean isWanted(String cluster) {
    return wanted().filter(names -> !names.contains(cluster)).isEmpty();
  }

  private List<Keeper> keepers() {
    synchronized (keepers) {
      return List.copyOf(keepers.values());
    }
  }

  @Override
  public List<String> present() {
    return file.state().clusters();
  }

  @Override
  public void add(String cluster) throws InterruptedException {
    terminal.say("%-18s is wanted: starting it".formatted(cluster));
    coordinators.record(cluster, ClusterNames.members(cluster));
    Plan.Wish wish =
        new Plan.Wish(OptionalInt.empty(), OptionalInt.empty()).withMore(List.of(cluster));
    file.update(state -> Plan.of(state, wish, state.services().keySet(), Ports::isFree).state());
    for (Service service : servicesOf(cluster)) {
      Keeper keeper = new Keeper(service, this);
      keepers.put(service.name(), keeper);
      keeper.begin();
    }
  }

  @Override
  public void remove(String cluster) throws InterruptedException {
    Optional<String> refusal = coordinators.forget(cluster);
    if (refusal.isPresent()) {
      throw new StartException(
          ExitCode.REFUSED, "%-18s is not wanted, and stays: %s".formatted(cluster, refusal.get()));
    }
    List<Service> services = servicesOf(cluster);
    end(keepers().stream().filter(keeper -> services.contains(keeper.service())).toList());
    services.forEach(service -> keepers.remove(service.name()));
    try {
      directory.putAside(services, Long.toString(Instant.now().toEpochMilli()));
    } catch (IOException e) {
      terminal.say(
          "%-18s its directories could not be put aside: %s".formatted(cluster, Reasons.of(e)));
    }
    file.update(state -> state.withoutCluster(cluster));
    terminal.say("%-18s is forgotten, and its processes have ended".formatted(cluster));
  }

  private List<Service> servicesOf(String cluster) {
    return file.state().services().values().stream()
        .map(RunState.Entry::service)
        .filter(service -> service.isOf(cluster))
        .toList();
  }

  private void rotateLogs() {
    try {
      while (true) {
        Thread.sleep(ROTATION);
        keepers()
            .forEach(keeper -> new LogFile(directory.log(keeper.service().name())).rotateInUse());
        new LogFile(directory.log(Background.LOG)).rotateInUse();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until users can be served and all are ready, or only the former for some time.
   *
   * @return names of those that are not ready
   * @throws StartException when the coordinator or the router refuses to start
   */
  List<String> awaitReady() throws InterruptedException {
    await(keepers.get(Service.coordinator().name()).firstReady());
    await(keepers.get(Service.router().name()).firstReady());
    Instant deadline = Instant.now().plus(STRAGGLERS);
    List<String> missing = new ArrayList<>();
    for (Keeper keeper : keepers()) {
      if (keeper.service().cluster().filter(cluster -> !isWanted(cluster)).isPresent()) {
        continue;
      }
      long left = Math.max(0, Duration.between(Instant.now(), deadline).toMillis());
      try {
        keeper.firstReady().get(left, TimeUnit.MILLISECONDS);
      } catch (TimeoutException | ExecutionException e) {
        missing.add(keeper.service().name());
      }
    }
    return missing;
  }

  /**
   * Lets it be known, once what there was to say is said: who started this process waits for it.
   */
  void tellReady() {
    file.update(RunState::withReady);
  }

  private static void await(CompletableFuture<Void> ready) throws InterruptedException {
    try {
      ready.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof StartException refused
          ? refused
          : new IllegalStateException(e.getCause());
    }
  }

  /** Where users call. */
  String routerAddress() {
    return endpoints(Service.router()).address();
  }

  /** Ends everything in order; when this returns, nothing runs. */
  void end() throws InterruptedException {
    for (Thread thread : List.of(recorder, rotation)) {
      thread.interrupt();
      thread.join();
    }
    watch.end();
    end(keepers());
  }

  private void end(List<Keeper> ended) throws InterruptedException {
    List<Ending.Candidate> candidates = new ArrayList<>();
    for (Keeper keeper : ended) {
      keeper
          .release()
          .ifPresent(running -> candidates.add(new Ending.Candidate(keeper.service(), running)));
    }
    for (Keeper keeper : ended) {
      keeper.awaitReleased();
    }
    ending.end(candidates, this::isMaster);
    file.update(state -> {
      RunState changed = state;
      for (Keeper keeper : ended) {
        changed = changed.withProcess(keeper.service().name(), Optional.empty());
      }
      return changed;
    });
  }

  private boolean isMaster(Service service) {
    return service
        .cluster()
        .map(cluster -> coordinators.master(cluster).equals(service.name()))
        .orElse(false);
  }

  @Override
  public Optional<Running> adopt(Service service) {
    return recordedProcess(service).flatMap(Adopted::find).map(Function.identity());
  }

  @Override
  public Running start(Service service, String instance) throws IOException {
    RunState.Entry entry = withFreePorts(file.state().entry(service.name()).orElseThrow());
    LogFile log = new LogFile(directory.log(service.name()));
    log.rotate();
    List<String> command = commandLines.of(file.state(), entry, instance);
    Map<String, String> environment = directory.environment(service).read();
    ProcessRecord starting = ProcessRecord.starting(instance, command);
    file.update(state -> state.withProcess(service.name(), Optional.of(starting)));
    Child child = new Child(spawner.start(command, environment, log.file()));
    ProcessRecord record = new ProcessRecord(child.pid(), child.started(), instance, command);
    file.update(state -> state.withProcess(service.name(), Optional.of(record)));
    return child;
  }

  /**
   * A stranger may have taken a port while its process was down. The ports of a cluster's processes
   * can change, for the coordinator tells the new ones; the addresses of the coordinator and of the
   * router are known to others, so those wait until they are free.
   */
  private RunState.Entry withFreePorts(RunState.Entry entry) {
    Endpoints old = entry.endpoints();
    if (entry.service().cluster().isEmpty() || old.ports().allMatch(Ports::isFree)) {
      return entry;
    }
    Ports ports = new Ports(old.internalPort());
    file.state().services().values().stream()
        .flatMapToInt(other -> other.endpoints().ports())
        .forEach(ports::reserve);
    Endpoints changed =
        new Endpoints(
            free(old.publicPort(), ports),
            free(old.internalPort(), ports),
            free(old.httpPort(), ports));
    RunState.Entry moved = new RunState.Entry(entry.service(), changed, entry.process());
    file.update(state -> state.withEntry(moved));
    return moved;
  }

  private static int free(int port, Ports ports) {
    return port == 0 || Ports.isFree(port) ? port : ports.choose();
  }

  @Override
  public String instance(Service service) {
    return recordedProcess(service).map(ProcessRecord::instance).orElse("");
  }

  @Override
  public boolean isReady(Service service) {
    return readiness.isReady(endpoints(service));
  }

  @Override
  public String address(Service service) {
    Endpoints endpoints = endpoints(service);
    return "%-15s   http %s:%d"
        .formatted(endpoints.address(), Endpoints.HOST, endpoints.httpPort());
  }

  @Override
  public Optional<String> lastWords(Service service) {
    return new LogFile(directory.log(service.name())).lastLine();
  }

  @Override
  public Coordinators coordinators() {
    return coordinators;
  }

  @Override
  public Terminal terminal() {
    return terminal;
  }

  @Override
  public Keeper.Time time() {
    return SYSTEM_TIME;
  }

  private Endpoints endpoints(Service service) {
    return file.state().entry(service.name()).orElseThrow().endpoints();
  }

  private Optional<ProcessRecord> recordedProcess(Service service) {
    return file.state().entry(service.name()).flatMap(RunState.Entry::process);
  }
}
