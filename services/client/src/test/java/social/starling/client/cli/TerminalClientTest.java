package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static social.starling.client.Patience.await;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.client.ClientOptions;
import social.starling.client.FakeMember;
import social.starling.client.FakeState;
import social.starling.client.StarlingClient;

/** The interactive client at a pretended terminal, with a person's keys. */
@Timeout(60)
class TerminalClientTest {

  private static final String CTRL_C = "\u0003";
  private static final String CTRL_D = "\u0004";
  private static final String UP = "\u001bOA";

  private final FakeState state = new FakeState();
  private final FakeMember router = new FakeMember(state);
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final PipedOutputStream keys = new PipedOutputStream();
  private StarlingClient client;

  @BeforeEach
  void users() {
    state.login("alice");
    state.login("bob");
    state.login("bonnie");
    client =
        StarlingClient.connect(
            ClientOptions.of("alice")
                .withRouters(List.of(router.address()))
                .withDeadline(Duration.ofSeconds(30)));
  }

  @AfterEach
  void stop() throws IOException {
    keys.close();
    client.close();
    threads.shutdownNow();
    router.close();
  }

  private Future<Integer> start(String type) throws IOException {
    Terminal terminal =
        new ExternalTerminal(
            "test", type, new PipedInputStream(keys, 65536), screen, StandardCharsets.UTF_8);
    terminal.setSize(new Size(200, 50));
    Io io =
        CliRun.io(
            new ByteArrayInputStream(new byte[0]),
            new ByteArrayOutputStream(),
            new ByteArrayOutputStream());
    return threads.submit(
        () -> ClientCommand.atTerminal(client, new AtomicReference<>(), io, terminal));
  }

  private void press(String pressed) throws IOException {
    keys.write(pressed.getBytes(StandardCharsets.UTF_8));
    keys.flush();
  }

  private String screen() {
    return screen.toString(StandardCharsets.UTF_8);
  }

  private void awaitScreen(String text) {
    await().untilAsserted(() -> assertThat(screen()).contains(text));
  }

  private int prompts() {
    return screen().split("Cmd> ", -1).length - 1;
  }

  @ParameterizedTest
  @ValueSource(strings = {"dumb", "xterm"})
  void shouldPromptAnswerAndEndAtCtrlD(String type) throws Exception {
    Future<Integer> code = start(type);
    awaitScreen("Cmd> ");
    press("follow bob\r");
    awaitScreen("Command completed successfully");
    press("list\r");
    awaitScreen("All users: alice, bob, bonnie");
    awaitScreen("Followers: ");
    press("nonsense\r");
    awaitScreen("Invalid Command");
    press(CTRL_D);
    // What failed was seen.
    assertThat(code.get()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dumb", "xterm"})
  void shouldLeaveTheTimelineByCtrlDAndGoOn(String type) throws Exception {
    state.follow("alice", "bob");
    state.post("bob", "before");
    Future<Integer> code = start(type);
    awaitScreen("Cmd> ");
    press("TIMELINE\r");
    awaitScreen("Now you are in the timeline");
    awaitScreen("bob (Tue Nov 14 23:47:25 2023) >> before");
    state.post("bob", "live");
    awaitScreen(">> live");
    press("typed by alice\r");
    await().until(() -> state.posts("alice").size() == 1);
    assertThat(state.posts("alice").getFirst().getText()).isEqualTo("typed by alice");
    int before = prompts();
    press(CTRL_D);
    await().until(() -> prompts() > before);
    state.post("bob", "unseen");
    press("POST back again\r");
    await().until(() -> state.posts("alice").size() == 2);
    press(CTRL_D);
    assertThat(code.get()).isZero();
    assertThat(screen()).doesNotContain("unseen").doesNotContain("alice (");
  }

  @Test
  void shouldKeepWhatIsBeingTypedWhenAPostArrives() throws Exception {
    state.follow("alice", "bob");
    Future<Integer> code = start("xterm");
    awaitScreen("Cmd> ");
    press("TIMELINE\r");
    awaitScreen("Now you are in the timeline");
    press("half a ");
    awaitScreen("half a ");
    state.post("bob", "interrupting");
    awaitScreen(">> interrupting");
    press("sentence\r");
    await().until(() -> state.posts("alice").size() == 1);
    assertThat(state.posts("alice").getFirst().getText()).isEqualTo("half a sentence");
    // After the post the line being typed is drawn again.
    String after = screen().substring(screen().indexOf(">> interrupting"));
    assertThat(after).contains("half a ");
    press(CTRL_D + CTRL_D);
    assertThat(code.get()).isZero();
  }

  @Test
  void shouldCompleteCommandsAndNames() throws Exception {
    Future<Integer> code = start("xterm");
    awaitScreen("Cmd> ");
    press("fol\t");
    awaitScreen("FOLLOW");
    press("bon\t\r");
    awaitScreen("Command completed successfully");
    assertThat(state.following("alice")).containsExactly("bonnie");
    press("unf\t\t\r");
    await().until(() -> state.following("alice").isEmpty());
    press(CTRL_D);
    assertThat(code.get()).isZero();
  }

  @Test
  void shouldBreakLongLinesItselfSoThatNoneBeginsAtTheMargin() throws Exception {
    state.follow("alice", "bob");
    // 200 columns, 37 of them before the text: the forged part would begin the second row.
    state.post("bob", "x".repeat(163) + "carol (Tue Nov 14 23:47:25 2023) >> forged");
    Future<Integer> code = start("xterm");
    awaitScreen("Cmd> ");
    press("TIMELINE\r");
    awaitScreen("forged");
    assertThat(screen().lines().filter(line -> line.contains("forged")))
        .allMatch(line -> line.stripLeading().startsWith("| x"));
    press(CTRL_D + CTRL_D);
    assertThat(code.get()).isZero();
  }

  @Test
  void shouldNotPostWhatIsNoUtf8() throws Exception {
    Future<Integer> code = start("xterm");
    awaitScreen("Cmd> ");
    press("POST gr");
    keys.write(0xfc);
    press("n\r");
    awaitScreen("no valid UTF-8");
    assertThat(state.posts("alice")).isEmpty();
    press(CTRL_D);
    assertThat(code.get()).isZero();
  }

  @Test
  void shouldRepeatFromTheHistory() throws Exception {
    Future<Integer> code = start("xterm");
    awaitScreen("Cmd> ");
    press("POST \"quoted\\ !!\r");
    await().until(() -> state.posts("alice").size() == 1);
    press(UP + "\r");
    await().until(() -> state.posts("alice").size() == 2);
    assertThat(state.posts("alice"))
        .extracting(post -> post.getText())
        .containsOnly("\"quoted\\ !!");
    press(CTRL_D);
    assertThat(code.get()).isZero();
  }

  @Test
  void shouldClearALineByCtrlCAndEndOnAnEmptyOne() throws Exception {
    Future<Integer> code = start("xterm");
    awaitScreen("Cmd> ");
    press("POST not sent" + CTRL_C);
    await().until(() -> prompts() >= 2);
    press(CTRL_C);
    assertThat(code.get()).isEqualTo(130);
    assertThat(state.posts("alice")).isEmpty();
  }
}
