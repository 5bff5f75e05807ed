package social.starling.torture.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.client.Post;
import social.starling.torture.history.Call;
import social.starling.torture.history.Content;
import social.starling.torture.history.History;
import social.starling.torture.history.HistoryReader;
import social.starling.torture.history.HistoryWriter;
import social.starling.torture.history.Mismatch;
import social.starling.torture.history.Operation;

class NotebookTest {

  @TempDir private Path directory;
  private final AtomicLong now = new AtomicLong();
  private HistoryWriter writer;
  private Notebook notebook;

  @BeforeEach
  void begin() {
    writer = HistoryWriter.create(directory.resolve("history"), 7, "", Instant.EPOCH);
    notebook = new Notebook(writer, now::get, user -> user.equals("ann") ? "alpha" : "beta");
  }

  @AfterEach
  void end() {
    writer.close();
  }

  private static Post post(long id, String text) {
    return new Post(id, "ann", text, Instant.EPOCH);
  }

  private static Call call(String user, Operation operation, long begun, Call.Outcome outcome) {
    return new Call(1, user, Call.Via.ROUTER, operation, begun, begun + 1, outcome, "");
  }

  private History history() throws Exception {
    writer.end(now.get());
    return HistoryReader.read(directory.resolve("history"));
  }

  @Test
  void aPostThatReadsDifferentlyTheSecondTimeIsAMismatch() throws Exception {
    notebook.saw(post(1, "one"), "the answer");
    notebook.saw(post(1, "one"), "a page");
    now.set(99);
    notebook.saw(post(1, "two"), "a stream");

    History history = history();
    assertThat(history.contents()).containsOnly(Map.entry(1L, new Content("ann", "one")));
    assertThat(history.events())
        .singleElement()
        .isInstanceOfSatisfying(
            Mismatch.class,
            mismatch -> {
              assertThat(mismatch.id()).isEqualTo(1);
              assertThat(mismatch.where()).isEqualTo("a stream");
              assertThat(mismatch.at()).isEqualTo(99);
            });
  }

  @Test
  void onlyAcknowledgedWritesOfAClusterCountAsItsNewest() {
    assertThat(notebook.newestAcknowledged("alpha")).isEqualTo(-1);

    notebook.write(call("ann", new Operation.Post("a", 1), 10, Call.Outcome.OK));
    notebook.write(call("ann", new Operation.Post("b", 0), 20, Call.Outcome.UNKNOWN));
    notebook.write(call("ann", new Operation.Followers(List.of()), 30, Call.Outcome.OK));
    notebook.write(call("bob", new Operation.Delete(1), 40, Call.Outcome.OK));

    assertThat(notebook.newestAcknowledged("alpha")).isEqualTo(10);
    assertThat(notebook.newestAcknowledged("beta")).isEqualTo(40);
    assertThat(notebook.calls(Call.Outcome.OK)).isEqualTo(3);
    assertThat(notebook.calls(Call.Outcome.UNKNOWN)).isEqualTo(1);
    assertThat(notebook.calls(Call.Outcome.FAILED)).isZero();
  }
}
