package social.starling.e2e.machine;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs programs of this machine. Thread-safe. */
public final class Commands {

  /** What a program said, and how it ended. */
  public record Outcome(int code, String out, String err) {}

  private Commands() {}

  /** Whether a program of that name is on the PATH. */
  public static boolean isThere(String program) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  /**
   * Runs a program to its end.
   *
   * @return what it said
   * @throws IllegalStateException with what it said when it fails or does not end in time
   */
  public static String succeed(Duration patience, List<String> command) {
    Outcome outcome = run(patience, command);
    if (outcome.code() != 0) {
      throw failure(command, outcome);
    }
    return outcome.out();
  }

  static IllegalStateException failure(List<String> command, Outcome outcome) {
    return new IllegalStateException(
        "%s failed with %d: %s%s"
            .formatted(String.join(" ", command), outcome.code(), outcome.err(), outcome.out()));
  }

  /**
   * Runs a program to its end, whatever that is.
   *
   * @throws IllegalStateException when it does not end in time
   */
  public static Outcome run(Duration patience, List<String> command) {
    try {
      Path out = Files.createTempFile("e2e", ".out");
      Path err = Files.createTempFile("e2e", ".err");
      try {
        Process process =
            new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException(
              "%s did not end within %d s: %s"
                  .formatted(
                      String.join(" ", command), patience.toSeconds(), Files.readString(err)));
        }
        return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted: " + String.join(" ", command), e);
    }
  }
}
