package social.starling.launcher;

import static social.starling.launcher.Namespace.nameOf;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.StoredSlots;

/**
 * What is left of the coordinators' state in a namespace.
 *
 * @param marker the object that says that there is a state
 * @param documents the others
 */
record RecordedState(Optional<JsonObject> marker, List<JsonObject> documents) {

  private static final String MARKER = "starling-state";
  private static final String FORMAT_KEY = "format";

  /** Of the marker, as coordinators of this version write it. */
  private static final String FORMAT = "1";

  private static final String SLOTS = "starling-slots";

  RecordedState {
    documents = List.copyOf(documents);
  }

  static RecordedState of(Namespace namespace) throws InterruptedException {
    return new RecordedState(namespace.configMap(MARKER), namespace.stateObjects());
  }

  boolean isEmpty() {
    return marker.isEmpty() && documents.isEmpty();
  }

  /** What coordinators would say from it; empty when they would not begin with it. */
  Optional<GetStatusResponse> status() {
    return marker.flatMap(present -> records());
  }

  /** What coordinators would say if the marker were there; empty when they still could not. */
  Optional<GetStatusResponse> records() {
    if (documents.stream().noneMatch(map -> nameOf(map).equals(SLOTS))) {
      return Optional.empty();
    }
    GetStatusResponse.Builder status = GetStatusResponse.newBuilder();
    try {
      for (JsonObject map : documents) {
        byte[] content =
            Base64.getDecoder().decode(Namespace.text(map, "binaryData", "content").orElse(""));
        if (nameOf(map).equals(SLOTS)) {
          status.addAllSlots(StoredSlots.parseFrom(content).getSlotsList());
        } else if (content.length > 0) {
          ClusterEntry entry = ClusterEntry.parseFrom(content);
          status.addClusters(
              ClusterStatus.newBuilder()
                  .setName(entry.getName())
                  .setConfiguration(entry.getConfiguration()));
        }
      }
      return Optional.of(status.build());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether the same documents are there as in another look, and none has been written since. The
   * marker does not count: coordinators at work touch it to see whether they can write.
   */
  boolean hasDocumentsOf(RecordedState other) {
    return identities().equals(other.identities());
  }

  private Set<List<String>> identities() {
    return documents.stream()
        .map(map ->
            Stream.of("name", "uid", "resourceVersion")
                .map(key -> Namespace.text(map, "metadata", key).orElse(""))
                .toList())
        .collect(Collectors.toSet());
  }

  /** A new marker. */
  static JsonObject newMarker() {
    JsonObject labels = new JsonObject();
    labels.addProperty("app.kubernetes.io/part-of", "starling");
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", MARKER);
    metadata.add("labels", labels);
    JsonObject data = new JsonObject();
    data.addProperty(FORMAT_KEY, FORMAT);
    JsonObject map = new JsonObject();
    map.addProperty("apiVersion", "v1");
    map.addProperty("kind", "ConfigMap");
    map.add("metadata", metadata);
    map.add("data", data);
    return map;
  }

  /** All of it, as {@code kubectl apply -f} takes it. */
  JsonObject backup() {
    JsonArray items = new JsonArray();
    marker.ifPresent(map -> items.add(bare(map)));
    documents.forEach(map -> items.add(bare(map)));
    JsonObject list = new JsonObject();
    list.addProperty("apiVersion", "v1");
    list.addProperty("kind", "List");
    list.add("items", items);
    return list;
  }

  private static JsonObject bare(JsonObject map) {
    JsonObject metadata = new JsonObject();
    for (String kept : List.of("name", "namespace", "labels")) {
      Namespace.find(map, "metadata", kept).ifPresent(value -> metadata.add(kept, value));
    }
    JsonObject bare = new JsonObject();
    bare.addProperty("apiVersion", "v1");
    bare.addProperty("kind", "ConfigMap");
    bare.add("metadata", metadata);
    for (String kept : List.of("data", "binaryData")) {
      Namespace.find(map, kept).ifPresent(value -> bare.add(kept, value));
    }
    return bare;
  }
}
