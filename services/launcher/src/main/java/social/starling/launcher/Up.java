package social.starling.launcher;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import social.starling.client.cli.WantedClusters;
import social.starling.common.Credential;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** The life of {@code starling up} on one data directory, from taking the lock to the last end. */
final class Up {

  private final DataDirectory directory;
  private final Distribution distribution;
  private final Terminal terminal;
  private final Instant begun = ProcessHandle.current().info().startInstant().orElse(Instant.now());

  Up(DataDirectory directory, Distribution distribution, Terminal terminal) {
    this.directory = directory;
    this.distribution = distribution;
    this.terminal = terminal;
  }

  /**
   * Runs until a signal asks for the end, or the start is refused.
   *
   * @return the exit code
   */
  int run(Plan.Wish wish) throws InterruptedException {
    // The lock file stays open until the process is gone: the next launcher must not begin before.
    DirectoryLock lock =
        DirectoryLock.tryTake(directory.lockFile()).orElseThrow(() -> locked(directory));
    try (lock;
        Signals signals = Signals.install()) {
      directory.createCredential();
      StateFile file = StateFile.open(directory.stateFile());
      prepare(file, wish);
      Credential credential = Credential.read(directory.credential());
      String coordinator =
          file.state()
              .entry(Service.coordinator().name())
              .orElseThrow()
              .endpoints()
              .internalAddress();
      try (CoordinatorLink coordinators = new CoordinatorLink(coordinator, credential)) {
        Supervisor supervisor =
            new Supervisor(
                directory,
                file,
                new CommandLines(distribution, directory),
                coordinators,
                new Spawner(),
                Readiness.overHttp(),
                terminal,
                new Ending(terminal, distribution.patience()));
        return supervise(supervisor, signals);
      }
    }
  }

  static StartException locked(DataDirectory directory) {
    OptionalLong holder = DirectoryLock.holder(directory.lockFile());
    return new StartException(
        ExitCode.REFUSED,
        "another starling%s runs on %s; end it with: starling down --dir %s"
            .formatted(
                holder.isPresent() ? " (pid " + holder.getAsLong() + ")" : "",
                directory.root(),
                directory.root()));
  }

  private int supervise(Supervisor supervisor, Signals signals) throws InterruptedException {
    CompletableFuture<Void> refused = new CompletableFuture<>();
    supervisor.start();
    try {
      Thread.ofVirtual().name("up").start(() -> welcome(supervisor, refused));
      CompletableFuture.anyOf(refused, signals.asked()).get();
      terminal.say("Ending everything ...");
      return ExitCode.DONE;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof StartException start
          ? start
          : new IllegalStateException(e.getCause());
    } finally {
      supervisor.end();
    }
  }

  private void welcome(Supervisor supervisor, CompletableFuture<Void> refused) {
    try {
      List<String> missing = supervisor.awaitReady();
      for (String name : missing) {
        terminal.say("%-18s is not ready yet; see %s".formatted(name, directory.log(name)));
      }
      Duration took = Duration.between(begun, Instant.now());
      terminal.say(Welcome.text(took, supervisor.routerAddress(), directory));
      supervisor.tellReady();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      refused.completeExceptionally(e);
    }
  }

  private void prepare(StateFile file, Plan.Wish wish) throws InterruptedException {
    Map<String, Adopted> alive = findAlive(file.state());
    Plan.Wish whole = wish.withMore(WantedClusters.read(directory.root()).orElse(List.of()));
    Plan plan = Plan.of(file.state(), whole, alive.keySet(), Ports::isFree);
    plan.remarks().forEach(terminal::say);
    List<Ending.Candidate> replaced = new ArrayList<>();
    for (String name : plan.replaced()) {
      Service service = plan.state().entry(name).orElseThrow().service();
      replaced.add(new Ending.Candidate(service, alive.get(name)));
    }
    new Ending(terminal).end(replaced, service -> false);
    ProcessHandle self = ProcessHandle.current();
    ProcessRecord launcher =
        new ProcessRecord(self.pid(), begun, UUID.randomUUID().toString(), List.of());
    file.update(state -> plan.state().withLauncher(launcher));
  }

  static Map<String, Adopted> findAlive(RunState state) {
    Map<String, Adopted> alive = new HashMap<>();
    for (RunState.Entry entry : state.services().values()) {
      Optional<Adopted> found = entry.process().flatMap(Adopted::find);
      found.ifPresent(process -> alive.put(entry.service().name(), process));
    }
    return alive;
  }
}
