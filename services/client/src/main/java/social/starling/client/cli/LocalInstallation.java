package social.starling.client.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** What {@code starling up} has written of itself into its directory. */
final class LocalInstallation {

  private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(5);

  private final Path directory;

  LocalInstallation(Path directory) {
    this.directory = directory.toAbsolutePath().normalize();
  }

  Path directory() {
    return directory;
  }

  /** The clusters whose processes the launcher knows. */
  List<String> clusters() {
    List<String> names = new ArrayList<>();
    if (state().get("clusters") instanceof JsonArray array) {
      array.forEach(each -> names.add(each.getAsString()));
    }
    return names;
  }

  /**
   * Makes sure that somebody will do what is wanted.
   *
   * @param what it is, to go on with after "so nobody would"
   * @throws StartException when no launcher runs
   */
  void checkLauncherRuns(String what) {
    JsonElement launcher = state().get("launcher");
    if (launcher == null || !launcher.isJsonObject() || !runs(launcher.getAsJsonObject())) {
      throw new StartException(
          ExitCode.FAILED,
          "no launcher runs on "
              + directory
              + ", so nobody would "
              + what
              + "; start it first: starling up --dir "
              + directory);
    }
  }

  private static boolean runs(JsonObject launcher) {
    try {
      Instant started = Instant.parse(launcher.get("started").getAsString());
      return ProcessHandle.of(launcher.get("pid").getAsLong())
          .filter(ProcessHandle::isAlive)
          .flatMap(handle -> handle.info().startInstant())
          .filter(start -> Duration.between(start, started).abs().compareTo(CLOCK_TOLERANCE) <= 0)
          .isPresent();
    } catch (DateTimeException e) {
      return false;
    }
  }

  private JsonObject state() {
    Path file = directory.resolve("launcher.json");
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw new StartException(ExitCode.USAGE, file + " cannot be used: " + e.getMessage(), e);
    }
  }
}
