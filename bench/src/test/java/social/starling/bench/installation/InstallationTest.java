package social.starling.bench.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.StartException;

class InstallationTest {

  private static final String JSON =
      """
      {
        "format": 1, "initialised": true, "ready": true, "clusters": ["alpha"],
        "coordinators": ["127.0.0.1:4700"], "router": "127.0.0.1:4600",
        "http": [], "launcher": null,
        "processes": [
          {"kind": "server", "name": "alpha-1", "cluster": "alpha", "member": "alpha-1",
           "publicPort": 4601, "internalPort": 4701, "httpPort": 4801,
           "process": {"pid": 4711, "started": "2026-11-22T00:00:00Z", "instance": "i-1",
                       "command": ["java", "Server", "--instance", "i-1"]}},
          {"kind": "server", "name": "alpha-2", "cluster": "alpha", "member": "alpha-2",
           "publicPort": 4602, "internalPort": 4702, "httpPort": 4802, "process": null}
        ]
      }
      """;

  @TempDir private Path dir;

  @Test
  void shouldReadWhatTheLauncherRecorded() {
    Installation installation = Installation.parse(dir, JSON);

    assertThat(installation.router()).isEqualTo("127.0.0.1:4600");
    assertThat(installation.coordinators()).containsExactly("127.0.0.1:4700");
    assertThat(installation.processes()).hasSize(1);
    RecordedProcess process = installation.process("alpha-1").orElseThrow();
    assertThat(process.pid()).isEqualTo(4711);
    assertThat(process.cluster()).contains("alpha");
    assertThat(process.httpAddress()).isEqualTo("127.0.0.1:4801");
    assertThat(installation.process("alpha-2")).isEmpty();
  }

  @Test
  void shouldSayWhatToDoWithoutOneAndWhatIsWrongWithADamagedOne() {
    assertThatThrownBy(() -> Installation.read(dir))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("./starling up --dir");
    assertThatThrownBy(() -> Installation.parse(dir, "{"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("is not understood");
  }

  @Test
  void shouldSendNoSignalToAProcessThatHasAnotherCommandLine() throws Exception {
    ProcessFiles files = proc(4711, "vim\0notes.txt\0");
    RecordedProcess recorded = recorded();

    assertThat(files.isRunning(recorded)).isFalse();
    assertThatThrownBy(() -> Signal.KILL.send(recorded, files))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("no signal was sent");
  }

  @Test
  void shouldKnowAProcessByItsCommandLine() throws Exception {
    assertThat(proc(4711, "java\0Server\0--instance\0i-1\0").isRunning(recorded())).isTrue();
    assertThat(proc(4711, "java\0Server\0--instance\0i-2\0").isRunning(recorded())).isFalse();
    assertThat(new ProcessFiles(dir.resolve("nothing")).isRunning(recorded())).isFalse();
  }

  @Test
  void shouldReadProcessorTimeOfAProgramWhoseNameHasSpaces() throws Exception {
    Path process = Files.createDirectories(dir.resolve("7"));
    Files.writeString(
        process.resolve("stat"),
        "7 (a (b) c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 1000 5 6\n");
    Files.writeString(
        process.resolve("status"), "Name:\ta\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n");
    Files.writeString(dir.resolve("uptime"), "12.50 20.00\n");
    Files.writeString(dir.resolve("stat"), "cpu  100 50 25 9000 800 10 15 7 0 0\ncpu0 1 1 1\n");
    ProcessFiles files = new ProcessFiles(dir);

    assertThat(files.machineCpuSeconds()).hasValue(2.0);
    assertThat(files.cpuSeconds(7)).hasValue(3.0);
    assertThat(files.ageSeconds(7)).hasValue(2.5);
    assertThat(files.residentBytes(7)).hasValue(1024 * 1024);
    assertThat(files.peakResidentBytes(7)).hasValue(2 * 1024 * 1024);
    assertThat(files.cpuSeconds(8)).isEmpty();
  }

  private static RecordedProcess recorded() {
    return new RecordedProcess(
        "server",
        "alpha-1",
        Optional.of("alpha"),
        4711,
        "i-1",
        List.of("java", "Server", "--instance", "i-1"),
        "127.0.0.1:4801");
  }

  private ProcessFiles proc(long pid, String commandLine) throws Exception {
    Path process = Files.createDirectories(dir.resolve(Long.toString(pid)));
    Files.writeString(process.resolve("cmdline"), commandLine, StandardCharsets.UTF_8);
    return new ProcessFiles(dir);
  }
}
