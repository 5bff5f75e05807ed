package social.starling.bench.installation;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import social.starling.common.Credential;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * What {@code launcher.json} of a data directory says: an immutable picture of the moment when it
 * was read.
 *
 * @param directory the data directory
 * @param router address of the router's public port
 * @param coordinators addresses of the coordinators' internal ports
 * @param ready all processes were ready once since the launcher started
 * @param processes those that are recorded as running, and those that are being started
 */
public record Installation(
    Path directory,
    String router,
    List<String> coordinators,
    boolean ready,
    List<RecordedProcess> processes) {

  private static final String HOST = "127.0.0.1";

  public Installation {
    coordinators = List.copyOf(coordinators);
    processes = List.copyOf(processes);
  }

  /**
   * Reads it.
   *
   * @throws StartException when there is none, or it is not understood
   */
  public static Installation read(Path directory) {
    Path file = directory.resolve("launcher.json");
    try {
      return parse(directory, Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new StartException(
          ExitCode.USAGE,
          "there is no %s; start it with: ./starling up --dir %s".formatted(file, directory),
          e);
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  static Installation parse(Path directory, String text) {
    try {
      JsonObject json = JsonParser.parseString(text).getAsJsonObject();
      List<String> coordinators = new ArrayList<>();
      json.getAsJsonArray("coordinators").forEach(c -> coordinators.add(c.getAsString()));
      List<RecordedProcess> processes = new ArrayList<>();
      for (JsonElement element : json.getAsJsonArray("processes")) {
        JsonObject entry = element.getAsJsonObject();
        if (!entry.get("process").isJsonNull()) {
          processes.add(process(entry));
        }
      }
      return new Installation(
          directory,
          string(json, "router").orElse(""),
          coordinators,
          json.get("ready").getAsBoolean(),
          processes);
    } catch (JsonParseException
        | IllegalStateException
        | ClassCastException
        | NullPointerException
        | NumberFormatException e) {
      throw new StartException(
          ExitCode.FAILED,
          "%s is not understood: %s".formatted(directory.resolve("launcher.json"), e.getMessage()),
          e);
    }
  }

  /** The process of a service, by its name: {@code router}, {@code alpha-1}, … */
  public Optional<RecordedProcess> process(String name) {
    return processes.stream().filter(process -> process.name().equals(name)).findFirst();
  }

  /** What its processes show each other. */
  public Credential credential() {
    return Credential.read(directory.resolve("credential"));
  }

  private static RecordedProcess process(JsonObject entry) {
    JsonObject process = entry.getAsJsonObject("process");
    JsonArray words = process.getAsJsonArray("command");
    List<String> command = new ArrayList<>();
    words.forEach(word -> command.add(word.getAsString()));
    return new RecordedProcess(
        entry.get("kind").getAsString(),
        entry.get("name").getAsString(),
        string(entry, "cluster"),
        process.get("pid").getAsLong(),
        process.get("instance").getAsString(),
        command,
        HOST + ":" + entry.get("httpPort").getAsInt());
  }

  private static Optional<String> string(JsonObject json, String key) {
    JsonElement value = json.get(key);
    return value == null || value.isJsonNull()
        ? Optional.empty()
        : Optional.of(value.getAsString());
  }
}
