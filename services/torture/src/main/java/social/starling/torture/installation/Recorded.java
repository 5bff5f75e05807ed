package social.starling.torture.installation;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
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
   * @param kind coordinator, server, synchronizer or router
   * @param cluster empty for those of all clusters
   * @param publicPort 0 when it has none
   * @param pid empty while none runs
   */
  public record Entry(
      String name,
      String kind,
      Optional<String> cluster,
      int publicPort,
      int internalPort,
      OptionalLong pid) {}

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
   * @throws UncheckedIOException when it cannot be read
   */
  static Optional<Recorded> read(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonObject json;
    try {
      json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> clusters = new ArrayList<>();
    json.getAsJsonArray("clusters").forEach(name -> clusters.add(name.getAsString()));
    List<Entry> entries = new ArrayList<>();
    json.getAsJsonArray("processes")
        .forEach(element -> entries.add(entry(element.getAsJsonObject())));
    return Optional.of(
        new Recorded(
            json.get("ready").getAsBoolean(), pid(json.get("launcher")), clusters, entries));
  }

  private static Entry entry(JsonObject json) {
    JsonElement cluster = json.get("cluster");
    return new Entry(
        json.get("name").getAsString(),
        json.get("kind").getAsString(),
        cluster == null || cluster.isJsonNull()
            ? Optional.empty()
            : Optional.of(cluster.getAsString()),
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
