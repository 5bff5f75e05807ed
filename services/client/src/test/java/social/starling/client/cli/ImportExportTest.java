package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.client.FakeMember;
import social.starling.client.FakeState;
import social.starling.proto.sns.v1.Post;

class ImportExportTest {

  @TempDir private Path directory;
  private final FakeState state = new FakeState();
  private final FakeMember router = new FakeMember(state);

  @AfterEach
  void stop() {
    router.close();
  }

  private CliRun run(String input, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--router", router.address(), "--deadline", "30s"));
    return CliRun.of(input, all.toArray(String[]::new));
  }

  private Path write(String content) throws IOException {
    return Files.writeString(directory.resolve("posts.jsonl"), content);
  }

  private static String line(String author, String text) {
    return new Json().put("author", author).put("text", text) + "\n";
  }

  private static String many(int posts, int authors, long seed) {
    Random random = new Random(seed);
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < posts; i++) {
      lines.append(line("author_" + random.nextInt(authors), "post " + i + "\nsecond líne"));
    }
    return lines.toString();
  }

  private List<String> texts(String author) {
    return state.posts(author).reversed().stream().map(Post::getText).toList();
  }

  /** What the input holds of an author, in its order. */
  private static List<String> expected(String input, String author) {
    return input
        .lines()
        .map(each -> JsonParser.parseString(each).getAsJsonObject())
        .filter(each -> each.get("author").getAsString().equals(author))
        .map(each -> each.get("text").getAsString())
        .toList();
  }

  @Test
  void shouldPostEachAuthorsPostsInOrderAndExportThemEqual() throws IOException {
    String input = many(600, 7, 1);
    CliRun run = run("", "import-posts", write(input).toString());
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).startsWith("600 posts of 7 authors in ");
    for (int i = 0; i < 7; i++) {
      assertThat(texts("author_" + i)).isEqualTo(expected(input, "author_" + i));
    }
    CliRun export = run("", "export-posts", "-u", "reader", "--all");
    assertThat(export.lines()).hasSize(600);
    for (int i = 0; i < 7; i++) {
      assertThat(expected(export.out(), "author_" + i)).isEqualTo(expected(input, "author_" + i));
    }
    assertThat(run("", "export-posts", "-u", "reader", "author_3").lines())
        .hasSize(texts("author_3").size());
  }

  @Test
  void shouldReadWhatItExportedFromStandardInput() {
    state.login("alice");
    state.post("alice", "one");
    state.post("alice", "two");
    String exported = run("", "export-posts", "-u", "alice", "alice").out();
    CliRun run = run(exported, "import-posts", "-", "--output", "json");
    assertThat(run.out()).startsWith("{\"posts\":2,\"skipped\":0,\"authors\":1,");
    assertThat(texts("alice")).containsExactly("one", "two", "one", "two");
  }

  @Test
  void shouldPostEachOnceWhenAnswersAreLost() throws IOException {
    String input = many(120, 5, 2);
    Path file = write(input);
    router.loseEvery = 7;
    CliRun run = run("", "import-posts", file.toString());
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).doesNotContain(" 0 retries");
    for (int i = 0; i < 5; i++) {
      assertThat(texts("author_" + i)).isEqualTo(expected(input, "author_" + i));
    }
  }

  @Test
  void shouldGoOnWhereAnInterruptedImportEndedWithoutPostingTwice() throws IOException {
    String input = many(100, 4, 3);
    Path file = write(input);
    Path noted = directory.resolve("state");
    assertThat(run("", "import-posts", file.toString(), "--state", noted.toString()).exitCode())
        .isZero();
    // As if it had been killed: the notes end earlier than what was posted, within a line, but not
    // before an author's session, which is noted before it is used.
    String notes = Files.readString(noted);
    int begun = notes.indexOf('\n', notes.lastIndexOf('-')) + 1;
    Files.writeString(noted, notes.substring(0, Math.max(notes.length() / 2, begun + 3)));
    CliRun again = run("", "import-posts", file.toString(), "--state", noted.toString());
    assertThat(again.exitCode()).isZero();
    assertThat(again.out()).contains(" posted before");
    for (int i = 0; i < 4; i++) {
      assertThat(texts("author_" + i)).isEqualTo(expected(input, "author_" + i));
    }
    CliRun third = run("", "import-posts", file.toString(), "--state", noted.toString());
    assertThat(third.out()).startsWith("0 posts of 4 authors").contains("100 posted before");
  }

  @Test
  void shouldRefuseTheStateOfAnotherInput() throws IOException {
    Path noted = directory.resolve("state");
    run("", "import-posts", write(many(5, 2, 4)).toString(), "--state", noted.toString());
    CliRun run =
        run("", "import-posts", write(many(5, 2, 5)).toString(), "--state", noted.toString());
    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(run.err()).contains("belongs to another input");
  }

  @Test
  void shouldRefuseAStateFileThatIsNone() throws IOException {
    Path noted = Files.writeString(directory.resolve("state"), "dear diary\n");
    CliRun run =
        run("", "import-posts", write(many(5, 2, 4)).toString(), "--state", noted.toString());
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("no state file of an import");
    assertThat(Files.readString(noted)).isEqualTo("dear diary\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no json",
        "[1]",
        "{\"author\":\"alice\"}",
        "{\"text\":\"t\"}",
        "{\"author\":\"alice\",\"text\":\"\"}",
        "{\"author\":\"no name\",\"text\":\"t\"}",
        "{\"author\":\"alice\",\"text\":\"t\"} more",
        "{\"author\":\"alice\",\"text\":null}",
        "{\"author\":\"alice\",\"text\":\"\\ud800\"}",
        "{'author':'alice','text':'t'}",
        "{\"author\":\"alice\",\"text\":\"t\""
      })
  void shouldCheckEverythingBeforeTheFirstPostIsSent(String wrong) throws IOException {
    Path file = write(line("alice", "fine") + wrong + "\n");
    CliRun run = run("", "import-posts", file.toString());
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).startsWith(file + " line 2: ").hasLineCount(1);
    assertThat(router.calls.get()).isZero();
  }

  @Test
  void shouldRefuseInvalidUtf8AndFilesThatAreNotThere() throws IOException {
    Path file = directory.resolve("latin1.jsonl");
    Files.write(file, line("alice", "grün").getBytes(StandardCharsets.ISO_8859_1));
    assertThat(run("", "import-posts", file.toString()).err()).contains("no valid UTF-8");
    CliRun missing = run("", "import-posts", directory.resolve("missing").toString());
    assertThat(missing.err()).contains("there is no file");
    assertThat(missing.exitCode()).isEqualTo(2);
  }

  @Test
  void shouldSayAtWhichLineItFailedForGood() throws IOException {
    Path file = write(line("alice", "one") + line("alice", "two"));
    Path noted = directory.resolve("state");
    run("", "import-posts", file.toString(), "--state", noted.toString());
    // The answer to the second post was never noted, and the server has forgotten it meanwhile.
    String notes = Files.readString(noted);
    Files.writeString(noted, notes.substring(0, notes.indexOf("alice 2")));
    state.forgetClients();
    CliRun run = run("", "import-posts", file.toString(), "--state", noted.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).isEqualTo(file + " line 2: the session expired\n");
    assertThat(texts("alice")).containsExactly("one", "two");
  }
}
