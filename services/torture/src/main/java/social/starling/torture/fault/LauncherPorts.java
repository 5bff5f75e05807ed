package social.starling.torture.fault;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads ports from {@code launcher.json}, again whenever it has changed. While it cannot be read,
 * what was read last holds. Thread-safe: everything is guarded by this object.
 */
final class LauncherPorts implements PortsOf {

  private final Path file;
  private Object version;
  private Map<String, Part> parts = Map.of();

  LauncherPorts(Path file) {
    this.file = file;
  }

  @Override
  public synchronized Optional<Part> of(String part) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      // The launcher replaces the file as a whole, so its key tells one version from the next.
      Object found = List.of(now.lastModifiedTime(), now.size(), "" + now.fileKey());
      if (!found.equals(version)) {
        parts = read();
        version = found;
      }
    } catch (IOException
        | JsonParseException
        | IllegalStateException
        | NullPointerException
        | UnsupportedOperationException e) {
      version = null;
    }
    return Optional.ofNullable(parts.get(part));
  }

  private Map<String, Part> read() throws IOException {
    JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    Map<String, Part> read = new HashMap<>();
    for (JsonElement element : json.getAsJsonArray("processes")) {
      JsonObject process = element.getAsJsonObject();
      String name = process.get("name").getAsString();
      read.put(
          name,
          new Part(
              name, process.get("publicPort").getAsInt(), process.get("internalPort").getAsInt()));
    }
    return read;
  }
}
