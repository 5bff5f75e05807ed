package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

class ProcessMainTest {

  @Command(name = "probe")
  private static final class Probe implements Callable<Integer> {

    @Mixin CommonOptions common;
    @Mixin TimingOptions timing;

    @Option(names = "--dir", required = true)
    Path dir;

    @Option(names = "--fail")
    String fail = "";

    Timing seen;

    @Override
    public Integer call() {
      seen = timing.timing();
      return switch (fail) {
        case "start" -> throw new StartException(ExitCode.REFUSED, "the directory is locked");
        case "other" -> throw new IllegalStateException("two\nlines");
        case "credential" -> common.credential() == null ? 1 : 0;
        default -> 0;
      };
    }
  }

  @TempDir Path temp;
  private Probe probe;
  private String err = "";

  private int run(Map<String, String> environment, String... args) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    probe = new Probe();
    try {
      return ProcessMain.run(probe, args, environment);
    } finally {
      System.setErr(before);
      err = bytes.toString(StandardCharsets.UTF_8);
    }
  }

  private String config(String content) throws IOException {
    return Files.writeString(temp.resolve("config"), content).toString();
  }

  @Test
  void aFlagComesBeforeTheEnvironmentBeforeTheFileBeforeTheDefault() throws IOException {
    String file = config("host=file\nadvertise=file\nheartbeat=50ms\n");
    Map<String, String> environment =
        Map.of("STARLING_HOST", "environment", "STARLING_ADVERTISE", "environment");
    assertThat(run(environment, "--dir=d", "--host=flag", "--config=" + file)).isZero();
    assertThat(probe.common.host()).isEqualTo("flag");
    assertThat(probe.common.advertise()).isEqualTo("environment");
    assertThat(probe.seen.heartbeat()).hasMillis(50);
    assertThat(probe.seen.silence()).hasSeconds(1);
  }

  @Test
  void theFileMayBeNamedByTheEnvironmentAndGiveRequiredFlags() throws IOException {
    String file = config("dir = somewhere \nlog-format=json\n");
    assertThat(run(Map.of("STARLING_CONFIG", file))).isZero();
    assertThat(probe.dir).isEqualTo(Path.of("somewhere"));
    assertThat(probe.common.logFormat()).isEqualTo(Logging.Format.JSON);
  }

  @Test
  void withoutAnyTheDefaultsCount() {
    assertThat(run(Map.of(), "--dir", "d")).isZero();
    assertThat(probe.common.host()).isEqualTo("127.0.0.1");
    assertThat(probe.common.advertised(7)).hasToString("127.0.0.1:7");
    assertThat(probe.common.logLevel()).isEqualTo(Logging.Level.INFO);
    assertThat(probe.seen).isEqualTo(Timing.DEFAULT);
    assertThat(err).isEmpty();
  }

  @Test
  void unknownKeysAreErrors() throws IOException {
    assertThat(run(Map.of(), "--dir=d", "--config", config("hots=x"))).isEqualTo(2);
    assertThat(err).contains("'hots'").doesNotContain("\tat ");
    assertThat(run(Map.of(), "--dir=d", "--hots=x")).isEqualTo(2);
    assertThat(err).contains("--hots").hasLineCount(1);
    assertThat(run(Map.of("STARLING_HEARTBAET", "1s"), "--dir=d")).isEqualTo(2);
    assertThat(err).contains("did you mean STARLING_HEARTBEAT?");
  }

  @Test
  void variablesOfOthersAreNoErrors() {
    Map<String, String> environment =
        Map.of(
            "STARLING_JAVA_HOME", "/jdk",
            "STARLING_EXPECTED_CLUSTERS", "3",
            "STARLING_HTTP_PORT_80_TCP", "tcp://10.0.0.1:80",
            "STARLING_ROUTER_PORT", "tcp://10.0.0.1:4600");
    assertThat(run(environment, "--dir=d")).isZero();
  }

  @Test
  void failuresAreOneSentenceAndAnExitCode() {
    assertThat(run(Map.of())).isEqualTo(2);
    assertThat(err).contains("--dir").hasLineCount(1);
    assertThat(run(Map.of(), "--dir=d", "--fail=start")).isEqualTo(3);
    assertThat(err.strip()).isEqualTo("the directory is locked");
    assertThat(run(Map.of(), "--dir=d", "--fail=other")).isEqualTo(1);
    assertThat(err.strip()).isEqualTo("failed: IllegalStateException: two; lines");
    assertThat(run(Map.of(), "--dir=d", "--heartbeat=soon")).isEqualTo(2);
    assertThat(err).contains("'soon' is no duration").hasLineCount(1);
    assertThat(run(Map.of(), "--dir=d", "--lease=5s")).isEqualTo(2);
    assertThat(err).contains("the lease must be shorter than the silence").hasLineCount(1);
    assertThat(run(Map.of(), "--dir=d", "--config=" + temp.resolve("none"))).isEqualTo(2);
    assertThat(err).contains("cannot be read").hasLineCount(1);
  }

  @Test
  void theCredentialIsReadFromItsFile() throws IOException {
    Path file = Files.writeString(temp.resolve("credential"), "open-sesame\n");
    assertThat(run(Map.of(), "--dir=d", "--fail=credential", "--credential=" + file)).isZero();
    assertThat(run(Map.of(), "--dir=d", "--fail=credential")).isEqualTo(2);
    assertThat(err).contains("--credential FILE");
    assertThat(run(Map.of(), "--dir=d", "--fail=credential", "--credential=none")).isEqualTo(2);
    assertThat(err).contains("none does not exist");
    Files.writeString(file, " \n");
    assertThat(run(Map.of(), "--dir=d", "--fail=credential", "--credential=" + file)).isEqualTo(2);
    assertThat(err).contains("not usable").hasLineCount(1);
  }
}
