package social.starling.coordinator;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * How a {@link Document} is written as a ConfigMap, and read again. Pure.
 *
 * <p>The document's version is its own count; what the API server compares is the object's {@code
 * resourceVersion}, which also rises when somebody labels the object. Names: {@code
 * starling-slots}, and {@code starling-state-CLUSTER} for each cluster. Beside them stands {@code
 * starling-state}, which holds no document: where it is, there is a state.
 */
final class StateObject {

  /** Selects the objects with documents. */
  static final Map<String, String> LABELS =
      Map.of("app.kubernetes.io/part-of", "starling", "starling.social/state", "coordinator");

  /** The object that says that there is a state. */
  static final String MARKER = "starling-state";

  /** The only format so far. */
  static final String FORMAT = "1";

  private static final String SLOTS = "starling-slots";
  private static final String CLUSTER_PREFIX = "starling-state-";
  private static final String KEY = "key";
  private static final String VERSION = "version";
  private static final String CONTENT = "content";
  private static final String FORMAT_KEY = "format";

  private StateObject() {}

  /** The name of the object that holds a document. */
  static String name(String key) {
    if (key.equals(SlotTable.KEY)) {
      return SLOTS;
    }
    if (RecordedCluster.isKey(key)) {
      return CLUSTER_PREFIX + RecordedCluster.nameOf(key);
    }
    throw new IllegalArgumentException("there is no object for a document \"" + key + "\"");
  }

  /** The object that says that there is a state. */
  static ConfigMap marker() {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(MARKER)
        .addToLabels("app.kubernetes.io/part-of", "starling")
        .endMetadata()
        .addToData(FORMAT_KEY, FORMAT)
        .build();
  }

  /**
   * The object of a document.
   *
   * @param resourceVersion that is to be replaced; null for a new object
   */
  static ConfigMap write(Document document, String resourceVersion) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name(document.key()))
        .withLabels(LABELS)
        .withResourceVersion(resourceVersion)
        .endMetadata()
        .addToData(FORMAT_KEY, FORMAT)
        .addToData(KEY, document.key())
        .addToData(VERSION, Long.toString(document.version()))
        .addToBinaryData(CONTENT, Base64.getEncoder().encodeToString(document.content()))
        .build();
  }

  /** The object without what the API server adds, as {@code kubectl apply} takes it. */
  static ConfigMap bare(ConfigMap object) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(object.getMetadata().getName())
        .withNamespace(object.getMetadata().getNamespace())
        .withLabels(object.getMetadata().getLabels())
        .endMetadata()
        .withData(object.getData())
        .withBinaryData(object.getBinaryData())
        .build();
  }

  /**
   * The document of an object.
   *
   * @throws StoreException when it holds none, or of another format
   */
  static Document read(ConfigMap object) {
    String name = object.getMetadata().getName();
    checkFormat(object);
    Map<String, String> data = object.getData();
    String key = data.getOrDefault(KEY, "");
    if (!RecordedCluster.isKey(key) && !key.equals(SlotTable.KEY)) {
      throw StoreException.foreign(key);
    }
    if (!name(key).equals(name)) {
      throw StoreException.damaged(key, "it is in the ConfigMap " + name);
    }
    try {
      long version = Long.parseLong(data.getOrDefault(VERSION, ""));
      if (version < 1) {
        throw StoreException.damaged(key, "its version is " + version);
      }
      String content =
          Optional.ofNullable(object.getBinaryData()).map(binary -> binary.get(CONTENT)).orElse("");
      return new Document(key, version, Base64.getDecoder().decode(content));
    } catch (IllegalArgumentException e) {
      throw StoreException.damaged(key, e.getMessage());
    }
  }

  /**
   * Checks the format that an object names.
   *
   * @throws StoreException when this coordinator does not read it
   */
  static void checkFormat(ConfigMap object) {
    Map<String, String> data = object.getData();
    String format = data == null ? null : data.get(FORMAT_KEY);
    if (!FORMAT.equals(format)) {
      throw new StoreException(
          StoreException.Kind.FOREIGN,
          "the ConfigMap %s has format %s; this coordinator reads format %s: use a newer one"
              .formatted(object.getMetadata().getName(), format, FORMAT),
          null);
    }
  }
}
