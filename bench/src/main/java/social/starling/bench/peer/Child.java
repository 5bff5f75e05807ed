package social.starling.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import social.starling.bench.installation.Signal;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * A program that this process has started, with the processes that it started itself. Thread-safe.
 */
public final class Child {

  private static final long END_SECONDS = 10;

  private final Process process;

  private Child(Process process) {
    this.process = process;
  }

  /**
   * Starts a program.
   *
   * @param log what it prints is appended there
   */
  public static Child start(List<String> command, Path folder, Path log) {
    try {
      return new Child(
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start());
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot start %s: %s".formatted(command.getFirst(), e.getMessage()), e);
    }
  }

  /**
   * Runs a program to its end.
   *
   * @throws StartException with the end of what it printed when it does not say 0 within its limit
   */
  public static void run(List<String> command, Path folder, Path log, long limitSeconds)
      throws InterruptedException {
    Child child = start(command, folder, log);
    if (!child.process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
      child.end();
      throw new StartException(
          ExitCode.FAILED,
          "%s did not end within %d s; see %s".formatted(command.getFirst(), limitSeconds, log));
    }
    if (child.process.exitValue() != 0) {
      throw new StartException(
          ExitCode.FAILED, "%s failed: %s".formatted(String.join(" ", command), lastLine(log)));
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Done as soon as the system tells that it has ended. */
  public CompletableFuture<?> ended() {
    return process.onExit();
  }

  /** Signals it and all that it started, itself first. */
  public Signal.Sent signal(Signal signal) {
    return signal.send(all().toList());
  }

  /** It and all that it started and that is still there. */
  public Stream<ProcessHandle> all() {
    return Stream.concat(Stream.of(process.toHandle()), process.descendants());
  }

  /** Ends it at once, whatever state it is in. */
  public void end() {
    if (process.isAlive()) {
      List<ProcessHandle> all = all().toList();
      all.forEach(ProcessHandle::destroyForcibly);
      try {
        process.waitFor(END_SECONDS, TimeUnit.SECONDS);
        for (ProcessHandle one : all) {
          one.onExit().completeOnTimeout(one, END_SECONDS, TimeUnit.SECONDS).join();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The last line of a log that is not empty. */
  public static String lastLine(Path log) {
    try (Stream<String> lines = Files.lines(log)) {
      return lines.filter(line -> !line.isBlank()).reduce((a, b) -> b).orElse("it said nothing");
    } catch (IOException | java.io.UncheckedIOException e) {
      return "its log cannot be read";
    }
  }
}
