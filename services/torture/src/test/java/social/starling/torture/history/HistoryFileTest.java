package social.starling.torture.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Call.Via;

class HistoryFileTest {

  private static final Instant BEGUN = Instant.parse("2026-11-22T07:00:00.123456789Z");

  /** A real one: more than a double can hold. */
  private static final long ID = (1L << 62) + 1;

  @TempDir Path dir;

  @Test
  void shouldReadBackEverythingThatWasWritten() throws IOException {
    List<Event> events =
        List.of(
            call(new Operation.Register(), 1, Outcome.OK, ""),
            call(new Operation.Post("zwei\nZeilen \"ä\" 鳥🐦\u0000<&>", ID), 2, Outcome.OK, ""),
            call(new Operation.Post("lost?", 0), 3, Outcome.UNKNOWN, "UNKNOWN_OUTCOME"),
            call(new Operation.Delete(ID), 4, Outcome.FAILED, "POST_UNKNOWN"),
            call(new Operation.Follow("bob"), 5, Outcome.OK, ""),
            call(new Operation.Unfollow("bob"), 6, Outcome.OK, ""),
            call(new Operation.Posts("bob", ID, 20, List.of(7L, 5L, 3L)), 7, Outcome.OK, ""),
            call(new Operation.Timeline(0, 20, List.of(ID), 17), 8, Outcome.OK, ""),
            call(new Operation.Following(List.of("bob", "carol")), 9, Outcome.OK, ""),
            call(new Operation.Followers(List.of()), 10, Outcome.OK, ""),
            new StreamBegun("alice", 1, 0, 11),
            new Shown("alice", 1, ID, 12, 12),
            new Fault("cut", List.of("a→b"), "one way", 3, 13, List.of("alpha")),
            new Mismatch(ID, "x", "y", "a page of alice", 14));
    Stored stored =
        new Stored(
            Map.of("alice", List.of(3L, ID), "bob", List.of()),
            Map.of("alice", List.of("bob")),
            Map.of("bob", List.of("alice")),
            Map.of("alice", List.of(ID)),
            Map.of("alpha", List.of("alice", "bob")),
            Map.of("alpha", Map.of("alpha-1", "ab", "alpha-2", "ab")),
            List.of("alpha-1 and alpha-2 differ"));
    Path file = dir.resolve("history.jsonl");

    try (HistoryWriter writer = HistoryWriter.create(file, -42, "starling torture", BEGUN)) {
      writer.home("alice", "alpha");
      writer.content(ID, new Content("alice", "text"));
      events.forEach(writer::event);
      writer.stored(stored);
      writer.end(1_000);
    }

    assertThat(HistoryReader.read(file))
        .isEqualTo(
            new History(
                -42,
                "starling torture",
                BEGUN,
                1_000,
                Map.of("alice", "alpha"),
                Map.of(ID, new Content("alice", "text")),
                events,
                stored));
  }

  @Test
  void shouldOrderEventsByTheirEnd() throws IOException {
    Path file = dir.resolve("history.jsonl");
    try (HistoryWriter writer = HistoryWriter.create(file, 1, "again", BEGUN)) {
      writer.event(new Shown("alice", 1, 5, 5, 20));
      writer.event(new Shown("alice", 1, 4, 4, 10));
    }

    assertThat(HistoryReader.read(file).events())
        .containsExactly(new Shown("alice", 1, 4, 4, 10), new Shown("alice", 1, 5, 5, 20));
  }

  @Test
  void shouldReadWhatIsThereOfARunThatBrokeOff() throws IOException {
    Path file = dir.resolve("history.jsonl");
    try (HistoryWriter writer = HistoryWriter.create(file, 1, "again", BEGUN)) {
      writer.event(new Shown("alice", 1, 5, 5, 20));
    }
    Files.writeString(file, "{\"kind\":\"shown\",\"us", StandardOpenOption.APPEND);

    History history = HistoryReader.read(file);

    assertThat(history.events()).containsExactly(new Shown("alice", 1, 5, 5, 20));
    assertThat(history.nanos()).isEqualTo(20);
    assertThat(history.stored()).isNull();
  }

  @Test
  void shouldSayWhichLineIsNoneOfAHistory() throws IOException {
    Path file = dir.resolve("history.jsonl");
    try (HistoryWriter writer = HistoryWriter.create(file, 1, "again", BEGUN)) {
      writer.home("alice", "alpha");
    }
    Files.writeString(
        file, "{\"kind\":\"nonsense\"}\n{\"kind\":\"end\"}\n", StandardOpenOption.APPEND);
    Path newer = Files.writeString(dir.resolve("newer"), "{\"kind\":\"run\",\"version\":3}\n");
    Path empty = Files.createFile(dir.resolve("empty"));

    assertThatThrownBy(() -> HistoryReader.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 3 of " + file)
        .hasMessageContaining("no kind \"nonsense\"");
    assertThatThrownBy(() -> HistoryReader.read(newer))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("use a newer starling");
    assertThatThrownBy(() -> HistoryReader.read(empty))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is empty");
  }

  @Test
  void shouldKeepLinesWholeWhenManyThreadsAppend() throws Exception {
    Path file = dir.resolve("history.jsonl");
    try (HistoryWriter writer = HistoryWriter.create(file, 1, "again", BEGUN)) {
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        String user = "user" + t;
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  for (int i = 1; i <= 1_000; i++) {
                    writer.event(new Shown(user, 1, i, i, i));
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }

    List<Event> events = HistoryReader.read(file).events();

    assertThat(events).hasSize(8_000).doesNotHaveDuplicates();
  }

  private static Call call(Operation operation, long ended, Outcome outcome, String reason) {
    return new Call(
        3,
        "alice",
        outcome == Outcome.OK ? Via.ROUTER : Via.DIRECT,
        operation,
        0,
        ended,
        outcome,
        reason);
  }
}
