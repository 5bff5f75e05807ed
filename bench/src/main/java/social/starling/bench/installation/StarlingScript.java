package social.starling.bench.installation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * The {@code starling} script. Stateless.
 *
 * @param file the script
 * @param log what it prints is appended there
 */
public record StarlingScript(Path file, Path log) {

  private static final long LIMIT_SECONDS = 120;

  /**
   * Runs a command to its end, two minutes at most.
   *
   * @throws StartException when it takes longer, or does not say 0, with all that the log holds
   */
  public void run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(file.toAbsolutePath().toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroy();
      throw new StartException(
          ExitCode.FAILED,
          "starling %s did not end in %d s".formatted(arguments[0], LIMIT_SECONDS));
    }
    if (process.exitValue() != 0) {
      throw new StartException(
          ExitCode.FAILED,
          "starling %s failed: %s".formatted(arguments[0], Files.readString(log).strip()));
    }
  }
}
