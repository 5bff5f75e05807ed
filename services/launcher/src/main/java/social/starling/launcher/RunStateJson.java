package social.starling.launcher;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * {@link RunState} as JSON. Beside the state itself it carries {@code coordinators} and {@code
 * router}, the addresses that other commands look for.
 */
final class RunStateJson {

  static final int FORMAT = 1;

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

  private RunStateJson() {}

  static String write(RunState state) {
    JsonObject json = new JsonObject();
    json.addProperty("format", FORMAT);
    json.addProperty("initialised", state.initialised());
    json.addProperty("ready", state.ready());
    json.addProperty("expectedClusters", state.expectedClusters());
    json.add("clusters", strings(state.clusters()));
    state.domain().ifPresent(domain -> json.addProperty("domain", domain));
    JsonArray coordinators = new JsonArray();
    state.ofKind(Kind.COORDINATOR).stream()
        .map(entry -> entry.endpoints().internalAddress())
        .forEach(coordinators::add);
    json.add("coordinators", coordinators);
    json.add(
        "router",
        state.ofKind(Kind.ROUTER).stream()
            .findFirst()
            .<JsonElement>map(entry -> GSON.toJsonTree(entry.endpoints().address()))
            .orElse(JsonNull.INSTANCE));
    JsonArray https = new JsonArray();
    state.services().values().stream()
        .map(entry -> Endpoints.HOST + ":" + entry.endpoints().httpPort())
        .forEach(https::add);
    json.add("http", https);
    json.add(
        "launcher",
        state.launcher().<JsonElement>map(RunStateJson::write).orElse(JsonNull.INSTANCE));
    JsonArray processes = new JsonArray();
    state.services().values().stream().map(RunStateJson::write).forEach(processes::add);
    json.add("processes", processes);
    return GSON.toJson(json) + "\n";
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws StartException when it is something else, or of a newer format
   */
  static RunState read(String text, String where) {
    try {
      JsonObject json = JsonParser.parseString(text).getAsJsonObject();
      int format = json.get("format").getAsInt();
      if (format > FORMAT) {
        throw new StartException(
            ExitCode.REFUSED,
            "%s has format %d; this starling reads formats up to %d: use a newer one"
                .formatted(where, format, FORMAT));
      }
      LinkedHashMap<String, RunState.Entry> services = new LinkedHashMap<>();
      for (JsonElement element : json.getAsJsonArray("processes")) {
        RunState.Entry entry = readEntry(element.getAsJsonObject());
        services.put(entry.service().name(), entry);
      }
      List<String> clusters = strings(json.getAsJsonArray("clusters"));
      return new RunState(
          json.get("initialised").getAsBoolean(),
          // Before clusters could be added later, it was as many as there are.
          json.has("expectedClusters") ? json.get("expectedClusters").getAsInt() : clusters.size(),
          clusters,
          json.get("launcher").isJsonNull()
              ? Optional.empty()
              : Optional.of(readProcess(json.getAsJsonObject("launcher"))),
          json.get("ready").getAsBoolean(),
          Optional.ofNullable(json.get("domain")).map(JsonElement::getAsString),
          services);
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | ClassCastException
        | NullPointerException
        | DateTimeException e) {
      throw new StartException(
          ExitCode.REFUSED,
          "%s is damaged (%s): restore it, or end the processes that it named and delete it"
              .formatted(where, e.getMessage()));
    }
  }

  private static JsonObject write(RunState.Entry entry) {
    JsonObject json = new JsonObject();
    Service service = entry.service();
    json.addProperty("kind", service.kind().word());
    json.addProperty("name", service.name());
    json.addProperty("cluster", service.cluster().orElse(null));
    json.addProperty("member", service.kind() == Kind.SERVER ? service.name() : null);
    json.addProperty("publicPort", entry.endpoints().publicPort());
    json.addProperty("internalPort", entry.endpoints().internalPort());
    json.addProperty("httpPort", entry.endpoints().httpPort());
    json.add(
        "process", entry.process().<JsonElement>map(RunStateJson::write).orElse(JsonNull.INSTANCE));
    return json;
  }

  private static RunState.Entry readEntry(JsonObject json) {
    Service service =
        new Service(
            Kind.ofWord(json.get("kind").getAsString()),
            json.get("name").getAsString(),
            json.get("cluster").isJsonNull()
                ? Optional.empty()
                : Optional.of(json.get("cluster").getAsString()));
    Endpoints endpoints =
        new Endpoints(
            json.get("publicPort").getAsInt(),
            json.get("internalPort").getAsInt(),
            json.get("httpPort").getAsInt());
    return new RunState.Entry(
        service,
        endpoints,
        json.get("process").isJsonNull()
            ? Optional.empty()
            : Optional.of(readProcess(json.getAsJsonObject("process"))));
  }

  private static JsonObject write(ProcessRecord process) {
    JsonObject json = new JsonObject();
    json.addProperty("pid", process.pid());
    json.addProperty("started", process.started().toString());
    json.addProperty("instance", process.instance());
    json.add("command", strings(process.command()));
    return json;
  }

  private static ProcessRecord readProcess(JsonObject json) {
    return new ProcessRecord(
        json.get("pid").getAsLong(),
        Instant.parse(json.get("started").getAsString()),
        json.get("instance").getAsString(),
        strings(json.getAsJsonArray("command")));
  }

  private static JsonArray strings(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  private static List<String> strings(JsonArray array) {
    List<String> values = new ArrayList<>();
    array.forEach(element -> values.add(element.getAsString()));
    return values;
  }
}
