package social.starling.launcher;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Starts processes in a session of their own where the system has {@code setsid}: then Ctrl-C on
 * the terminal reaches the launcher only, and they outlive it.
 */
final class Spawner {

  private final Optional<String> setsid;

  Spawner() {
    this.setsid =
        Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(File.pathSeparator))
            .filter(folder -> !folder.isEmpty())
            .map(folder -> Path.of(folder, "setsid"))
            .filter(Files::isExecutable)
            .map(Path::toString)
            .findFirst();
  }

  /**
   * Starts a process whose output goes to the end of a log file.
   *
   * @param environment what it gets besides the environment of this process
   * @throws IOException when the system cannot start it
   */
  Process start(List<String> command, Map<String, String> environment, Path log)
      throws IOException {
    // setsid replaces itself by the command, so the pid is the command's own.
    List<String> whole = new ArrayList<>();
    setsid.ifPresent(whole::add);
    whole.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(whole)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    return builder.start();
  }
}
