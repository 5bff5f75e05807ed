package social.starling.launcher;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * The pods that read volumes, and the one that writes a coordinator's state. Each runs a program of
 * an image that is installed, as restricted as the coordinators' own pods are.
 */
final class RebuildPods {

  /** Name of the pod that writes, and of the ConfigMap that it writes from. */
  static final String WRITER = "starling-rebuild";

  /** Key, and so the file's name, in that ConfigMap. */
  static final String STATE_KEY = "state.txt";

  private static final String COORDINATOR = "starling-coordinator";
  private static final String OPERATOR = "starling-operator";
  private static final String SERVER_IMAGE = "--server-image=";
  private static final String VOLUME = "/data/volume";
  private static final String STATE = "/state";

  private static final Map<String, String> LABELS =
      Map.of("app.kubernetes.io/part-of", "starling", "app.kubernetes.io/component", "rebuild");

  private final String namespace;
  private final JsonObject coordinator;
  private final String serverImage;

  private RebuildPods(String namespace, JsonObject coordinator, String serverImage) {
    this.namespace = namespace;
    this.coordinator = coordinator;
    this.serverImage = serverImage;
  }

  /**
   * Takes what it needs from the installation.
   *
   * @throws StartException when the chart is not installed
   */
  static RebuildPods of(Namespace namespace) throws InterruptedException {
    JsonObject coordinator = template(namespace, COORDINATOR);
    JsonObject operator = template(namespace, OPERATOR);
    String image =
        strings(container(operator), "args").stream()
            .filter(argument -> argument.startsWith(SERVER_IMAGE))
            .map(argument -> argument.substring(SERVER_IMAGE.length()))
            .findFirst()
            .orElseThrow(() ->
                new StartException(
                    ExitCode.FAILED,
                    "the Deployment %s of namespace %s does not say %sIMAGE"
                        .formatted(OPERATOR, namespace.name(), SERVER_IMAGE)));
    return new RebuildPods(namespace.name(), coordinator, image);
  }

  private static JsonObject template(Namespace namespace, String deployment)
      throws InterruptedException {
    return namespace
        .deployment(deployment)
        .flatMap(found -> Namespace.find(found, "spec", "template", "spec"))
        .orElseThrow(() ->
            new StartException(
                ExitCode.FAILED,
                "namespace %s has no Deployment %s: install the chart there first"
                    .formatted(namespace.name(), deployment)))
        .getAsJsonObject();
  }

  /** The pod that reads the volume of a member. */
  static String reader(String member) {
    return WRITER + "-" + member;
  }

  /**
   * Prints what is on a volume, in one line, and ends.
   *
   * @param claim of the volume; the member's name
   * @param node on which another pod uses the volume; empty: one that can
   */
  JsonObject read(String claim, Optional<String> node) {
    JsonObject container = container("read", serverImage);
    container.add(
        "command",
        array(
            "java",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:MaxRAMPercentage=50",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            "@/app/jib-classpath-file",
            VolumeReader.PROGRAM,
            VOLUME));
    container.add("volumeMounts", array(mount("data", "/data"), mount("tmp", "/tmp")));
    JsonObject pod = pod(reader(claim), container);
    JsonObject spec = pod.getAsJsonObject("spec");
    spec.addProperty("automountServiceAccountToken", false);
    JsonObject source = new JsonObject();
    source.addProperty("claimName", claim);
    JsonObject data = new JsonObject();
    data.addProperty("name", "data");
    data.add("persistentVolumeClaim", source);
    spec.add("volumes", array(data, emptyDirectory()));
    node.ifPresent(name -> spec.addProperty("nodeName", name));
    return pod;
  }

  /** Writes the state from the ConfigMap, with the coordinators' own account, and ends. */
  JsonObject write() {
    JsonObject own = container(coordinator);
    JsonObject container = container("write", text(own, "image"));
    container.add(
        "args",
        array("--kubernetes-namespace=" + namespace, "--rebuild=" + STATE + "/" + STATE_KEY));
    container.add("volumeMounts", array(mount("state", STATE), mount("tmp", "/tmp")));
    JsonObject pod = pod(WRITER, container);
    JsonObject spec = pod.getAsJsonObject("spec");
    spec.add("serviceAccountName", coordinator.get("serviceAccountName"));
    JsonObject map = new JsonObject();
    map.addProperty("name", WRITER);
    JsonObject state = new JsonObject();
    state.addProperty("name", "state");
    state.add("configMap", map);
    spec.add("volumes", array(state, emptyDirectory()));
    return pod;
  }

  /** What the writer writes from. */
  JsonObject stateMap(String state) {
    JsonObject map = new JsonObject();
    map.addProperty("apiVersion", "v1");
    map.addProperty("kind", "ConfigMap");
    map.add("metadata", metadata(WRITER));
    JsonObject data = new JsonObject();
    data.addProperty(STATE_KEY, state);
    map.add("data", data);
    return map;
  }

  private JsonObject pod(String name, JsonObject container) {
    JsonObject spec = new JsonObject();
    spec.addProperty("restartPolicy", "Never");
    spec.addProperty("enableServiceLinks", false);
    for (String kept : List.of("securityContext", "imagePullSecrets", "priorityClassName")) {
      if (coordinator.has(kept)) {
        spec.add(kept, coordinator.get(kept).deepCopy());
      }
    }
    if (spec.has("securityContext")) {
      // Else each start would walk over the whole volume, beside the server that uses it.
      spec.getAsJsonObject("securityContext").addProperty("fsGroupChangePolicy", "OnRootMismatch");
    }
    // The volume decides where it runs, whatever the node is tainted with.
    JsonObject everything = new JsonObject();
    everything.addProperty("operator", "Exists");
    spec.add("tolerations", array(everything));
    spec.add("containers", array(container));
    JsonObject pod = new JsonObject();
    pod.addProperty("apiVersion", "v1");
    pod.addProperty("kind", "Pod");
    pod.add("metadata", metadata(name));
    pod.add("spec", spec);
    return pod;
  }

  private JsonObject container(String name, String image) {
    JsonObject own = container(coordinator);
    JsonObject container = new JsonObject();
    container.addProperty("name", name);
    container.addProperty("image", image);
    for (String kept : List.of("imagePullPolicy", "securityContext")) {
      if (own.has(kept)) {
        container.add(kept, own.get(kept).deepCopy());
      }
    }
    JsonObject requests = new JsonObject();
    requests.addProperty("cpu", "50m");
    requests.addProperty("memory", "128Mi");
    JsonObject limits = new JsonObject();
    limits.addProperty("memory", "320Mi");
    JsonObject resources = new JsonObject();
    resources.add("requests", requests);
    resources.add("limits", limits);
    container.add("resources", resources);
    return container;
  }

  private JsonObject metadata(String name) {
    JsonObject labels = new JsonObject();
    LABELS.forEach(labels::addProperty);
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.addProperty("namespace", namespace);
    metadata.add("labels", labels);
    return metadata;
  }

  private static JsonObject mount(String name, String path) {
    JsonObject mount = new JsonObject();
    mount.addProperty("name", name);
    mount.addProperty("mountPath", path);
    return mount;
  }

  private static JsonObject emptyDirectory() {
    JsonObject volume = new JsonObject();
    volume.addProperty("name", "tmp");
    volume.add("emptyDir", new JsonObject());
    return volume;
  }

  private static JsonObject container(JsonObject template) {
    return template.getAsJsonArray("containers").get(0).getAsJsonObject();
  }

  private static String text(JsonObject object, String key) {
    return object.get(key).getAsString();
  }

  private static List<String> strings(JsonObject object, String key) {
    return object.getAsJsonArray(key).asList().stream().map(each -> each.getAsString()).toList();
  }

  private static JsonArray array(String... texts) {
    JsonArray array = new JsonArray();
    List.of(texts).forEach(array::add);
    return array;
  }

  private static JsonArray array(JsonObject... objects) {
    JsonArray array = new JsonArray();
    List.of(objects).forEach(array::add);
    return array;
  }
}
