package social.starling.torture.history;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The fields of one line, whatever its kind; those that it lacks are empty. */
final class Line {

  String kind = "";
  int version;
  long seed;
  String again = "";
  String runBegun = "";
  long nanos;
  String user = "";
  String cluster = "";
  long id;
  String author = "";
  String text = "";
  String part = "";
  String name = "";
  List<Long> ids = List.of();
  List<String> names = List.of();
  Map<String, String> map = Map.of();

  private int session;
  private String via = "";
  private String operation = "";
  private long maxId;
  private int limit;
  private long cursor;
  private long begun;
  private long ended;
  private String outcome = "";
  private String reason = "";
  private int stream;
  private long at;
  private String fault = "";
  private List<String> targets = List.of();
  private List<String> clusters = List.of();
  private String detail = "";
  private String expected = "";
  private String found = "";
  private String where = "";

  private final UnaryOperator<String> shared;

  private Line(UnaryOperator<String> shared) {
    this.shared = shared;
  }

  /**
   * Takes a line apart.
   *
   * @param shared gives one string for all that are equal
   */
  static Line parse(String line, UnaryOperator<String> shared) throws IOException {
    Line parsed = new Line(shared);
    JsonReader json = new JsonReader(new StringReader(line));
    json.beginObject();
    while (json.hasNext()) {
      parsed.field(json.nextName(), json);
    }
    json.endObject();
    return parsed;
  }

  private void field(String field, JsonReader json) throws IOException {
    switch (field) {
      case "kind" -> kind = json.nextString();
      case "version" -> version = json.nextInt();
      case "seed" -> seed = json.nextLong();
      case "again" -> again = json.nextString();
      case "nanos" -> nanos = json.nextLong();
      case "user" -> user = text(json);
      case "cluster" -> cluster = text(json);
      case "id" -> id = json.nextLong();
      case "author" -> author = text(json);
      case "text" -> text = text(json);
      case "part" -> part = json.nextString();
      case "name" -> name = text(json);
      case "ids" -> ids = longs(json);
      case "names" -> names = strings(json);
      case "value" -> value(json);
      case "session" -> session = json.nextInt();
      case "via" -> via = json.nextString();
      case "operation" -> operation = json.nextString();
      case "maxId" -> maxId = json.nextLong();
      case "limit" -> limit = json.nextInt();
      case "cursor" -> cursor = json.nextLong();
      case "begun" -> begun(json);
      case "ended" -> ended = json.nextLong();
      case "outcome" -> outcome = json.nextString();
      case "reason" -> reason = text(json);
      case "stream" -> stream = json.nextInt();
      case "at" -> at = json.nextLong();
      case "fault" -> fault = text(json);
      case "targets" -> targets = strings(json);
      case "clusters" -> clusters = strings(json);
      case "detail" -> detail = json.nextString();
      case "expected" -> expected = json.nextString();
      case "found" -> found = json.nextString();
      case "where" -> where = json.nextString();
      default -> throw new IllegalArgumentException("no field \"%s\"".formatted(field));
    }
  }

  private void begun(JsonReader json) throws IOException {
    if (kind.equals("run")) {
      runBegun = json.nextString();
    } else {
      begun = json.nextLong();
    }
  }

  private void value(JsonReader json) throws IOException {
    switch (part) {
      case "posts", "timelines" -> ids = longs(json);
      case "digests" -> map = map(json);
      default -> names = strings(json);
    }
  }

  private String text(JsonReader json) throws IOException {
    return shared.apply(json.nextString());
  }

  private static List<Long> longs(JsonReader json) throws IOException {
    long[] values = new long[16];
    int size = 0;
    json.beginArray();
    while (json.hasNext()) {
      if (size == values.length) {
        values = java.util.Arrays.copyOf(values, size * 2);
      }
      values[size++] = json.nextLong();
    }
    json.endArray();
    return size == 0 ? List.of() : new Ids(values, size);
  }

  private List<String> strings(JsonReader json) throws IOException {
    List<String> values = new ArrayList<>();
    json.beginArray();
    while (json.hasNext()) {
      values.add(text(json));
    }
    json.endArray();
    return List.copyOf(values);
  }

  private Map<String, String> map(JsonReader json) throws IOException {
    Map<String, String> values = new LinkedHashMap<>();
    json.beginObject();
    while (json.hasNext()) {
      String name = json.nextName();
      if (json.peek() == JsonToken.NULL) {
        throw new IllegalArgumentException("\"%s\" is null".formatted(name));
      }
      values.put(shared.apply(name), text(json));
    }
    json.endObject();
    return values;
  }

  /** The event that the line holds. */
  Event event() {
    return switch (kind) {
      case "call" ->
          new Call(
              session,
              user,
              Call.Via.valueOf(via),
              operation(),
              begun,
              ended,
              Call.Outcome.valueOf(outcome),
              reason);
      case "shown" -> new Shown(user, stream, id, cursor, at);
      case "streamBegun" -> new StreamBegun(user, stream, cursor, at);
      case "fault" -> new Fault(fault, targets, detail, begun, ended, clusters);
      case "mismatch" -> new Mismatch(id, expected, found, where, at);
      default -> throw new IllegalArgumentException("no kind \"%s\"".formatted(kind));
    };
  }

  private Operation operation() {
    return switch (operation) {
      case "register" -> new Operation.Register();
      case "post" -> new Operation.Post(text, id);
      case "delete" -> new Operation.Delete(id);
      case "follow" -> new Operation.Follow(name);
      case "unfollow" -> new Operation.Unfollow(name);
      case "posts" -> new Operation.Posts(author, maxId, limit, ids);
      case "timeline" -> new Operation.Timeline(maxId, limit, ids, cursor);
      case "following" -> new Operation.Following(names);
      case "followers" -> new Operation.Followers(names);
      default -> throw new IllegalArgumentException("no operation \"%s\"".formatted(operation));
    };
  }
}
