package social.starling.server;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.ExitCode;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/** How the process itself ends when it cannot start: who started it goes by the exit code. */
@Timeout(60)
class ServerMainTest {

  @TempDir Path directory;

  private Path volume;
  private Path credential;

  @BeforeEach
  void prepare() throws Exception {
    volume = directory.resolve("volume");
    credential = directory.resolve("credential");
    Files.writeString(credential, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(credential, PosixFilePermissions.fromString("rw-------"));
  }

  private record Ended(int code, String said) {}

  /** Ends the process if it does not end by itself. */
  private Ended run(String... more) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(ServerMain.class.getName(), "--cluster", "alpha", "--member", "alpha-1"));
    command.addAll(List.of("--dir", volume.toString(), "--coordinators", "127.0.0.1:1"));
    command.addAll(List.of("--credential", credential.toString()));
    command.addAll(List.of(more));
    Path said = directory.resolve("said");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(process.waitFor(50, SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(said));
  }

  @Test
  void aVolumeInUseIsRefusedWithCode3AndNoWordOfASignal() throws Exception {
    try (Volume used = Volume.open(volume, Disk.local())) {
      assertThat(used.id()).isNotEmpty();

      Ended ended = run();

      assertThat(ended.code).isEqualTo(ExitCode.REFUSED);
      assertThat(ended.said).contains(volume.toString()).doesNotContain("signal");
    }
  }

  @Test
  void aDamagedVolumeThatCannotBeGivenUpEndsWithCode4() throws Exception {
    try (Volume whole = Volume.open(volume, Disk.local())) {
      assertThat(whole.id()).isNotEmpty();
    }
    Files.writeString(volume.resolve("state.db"), "this is not a database");

    Ended ended = run();

    assertThat(ended.code).isEqualTo(ExitCode.STORAGE);
    assertThat(ended.said).contains("damaged").doesNotContain("signal");
  }

  @Test
  void aPortInUseEndsWithACodeAndASentence() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      Ended ended = run("--public-port", String.valueOf(taken.getLocalPort()));

      assertThat(ended.code).isNotZero();
      assertThat(ended.said)
          .contains(String.valueOf(taken.getLocalPort()))
          .doesNotContain("signal")
          .doesNotContain("\tat ");
    }
  }
}
