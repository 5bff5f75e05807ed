package social.starling.torture.history;

import com.google.gson.stream.JsonWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Writes a history down while the run goes on, one JSON object a line, so that none of it has to be
 * kept in memory. Ids of posts are whole JSON numbers of up to 63 bits.
 *
 * <p>Lines, by their {@code kind}: {@code run} first; {@code home}, {@code content} and events in
 * any order; {@code stored}, one for each part and name; {@code storedEnd} when all of those are
 * there; {@code end} last. A file without the last two is a run that broke off.
 *
 * <p>Thread-safe: a line is made by its caller and appended under a lock. What one thread appends
 * keeps its order. Failures of the disk are thrown as {@link UncheckedIOException}.
 */
public final class HistoryWriter implements AutoCloseable {

  /** Version of the format; 2 added {@code again}. */
  static final int VERSION = 2;

  private final Path file;
  private final BufferedWriter out;

  private HistoryWriter(Path file, BufferedWriter out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Begins a file; one of that name is replaced.
   *
   * @param again the command that makes such a run again
   * @param begun when the run begins, by this machine's clock
   */
  public static HistoryWriter create(Path file, long seed, String again, Instant begun) {
    try {
      HistoryWriter writer =
          new HistoryWriter(file, Files.newBufferedWriter(file, StandardCharsets.UTF_8));
      writer.line(
          "run",
          json -> {
            json.name("version").value(VERSION);
            json.name("seed").value(seed);
            json.name("again").value(again);
            json.name("begun").value(begun.toString());
          });
      writer.flush();
      return writer;
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Where a user lives. */
  public void home(String user, String cluster) {
    line(
        "home",
        json -> {
          json.name("user").value(user);
          json.name("cluster").value(cluster);
        });
  }

  /** Whose a post is and what it says. Once for each id is enough, the first counts. */
  public void content(long id, Content content) {
    line(
        "content",
        json -> {
          json.name("id").value(id);
          json.name("author").value(content.author());
          json.name("text").value(content.text());
        });
  }

  /** Something that has ended. */
  public void event(Event event) {
    switch (event) {
      case Call call -> line("call", json -> call(json, call));
      case Shown shown ->
          line(
              "shown",
              json -> {
                json.name("user").value(shown.reader());
                json.name("stream").value(shown.stream());
                json.name("id").value(shown.id());
                json.name("cursor").value(shown.cursor());
                json.name("at").value(shown.at());
              });
      case StreamBegun begun ->
          line(
              "streamBegun",
              json -> {
                json.name("user").value(begun.reader());
                json.name("stream").value(begun.stream());
                json.name("cursor").value(begun.cursor());
                json.name("at").value(begun.at());
              });
      case Fault fault ->
          line(
              "fault",
              json -> {
                json.name("fault").value(fault.kind());
                strings(json.name("targets"), fault.targets());
                json.name("detail").value(fault.detail());
                json.name("begun").value(fault.begun());
                json.name("ended").value(fault.ended());
                strings(json.name("clusters"), fault.clusters());
              });
      case Mismatch mismatch ->
          line(
              "mismatch",
              json -> {
                json.name("id").value(mismatch.id());
                json.name("expected").value(mismatch.expected());
                json.name("found").value(mismatch.found());
                json.name("where").value(mismatch.where());
                json.name("at").value(mismatch.at());
              });
    }
  }

  /** What is there in the end. */
  public void stored(Stored stored) {
    stored.posts().forEach((user, ids) -> stored("posts", user, json -> longs(json, ids)));
    stored
        .following()
        .forEach((user, names) -> stored("following", user, json -> strings(json, names)));
    stored
        .followers()
        .forEach((user, names) -> stored("followers", user, json -> strings(json, names)));
    stored.timelines().forEach((user, ids) -> stored("timelines", user, json -> longs(json, ids)));
    stored
        .users()
        .forEach((cluster, names) -> stored("users", cluster, json -> strings(json, names)));
    stored
        .digests()
        .forEach((cluster, digests) -> stored("digests", cluster, json -> map(json, digests)));
    stored("verified", "", json -> strings(json, stored.verified()));
    line("storedEnd", _ -> {});
  }

  /** The run is over. */
  public void end(long nanos) {
    line("end", json -> json.name("nanos").value(nanos));
    flush();
  }

  /** What was appended so far outlives this process. */
  public void flush() {
    synchronized (out) {
      try {
        out.flush();
      } catch (IOException e) {
        throw failed(file, e);
      }
    }
  }

  @Override
  public void close() {
    synchronized (out) {
      try {
        out.close();
      } catch (IOException e) {
        throw failed(file, e);
      }
    }
  }

  private static void call(JsonWriter json, Call call) throws IOException {
    json.name("session").value(call.session());
    json.name("user").value(call.user());
    json.name("via").value(call.via().name());
    operation(json, call.operation());
    json.name("begun").value(call.begun());
    json.name("ended").value(call.ended());
    json.name("outcome").value(call.outcome().name());
    if (!call.reason().isEmpty()) {
      json.name("reason").value(call.reason());
    }
  }

  private static void operation(JsonWriter json, Operation operation) throws IOException {
    json.name("operation");
    switch (operation) {
      case Operation.Register _ -> json.value("register");
      case Operation.Post post -> {
        json.value("post");
        json.name("text").value(post.text());
        json.name("id").value(post.id());
      }
      case Operation.Delete delete -> json.value("delete").name("id").value(delete.id());
      case Operation.Follow follow -> json.value("follow").name("name").value(follow.name());
      case Operation.Unfollow unfollow ->
          json.value("unfollow").name("name").value(unfollow.name());
      case Operation.Posts posts -> {
        json.value("posts");
        json.name("author").value(posts.author());
        json.name("maxId").value(posts.maxId());
        json.name("limit").value(posts.limit());
        longs(json.name("ids"), posts.ids());
      }
      case Operation.Timeline timeline -> {
        json.value("timeline");
        json.name("maxId").value(timeline.maxId());
        json.name("limit").value(timeline.limit());
        json.name("cursor").value(timeline.cursor());
        longs(json.name("ids"), timeline.ids());
      }
      case Operation.Following following -> {
        json.value("following");
        strings(json.name("names"), following.names());
      }
      case Operation.Followers followers -> {
        json.value("followers");
        strings(json.name("names"), followers.names());
      }
    }
  }

  private void stored(String part, String name, Body value) {
    line(
        "stored",
        json -> {
          json.name("part").value(part);
          json.name("name").value(name);
          json.name("value");
          value.write(json);
        });
  }

  private static void longs(JsonWriter json, List<Long> values) throws IOException {
    json.beginArray();
    for (long value : values) {
      json.value(value);
    }
    json.endArray();
  }

  private static void strings(JsonWriter json, List<String> values) throws IOException {
    json.beginArray();
    for (String value : values) {
      json.value(value);
    }
    json.endArray();
  }

  private static void map(JsonWriter json, Map<String, String> values) throws IOException {
    json.beginObject();
    for (Map.Entry<String, String> entry : values.entrySet()) {
      json.name(entry.getKey()).value(entry.getValue());
    }
    json.endObject();
  }

  @FunctionalInterface
  private interface Body {
    void write(JsonWriter json) throws IOException;
  }

  private void line(String kind, Body body) {
    StringWriter text = new StringWriter(256);
    try {
      JsonWriter json = new JsonWriter(text);
      json.setHtmlSafe(false);
      json.beginObject().name("kind").value(kind);
      body.write(json);
      json.endObject();
      text.append('\n');
      synchronized (out) {
        out.append(text.getBuffer());
      }
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static UncheckedIOException failed(Path file, IOException e) {
    return new UncheckedIOException(
        "the history cannot be written to %s: %s".formatted(file, e.getMessage()), e);
  }
}
