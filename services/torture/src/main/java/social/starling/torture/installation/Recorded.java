package social.starling.torture.installation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;

/** What {@code launcher.json} said when it was read. */
public final class Recorded {

  /**
   * One process.
   *
   * @param publicPort 0 when it has none
   * @param pid empty while none runs
   */
  public record Entry(String name, int publicPort, int internalPort, OptionalLong pid) {}

  private final boolean ready;
  private final OptionalLong launcher;
  private final List<String> clusters;
  private final List<Entry> entries;

  private Recorded(
      boolean ready, OptionalLong launcher, List<String> clusters, List<Entry> entries) {
    this.ready = ready;
    this.launcher = launcher;
    this.clusters = List.copyOf(clusters);
    this.entries = List.copyOf(entries);
  }

  /**
   * Reads it; empty before it was first written.
   *
   * @throws UncheckedIOException when it cannot be read or is not what a launcher writes
   */
  public static Optional<Recorded> read(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(parse(JsonParser.parseString(Files.readString(file)).getAsJsonObject()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | UnsupportedOperationException e) {
      throw new UncheckedIOException(
          new IOException("%s is not understood: %s".formatted(file, e.getMessage()), e));
    }
  }

  private static Recorded parse(JsonObject json) {
    List<String> clusters = new ArrayList<>();
    json.getAsJsonArray("clusters").forEach(name -> clusters.add(name.getAsString()));
    List<Entry> entries = new ArrayList<>();
    json.getAsJsonArray("processes")
        .forEach(element -> entries.add(entry(element.getAsJsonObject())));
    return new Recorded(
        json.get("ready").getAsBoolean(), pid(json.get("launcher")), clusters, entries);
  }

  private static Entry entry(JsonObject json) {
    return new Entry(
        json.get("name").getAsString(),
        json.get("publicPort").getAsInt(),
        json.get("internalPort").getAsInt(),
        pid(json.get("process")));
  }

  private static OptionalLong pid(JsonElement process) {
    if (process == null || process.isJsonNull()) {
      return OptionalLong.empty();
    }
    long pid = process.getAsJsonObject().get("pid").getAsLong();
    return pid > 0 ? OptionalLong.of(pid) : OptionalLong.empty();
  }

  /** Whether everything was ready once since the launcher began. */
  boolean ready() {
    return ready;
  }

  OptionalLong launcher() {
    return launcher;
  }

  /** Names, in the order in which they were made. */
  public List<String> clusters() {
    return clusters;
  }

  /** All but the launcher. */
  public List<Entry> entries() {
    return entries;
  }

  /**
   * One of them.
   *
   * @throws NoSuchElementException when there is none of this name
   */
  public Entry entry(String name) {
    return entries.stream()
        .filter(entry -> entry.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("launcher.json has no " + name));
  }
}
