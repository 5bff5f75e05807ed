package social.starling.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

class TortureCommandTest {

  private record Ran(int code, String said) {}

  private static Ran run(String... args) {
    StringWriter said = new StringWriter();
    CommandLine line = new CommandLine(new TortureCommand());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setErr(new PrintWriter(said));
    line.setExecutionExceptionHandler((e, _, _) -> {
      said.append(e.getMessage());
      return e instanceof StartException start ? start.exitCode() : -1;
    });
    return new Ran(line.execute(args), said.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "--minutes=0, --minutes is 0",
    "--minutes=NaN, --minutes is NaN",
    "--minutes=1441, it can be more than 0",
    "--clusters=0, --clusters is 0",
    "--clusters=6, it can be 1 to 5",
    "--rate=1, --rate is 1",
    "--faults=earthquake, there is no kind earthquake",
    "--check=/nowhere/history.jsonl, cannot be read",
  })
  void whatCannotBeIsRefusedWithASentence(String arg, String sentence) {
    Ran ran = run(arg);

    assertThat(ran.code()).isEqualTo(ExitCode.USAGE);
    assertThat(ran.said()).contains(sentence);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aDirectoryWithSomethingInItIsLeftAlone(@TempDir Path directory) throws Exception {
    Files.writeString(directory.resolve("letters"), "dear");

    Ran ran = run("--dir", directory.toString());

    assertThat(ran.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(ran.said()).contains("is not empty");
    assertThat(directory.resolve("letters")).hasContent("dear");
  }
}
