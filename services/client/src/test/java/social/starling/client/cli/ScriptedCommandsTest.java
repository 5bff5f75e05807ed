package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static social.starling.client.Patience.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.client.FakeMember;
import social.starling.client.FakeState;

class ScriptedCommandsTest {

  private final FakeState state = new FakeState();
  private final FakeMember router = new FakeMember(state);

  @AfterEach
  void stop() {
    router.close();
  }

  private CliRun run(String... args) {
    return run(new byte[0], args);
  }

  private CliRun run(byte[] input, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--router", router.address(), "--deadline", "30s"));
    return CliRun.of(input, all.toArray(String[]::new));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private String posted() {
    return state.posts("alice").getFirst().getText();
  }

  @Test
  void shouldPostAnArgumentAndPrintTheId() {
    CliRun run = run("post", "-u", "alice", "Grüße\nvon hier");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).isEqualTo(state.posts("alice").getFirst().getId() + "\n");
    assertThat(run.err()).isEmpty();
    assertThat(posted()).isEqualTo("Grüße\nvon hier");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text\n", "text\r\n", "text"})
  void shouldPostStandardInputWithoutOneLineBreakAtItsEnd(String input) {
    assertThat(run(utf8(input), "post", "-u", "alice").exitCode()).isZero();
    assertThat(posted()).isEqualTo("text");
  }

  @Test
  void shouldKeepLineBreaksWithinATextAndPostWhatADashStandsFor() {
    assertThat(run(utf8("\none\n\ntwo\n\n"), "post", "-u", "alice", "-").exitCode()).isZero();
    assertThat(posted()).isEqualTo("\none\n\ntwo\n");
  }

  @Test
  void shouldPostExactlyTheGreatestLength() {
    assertThat(run(utf8("ü".repeat(2500) + "\r\n"), "post", "-u", "alice").exitCode()).isZero();
    assertThat(posted()).isEqualTo("ü".repeat(2500));
  }

  @ParameterizedTest
  @ValueSource(ints = {5001, 5002, 5003, 5004, 10_000_000})
  void shouldRefuseALongerTextBeforeAnythingIsSent(int length) {
    CliRun run = run(utf8("x".repeat(length)), "post", "-u", "alice");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).isEqualTo("the post is longer than 5,000 bytes of UTF-8; shorten it\n");
    assertThat(router.calls.get()).isZero();
  }

  @Test
  void shouldCallALongTextLongAlsoWhenACharacterIsCut() {
    CliRun run = run(utf8("x" + "ü".repeat(4000)), "post", "-u", "alice");
    assertThat(run.err()).contains("longer than 5,000 bytes");
    assertThat(run.exitCode()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n"})
  void shouldRefuseAnEmptyPostBeforeAnythingIsSent(String input) {
    CliRun run = run(utf8(input), "post", "-u", "alice");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("the post is empty");
    assertThat(run.out()).isEmpty();
    assertThat(router.calls.get()).isZero();
  }

  @Test
  void shouldRefuseInvalidUtf8BeforeAnythingIsSent() {
    CliRun run = run(new byte[] {'a', (byte) 0xc3, '(', '\n'}, "post", "-u", "alice");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("no valid UTF-8");
    assertThat(router.calls.get()).isZero();
  }

  @Test
  void shouldRefuseAnArgumentThatTheLocaleMangled() {
    CliRun run = run("post", "-u", "alice", "Gr\ufffd\ufffde");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("LC_ALL=C.UTF-8");
    assertThat(router.calls.get()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"not-a-name", "", "abcdefghijabcdefghijabcdefghijx", "ü"})
  void shouldRefuseABadUserNameBeforeAnythingIsSent(String name) {
    CliRun run = run("list", "-u", name);
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("is no user name").hasLineCount(1);
    assertThat(router.calls.get()).isZero();
  }

  @Test
  void shouldTakeOptionsFromBeforeTheCommandToo() {
    CliRun run =
        CliRun.of("", "-u", "alice", "--router", router.address(), "post", "options before");
    assertThat(run.exitCode()).isZero();
    assertThat(posted()).isEqualTo("options before");
  }

  @Test
  void shouldTakeTheRouterFromTheEnvironment() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Io io =
        new Io(
            new ByteArrayInputStream(utf8("by the environment")),
            new LineOutput(out),
            new LineOutput(OutputStream.nullOutputStream()),
            () -> false,
            ZoneOffset.UTC,
            Map.of("STARLING_ROUTER", router.address()));
    assertThat(StarlingMain.run(io, "post", "-u", "alice")).isZero();
    assertThat(posted()).isEqualTo("by the environment");
  }

  @Test
  void shouldFollowListAndUnfollow() {
    state.login("bob");
    assertThat(run("follow", "bob", "-u", "alice").out())
        .isEqualTo("Command completed successfully\n");
    assertThat(run("list", "-u", "bob").out())
        .isEqualTo("All users: alice, bob\nFollowers: alice\n");
    assertThat(run("unfollow", "bob", "-u", "alice").exitCode()).isZero();
    assertThat(run("list", "-u", "bob").out()).isEqualTo("All users: alice, bob\nFollowers: \n");
  }

  @Test
  void shouldPrintAFailureAsASentenceAndAsJson() {
    CliRun text = run("follow", "nobody", "-u", "alice");
    assertThat(text.exitCode()).isEqualTo(1);
    assertThat(text.out()).isEmpty();
    assertThat(text.err()).isEqualTo("there is no user nobody\n");
    CliRun json = run("follow", "nobody", "-u", "alice", "--output", "json");
    assertThat(json.exitCode()).isEqualTo(1);
    assertThat(json.err().lines())
        .containsExactly(
            "there is no user nobody",
            "{\"error\":\"USER_UNKNOWN\",\"message\":\"there is no user nobody\"}");
  }

  @Test
  void shouldDeleteAPostOfOnesOwn() {
    String id = run("post", "-u", "alice", "gone soon").out().strip();
    CliRun other = run("delete", id, "-u", "bob");
    assertThat(other.exitCode()).isEqualTo(1);
    assertThat(other.err()).contains("not yours");
    assertThat(run("delete", id, "-u", "alice", "--output=json").out())
        .isEqualTo("{\"deleted\":\"" + id + "\"}\n");
    assertThat(state.posts("alice")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "0", "+5", "99999999999999999999", "1.5"})
  void shouldRefuseWhatIsNoId(String id) {
    CliRun run = run("delete", "-u", "alice", "--", id);
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(router.calls.get()).isZero();
  }

  @Test
  void shouldPrintPostsAsJsonLinesWithTheIdAsAString() {
    state.login("alice");
    state.post("alice", "one\n\u001b[2J\"two\"");
    CliRun run = run("posts", "alice", "-u", "bob", "--output", "json");
    assertThat(run.lines()).hasSize(1);
    JsonObject post = JsonParser.parseString(run.out()).getAsJsonObject();
    assertThat(post.get("id").getAsJsonPrimitive().isString()).isTrue();
    assertThat(post.get("author").getAsString()).isEqualTo("alice");
    assertThat(post.get("text").getAsString()).isEqualTo("one\n\u001b[2J\"two\"");
    assertThat(post.get("time").getAsString()).isEqualTo("2023-11-14T23:47:25.000Z");
    assertThat(run.out()).doesNotContain("\u001b");
  }

  @Test
  void shouldPrintUsersAndFollowersAsOneJsonObject() {
    state.login("bob");
    state.login("alice");
    state.follow("bob", "alice");
    assertThat(run("list", "-u", "alice", "--output", "json").out())
        .isEqualTo("{\"users\":[\"alice\",\"bob\"],\"followers\":[\"bob\"]}\n");
  }

  @Test
  void shouldReadSeveralPagesForAGreaterLimit() {
    state.login("alice");
    IntStream.rangeClosed(1, 450).forEach(i -> state.post("alice", "post " + i));
    CliRun run = run("posts", "alice", "-u", "bob", "--limit", "430");
    assertThat(run.lines()).hasSize(430);
    assertThat(run.lines().getFirst()).endsWith(">> post 21");
    assertThat(run.lines().getLast()).endsWith(">> post 450");
    assertThat(run("posts", "alice", "-u", "bob").lines()).hasSize(20);
    assertThat(run("posts", "alice", "-u", "bob", "--limit", "1000").lines()).hasSize(450);
  }

  @Test
  void shouldReadTheTimelineOldestFirst() {
    state.login("alice");
    state.login("bob");
    state.follow("bob", "alice");
    IntStream.rangeClosed(1, 250).forEach(i -> state.post("alice", "post " + i));
    assertThat(run("timeline", "-u", "bob", "--limit", "2").lines())
        .extracting(line -> line.replaceAll(".*>> ", ""))
        .containsExactly("post 249", "post 250");
    assertThat(run("timeline", "-u", "bob", "--limit", "240").lines()).hasSize(240);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-3", "100001", "many"})
  void shouldRefuseALimitOutsideItsRange(String limit) {
    CliRun run = run("timeline", "-u", "bob", "--limit=" + limit);
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("--limit").hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 300})
  void shouldFollowTheTimelineOverABrokenConnection(int limit) throws Exception {
    state.login("alice");
    state.login("bob");
    state.follow("bob", "alice");
    IntStream.rangeClosed(1, 3).forEach(i -> state.post("alice", "post " + i));
    SharedOutput out = new SharedOutput();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Io io =
          new Io(
              new ByteArrayInputStream(new byte[0]),
              new LineOutput(out),
              new LineOutput(OutputStream.nullOutputStream()),
              () -> false,
              ZoneOffset.UTC,
              Map.of());
      Future<Integer> command =
          threads.submit(() ->
              StarlingMain.run(
                  io,
                  "timeline",
                  "-u",
                  "bob",
                  "--follow",
                  "--limit",
                  Integer.toString(limit),
                  "--router",
                  router.address()));
      await().until(() -> out.lines() == 3);
      state.post("alice", "post 4");
      await().until(() -> out.lines() == 4);
      router.cutStreams();
      state.post("alice", "post 5");
      await().until(() -> out.lines() == 5);
      router.kill();
      state.post("alice", "post 6");
      router.start();
      await().until(() -> out.lines() == 6);
      // Its reader leaves: it ends quietly.
      out.breakPipe();
      state.post("alice", "post 7");
      assertThat(command.get()).isEqualTo(141);
    }
    assertThat(out.text().lines())
        .extracting(line -> line.replaceAll(".*>> ", ""))
        .containsExactly("post 1", "post 2", "post 3", "post 4", "post 5", "post 6");
  }

  /** What is written shows at once to other threads. */
  private static final class SharedOutput extends OutputStream {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private volatile boolean broken;

    @Override
    public void write(int b) throws IOException {
      if (broken) {
        throw new IOException("Broken pipe");
      }
      bytes.write(b);
    }

    void breakPipe() {
      broken = true;
    }

    String text() {
      return bytes.toString(StandardCharsets.UTF_8);
    }

    long lines() {
      return text().lines().count();
    }
  }
}
