package social.starling.torture.history;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads what {@link HistoryWriter} wrote. Each event is in memory once, and each name and text; a
 * last line that was cut off is passed over, as its run broke off. Used by one thread, once.
 */
public final class HistoryReader {

  private final Path file;
  private final Map<String, String> known = new HashMap<>();
  private final Map<String, String> homes = new LinkedHashMap<>();
  private final Map<Long, Content> contents = new HashMap<>();
  private final List<Event> events = new ArrayList<>();
  private final Map<String, List<Long>> posts = new LinkedHashMap<>();
  private final Map<String, List<String>> following = new LinkedHashMap<>();
  private final Map<String, List<String>> followers = new LinkedHashMap<>();
  private final Map<String, List<Long>> timelines = new LinkedHashMap<>();
  private final Map<String, List<String>> users = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> digests = new LinkedHashMap<>();
  private final List<String> verified = new ArrayList<>();
  private boolean allStored;
  private boolean begun;
  private long seed;
  private String again;
  private Instant began = Instant.EPOCH;
  private long nanos;

  private HistoryReader(Path file) {
    this.file = file;
  }

  /**
   * Reads a whole file.
   *
   * @throws IOException it cannot be read, or is no history; the message names the line
   */
  public static History read(Path file) throws IOException {
    return new HistoryReader(file).read();
  }

  private History read() throws IOException {
    try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      String line = in.readLine();
      for (long number = 1; line != null; number++) {
        String next = in.readLine();
        try {
          take(Line.parse(line, this::shared));
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
          // Only what was being written when the run broke off may be no whole line.
          if (next != null || !begun) {
            throw new IOException(
                "line %d of %s is no line of a history: %s".formatted(number, file, e.getMessage()),
                e);
          }
        }
        line = next;
      }
    }
    if (!begun) {
      throw new IOException(file + " is empty; a history begins with a line of kind \"run\"");
    }
    events.sort(Comparator.comparingLong(HistoryReader::ended));
    Stored stored =
        allStored
            ? new Stored(posts, following, followers, timelines, users, digests, verified)
            : null;
    long last = events.isEmpty() ? 0 : ended(events.getLast());
    return new History(seed, again, began, Math.max(nanos, last), homes, contents, events, stored);
  }

  /** When an event ended. */
  private static long ended(Event event) {
    return switch (event) {
      case Call call -> call.ended();
      case Shown shown -> shown.at();
      case StreamBegun begun -> begun.at();
      case Fault fault -> fault.ended();
      case Mismatch mismatch -> mismatch.at();
    };
  }

  private String shared(String text) {
    String before = known.putIfAbsent(text, text);
    return before == null ? text : before;
  }

  private void take(Line line) {
    if (begun == line.kind.equals("run")) {
      throw new IllegalArgumentException("there is one line of kind \"run\", the first");
    }
    switch (line.kind) {
      case "run" -> {
        if (line.version > HistoryWriter.VERSION) {
          throw new IllegalArgumentException(
              "the format is version %d, and only up to %d is known; use a newer starling"
                  .formatted(line.version, HistoryWriter.VERSION));
        }
        seed = line.seed;
        again = line.again.isEmpty() ? "starling torture --seed " + seed : line.again;
        began = Instant.parse(line.runBegun);
        begun = true;
      }
      case "home" -> homes.put(line.user, line.cluster);
      case "content" -> contents.putIfAbsent(line.id, new Content(line.author, line.text));
      case "stored" -> stored(line);
      case "storedEnd" -> allStored = true;
      case "end" -> nanos = line.nanos;
      default -> events.add(line.event());
    }
  }

  private void stored(Line line) {
    switch (line.part) {
      case "posts" -> posts.put(line.name, line.ids);
      case "following" -> following.put(line.name, line.names);
      case "followers" -> followers.put(line.name, line.names);
      case "timelines" -> timelines.put(line.name, line.ids);
      case "users" -> users.put(line.name, line.names);
      case "digests" -> digests.put(line.name, line.map);
      case "verified" -> verified.addAll(line.names);
      default -> throw new IllegalArgumentException("no part \"%s\"".formatted(line.part));
    }
  }
}
