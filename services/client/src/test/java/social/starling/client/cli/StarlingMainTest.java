package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;
import social.starling.common.StartException;

class StarlingMainTest {

  /** Found by the service loader, as the launcher's are. */
  public static final class Added implements Subcommand {

    @Override
    public List<Object> commands() {
      return List.of(new Refusing());
    }
  }

  @Command(name = "refusing", description = "Refuses.")
  private static final class Refusing implements Runnable {

    @Override
    public void run() {
      throw new StartException(3, "no, for a reason");
    }
  }

  @Test
  void shouldListEveryCommandAndTheExitCodes() {
    CliRun run = CliRun.of("", "--help");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains("client", "post", "delete", "follow", "unfollow", "list", "posts", "timeline")
        .contains("import-posts", "export-posts", "admin", "refusing")
        .contains("Exit codes:", "130", "141");
    assertThat(run.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "client",
        "post",
        "delete",
        "follow",
        "unfollow",
        "list",
        "posts",
        "timeline",
        "import-posts",
        "export-posts",
        "admin"
      })
  void shouldDescribeEachCommand(String command) {
    CliRun run = CliRun.of("", command, "--help");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("Usage: starling " + command, "Exit codes:");
  }

  @Test
  void shouldRunCommandsThatOthersAdd() {
    CliRun run = CliRun.of("", "refusing");
    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(run.err()).isEqualTo("no, for a reason\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "post",
        "follow -u alice",
        "list -u alice --router nowhere",
        "list -u alice --router localhost:0",
        "list -u alice --deadline soon",
        "list -u alice --deadline 0s",
        "list -u alice --output xml",
        "list -u alice surplus",
        "export-posts -u alice",
        "export-posts -u alice bob --all",
        "admin",
        "admin switchover",
        "import-posts",
        "import-posts --connections 0 x"
      })
  void shouldRefuseMisuseWithOneLine(String line) {
    CliRun run = CliRun.of("", line.isEmpty() ? new String[0] : line.split(" "));
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("starling").hasLineCount(1).doesNotContain("Exception");
  }

  @Test
  void shouldPrintMisuseAsJsonToo() {
    CliRun run = CliRun.of("", "post", "--output=json", "text");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err().lines().toList().getLast()).startsWith("{\"error\":\"USAGE\"");
  }

  @Test
  void shouldSayThatNobodyIsThereAndWhatToDo() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    CliRun run =
        CliRun.of(
            "", "list", "-u", "alice", "--router", "127.0.0.1:" + port, "--deadline", "200ms");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .isEqualTo(
            "cannot reach the router at 127.0.0.1:"
                + port
                + " (tried for 200ms); is it running? `starling status` tells\n");
  }
}
