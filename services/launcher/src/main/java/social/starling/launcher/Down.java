package social.starling.launcher;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Ends what runs on a data directory: by its launcher, or without one by what it recorded. */
final class Down {

  /** Three stages of ending, each with its patience and its killing. */
  private static final Duration PATIENCE = Ending.PATIENCE.multipliedBy(6);

  private static final Duration LOOK = Duration.ofMillis(20);

  private final DataDirectory directory;
  private final Terminal terminal;

  Down(DataDirectory directory, Terminal terminal) {
    this.directory = directory;
    this.terminal = terminal;
  }

  /** Returns when nothing runs. */
  void run() throws InterruptedException {
    if (!Files.isDirectory(directory.root()) || !Files.exists(directory.lockFile())) {
      terminal.say("Nothing runs on " + directory.root() + ".");
      return;
    }
    Optional<DirectoryLock> lock = DirectoryLock.tryTake(directory.lockFile());
    boolean launcherRan = lock.isEmpty();
    if (launcherRan) {
      lock = Optional.of(endLauncher());
    }
    DirectoryLock held = lock.get();
    try {
      boolean foundAny = endOrphans();
      terminal.say(
          launcherRan || foundAny
              ? "Everything on %s has ended.".formatted(directory.root())
              : "Nothing runs on %s.".formatted(directory.root()));
    } finally {
      held.close();
    }
  }

  private DirectoryLock endLauncher() throws InterruptedException {
    OptionalLong pid = DirectoryLock.holder(directory.lockFile());
    ProcessHandle launcher =
        pid.isPresent() ? ProcessHandle.of(pid.getAsLong()).orElse(null) : null;
    if (launcher != null) {
      terminal.say("Asking the launcher (pid %d) to end ...".formatted(launcher.pid()));
      launcher.destroy();
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<DirectoryLock> lock = DirectoryLock.tryTake(directory.lockFile());
      if (lock.isPresent()) {
        return lock.get();
      }
      Thread.sleep(LOOK);
    }
    throw new StartException(
        ExitCode.FAILED,
        "the launcher%s on %s did not end within %d s; end it with kill -9 and repeat this"
            .formatted(
                pid.isPresent() ? " (pid " + pid.getAsLong() + ")" : "",
                directory.root(),
                PATIENCE.toSeconds()));
  }

  private boolean endOrphans() throws InterruptedException {
    StateFile file = StateFile.open(directory.stateFile());
    RunState state = file.state();
    Map<String, Adopted> alive = Up.findAlive(state);
    if (alive.isEmpty()) {
      return false;
    }
    List<Ending.Candidate> candidates = new ArrayList<>();
    alive.forEach((name, process) -> {
      Service service = state.entry(name).orElseThrow().service();
      terminal.say("%-18s pid %d: ending it".formatted(name, process.pid()));
      candidates.add(new Ending.Candidate(service, process));
    });
    Set<String> masters = masters(state);
    new Ending(terminal).end(candidates, service -> masters.contains(service.name()));
    file.update(recorded -> {
      RunState changed = recorded;
      for (String name : recorded.services().keySet()) {
        changed = changed.withProcess(name, Optional.empty());
      }
      return changed;
    });
    return true;
  }

  private Set<String> masters(RunState state) {
    Set<String> masters = new HashSet<>();
    StatusQuery.ask(directory, state)
        .status()
        .ifPresent(status ->
            status
                .getClustersList()
                .forEach(cluster -> masters.add(cluster.getConfiguration().getMaster())));
    return masters;
  }
}
