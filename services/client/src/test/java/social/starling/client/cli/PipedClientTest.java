package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import social.starling.client.FakeMember;
import social.starling.client.FakeState;

/** The interactive client's texts, through pipes. User 1 talks; 1 and 4 exist; 4 follows 1. */
class PipedClientTest {

  private static final String DONE = "Command completed successfully\n";

  private final FakeState state = new FakeState();
  private final FakeMember router = new FakeMember(state);

  @BeforeEach
  void users() {
    state.login("1");
    state.login("4");
    state.follow("4", "1");
  }

  @AfterEach
  void stop() {
    router.close();
  }

  private CliRun client(String input) {
    return CliRun.of(input, "-u", "1", "--router", router.address(), "--deadline", "30s");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FOLLOW 4           | Command completed successfully                  | 0
          follow 4           | Command completed successfully                  | 0
          FoLLoW    4        | Command completed successfully                  | 0
          FOLLOW 1           | Input username already exists, command failed   | 1
          FOLLOW nobody      | Command failed with invalid username            | 1
          FOLLOW 4 4         | Command failed with invalid username            | 1
          FOLLOW n\u00f6body | Command failed with invalid username            | 1
          UNFOLLOW 1         | Command failed with invalid username            | 1
          UNFOLLOW nobody    | Command failed with invalid username            | 1
          UNFOLLOW 4         | Command failed with not a follower              | 1
          NONSENSE           | Invalid Command                                 | 1
          NONSENSE 4         | Invalid Command                                 | 1
          LIST 4             | Invalid Command                                 | 1
          TIMELINE now       | Invalid Command                                 | 1
          FOLLOW             | Invalid Input -- No Arguments Given             | 1
          unfollow           | Invalid Input -- No Arguments Given             | 1
          POST               | Invalid Input -- No Arguments Given             | 1
          POST hello, world  | Command completed successfully                  | 0
          """)
  void shouldAnswerEachCommandWithItsText(String typed, String text, int exitCode) {
    CliRun run = client(typed + "\n");
    assertThat(run.out()).isEqualTo(text + "\n");
    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(exitCode);
  }

  @Test
  void shouldListUsersAndFollowers() {
    CliRun run = client("LIST\n");
    assertThat(run.out()).isEqualTo(DONE + "All users: 1, 4\nFollowers: 4\n");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void shouldListMoreThanAPageOfUsersAndFollowers() {
    List<String> names = IntStream.range(0, 2_300).mapToObj(i -> "user%04d".formatted(i)).toList();
    names.forEach(state::login);
    names.forEach(name -> state.follow(name, "1"));
    CliRun run = client("LIST\n");
    String all = String.join(", ", names);
    assertThat(run.out())
        .isEqualTo(DONE + "All users: 1, 4, " + all + "\nFollowers: 4, " + all + "\n");
  }

  @Test
  void shouldRefuseToFollowTwiceAndToUnfollowTwice() {
    CliRun run = client("FOLLOW 4\nFOLLOW 4\nUNFOLLOW 4\nUNFOLLOW 4\n");
    assertThat(run.out())
        .isEqualTo(
            DONE
                + "Input username already exists, command failed\n"
                + DONE
                + "Command failed with not a follower\n");
    assertThat(run.exitCode()).isEqualTo(1);
  }

  @Test
  void shouldShowTheNewestTwentyOldestFirstThenPostEachLine() {
    state.follow("1", "4");
    for (int i = 1; i <= 25; i++) {
      state.post("4", "post " + i);
    }
    CliRun run = client("TIMELINE\nfirst typed\n\nsecond typed");
    assertThat(run.lines())
        .startsWith("Command completed successfully", "Now you are in the timeline")
        .hasSize(22);
    assertThat(run.lines().get(2)).isEqualTo("4 (Tue Nov 14 23:47:25 2023) >> post 6");
    assertThat(run.lines().getLast()).endsWith(" >> post 25");
    assertThat(state.posts("1").reversed())
        .extracting(post -> post.getText())
        .containsExactly("first typed", "second typed");
    assertThat(run.exitCode()).isZero();
  }

  @Test
  void shouldIgnoreEmptyLinesAndCarriageReturns() {
    assertThat(client("\r\n\n  \nPOST hi\r\n").out()).isEqualTo(DONE);
    assertThat(state.posts("1").getFirst().getText()).isEqualTo("hi");
  }

  @Test
  void shouldSayThatALineIsNoUtf8AndGoOn() {
    byte[] input = {'P', 'O', 'S', 'T', ' ', (byte) 0xff, '\n', 'P', 'O', 'S', 'T', ' ', 'b', '\n'};
    CliRun run = CliRun.of(input, "-u", "1", "--router", router.address(), "--deadline", "30s");
    assertThat(run.lines().getFirst()).contains("no valid UTF-8");
    assertThat(run.lines().getLast()).isEqualTo("Command completed successfully");
    assertThat(state.posts("1")).hasSize(1);
    assertThat(run.exitCode()).isEqualTo(1);
  }

  @Test
  void shouldSayThatAPostIsTooLongAndSendNothing() {
    CliRun run = client("TIMELINE\n" + "x".repeat(5001) + "\n" + "y".repeat(100_000) + "\n");
    assertThat(run.lines().get(2)).contains("longer than 5,000 bytes");
    assertThat(run.lines().get(3)).contains("longer than 64 KiB");
    assertThat(state.posts("1")).isEmpty();
    assertThat(run.exitCode()).isEqualTo(1);
  }

  @Test
  void shouldEndWithNothingSaidWhenTheInputIsEmpty() {
    CliRun run = client("");
    assertThat(run.out()).isEmpty();
    assertThat(run.exitCode()).isZero();
  }

  static Stream<String> dangerous() {
    return Stream.of("\u001b[2J", "\u009b31m", "\u202e", "\u0007", "\b\b\b", "\u2028", "\r");
  }

  @ParameterizedTest
  @MethodSource("dangerous")
  void shouldShowNothingThatSteersTheTerminal(String danger) {
    state.follow("1", "4");
    state.post("4", "a" + danger + "b");
    CliRun run = client("TIMELINE\n");
    assertThat(run.out().getBytes(StandardCharsets.UTF_8)).isNotEmpty();
    assertThat(run.out()).doesNotContain(danger).contains(">> a\\");
  }
}
