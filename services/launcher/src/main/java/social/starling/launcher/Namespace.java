package social.starling.launcher;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** The objects of a namespace in which Starling is installed. */
final class Namespace {

  /** What members' claims and pods carry. */
  static final Map<String, String> MEMBERS =
      new TreeMap<>(
          Map.of("app.kubernetes.io/name", "starling", "app.kubernetes.io/component", "server"));

  /** What coordinators' pods carry. */
  static final Map<String, String> COORDINATORS =
      new TreeMap<>(
          Map.of(
              "app.kubernetes.io/name", "starling", "app.kubernetes.io/component", "coordinator"));

  /** What ConfigMaps with coordinators' documents carry. */
  static final Map<String, String> STATE =
      new TreeMap<>(
          Map.of("app.kubernetes.io/part-of", "starling", "starling.social/state", "coordinator"));

  private final ApiServer api;
  private final String name;

  Namespace(ApiServer api, String name) {
    this.api = api;
    this.name = name;
  }

  String name() {
    return name;
  }

  List<JsonObject> claims() throws InterruptedException {
    return list(core("persistentvolumeclaims"), MEMBERS);
  }

  List<JsonObject> pods(Map<String, String> labels) throws InterruptedException {
    return list(core("pods"), labels);
  }

  List<JsonObject> stateObjects() throws InterruptedException {
    return list(core("configmaps"), STATE);
  }

  Optional<JsonObject> configMap(String object) throws InterruptedException {
    return object(core("configmaps") + "/" + object);
  }

  Optional<JsonObject> pod(String object) throws InterruptedException {
    return object(core("pods") + "/" + object);
  }

  /** Every {@code SnsCluster}; none when there is no such kind. */
  List<JsonObject> clusters() throws InterruptedException {
    return list("/apis/starling.social/v1alpha1/namespaces/" + name + "/snsclusters", Map.of());
  }

  Optional<JsonObject> deployment(String object) throws InterruptedException {
    return object("/apis/apps/v1/namespaces/" + name + "/deployments/" + object);
  }

  /** What a pod's process answers by HTTP. */
  Optional<String> ask(String pod, int port, String path) throws InterruptedException {
    return api.get(core("pods") + "/" + pod + ":" + port + "/proxy" + path);
  }

  Optional<String> log(String pod) throws InterruptedException {
    return api.get(core("pods") + "/" + pod + "/log");
  }

  void createPod(JsonObject pod) throws InterruptedException {
    api.create(core("pods"), pod);
  }

  /** At once, without waiting for its node. */
  void removePod(String pod) throws InterruptedException {
    api.delete(core("pods") + "/" + pod + "?gracePeriodSeconds=0");
  }

  /** As somebody who lets it end by itself. */
  void endPod(String pod) throws InterruptedException {
    api.delete(core("pods") + "/" + pod);
  }

  void createConfigMap(JsonObject map) throws InterruptedException {
    api.create(core("configmaps"), map);
  }

  void deleteConfigMap(String map) throws InterruptedException {
    api.delete(core("configmaps") + "/" + map);
  }

  /** False when it has changed since it was read; then it stays. */
  boolean deleteUnchangedConfigMap(JsonObject asRead) throws InterruptedException {
    return api.deleteUnchanged(core("configmaps") + "/" + nameOf(asRead), asRead);
  }

  private String core(String kind) {
    return "/api/v1/namespaces/" + name + "/" + kind;
  }

  private Optional<JsonObject> object(String path) throws InterruptedException {
    return api.get(path).map(Namespace::parsed);
  }

  private List<JsonObject> list(String path, Map<String, String> labels)
      throws InterruptedException {
    String selector =
        labels.entrySet().stream()
            .map(label -> label.getKey() + "=" + label.getValue())
            .collect(Collectors.joining(","));
    String query =
        selector.isEmpty()
            ? ""
            : "?labelSelector=" + URLEncoder.encode(selector, StandardCharsets.UTF_8);
    return api.get(path + query).map(Namespace::parsed).stream()
        .flatMap(found ->
            StreamSupport.stream(found.getAsJsonArray("items").spliterator(), false)
                .map(JsonElement::getAsJsonObject))
        .toList();
  }

  private static JsonObject parsed(String json) {
    try {
      return JsonParser.parseString(json).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new StartException(
          ExitCode.FAILED, "what the API server answers makes no sense: " + json, e);
    }
  }

  // ------------------------------------------------------------ reading objects

  /** A text inside an object, by the names that lead to it. */
  static Optional<String> text(JsonObject object, String... path) {
    return find(object, path).filter(JsonElement::isJsonPrimitive).map(JsonElement::getAsString);
  }

  /** A number inside an object. */
  static Optional<Long> number(JsonObject object, String... path) {
    return find(object, path).filter(JsonElement::isJsonPrimitive).map(JsonElement::getAsLong);
  }

  /** A part of an object, by the names that lead to it. */
  static Optional<JsonElement> find(JsonObject object, String... path) {
    JsonElement at = object;
    for (String step : path) {
      at = at != null && at.isJsonObject() ? at.getAsJsonObject().get(step) : null;
    }
    return Optional.ofNullable(at).filter(found -> !found.isJsonNull());
  }

  static String nameOf(JsonObject object) {
    return text(object, "metadata", "name").orElse("");
  }

  static Optional<String> label(JsonObject object, String key) {
    return text(object, "metadata", "labels", key);
  }
}
