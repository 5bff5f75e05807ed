package social.starling.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.bench.installation.Signal;
import social.starling.common.StartException;

@Timeout(60)
class UsagesTest {

  @TempDir private Path folder;

  @Test
  void shouldCountChildrenThatHaveEnded() {
    // The shell's child works until it is told otherwise; the shell itself only waits.
    Child child =
        Child.start(
            List.of("sh", "-c", "timeout 1 sh -c 'while :; do :; done'; echo done; exec sleep 100"),
            folder,
            folder.resolve("log"));
    try {
      await().until(() -> Child.lastLine(folder.resolve("log")).equals("done"));

      assertThat(Usages.cpuSeconds(child.pid())).isGreaterThan(0.05);
      assertThat(Usages.memoryBytes(child.pid())).isPositive();
    } finally {
      child.end();
    }
    assertThat(Usages.cpuSeconds(child.pid())).isZero();
  }

  @Test
  void shouldAddUpFilesOfFolders() throws Exception {
    Files.createDirectories(folder.resolve("a/b"));
    Files.write(folder.resolve("a/b/one"), new byte[1_000]);
    Files.write(folder.resolve("a/two"), new byte[500]);

    assertThat(Usages.diskBytes(List.of(folder.resolve("a/b"), folder.resolve("a"))))
        .isEqualTo(2_500);
  }

  @Test
  void shouldSignalOnlyWhatWasStartedHere() {
    assertThatThrownBy(() -> Signal.STOP.send(List.of(ProcessHandle.of(1).orElseThrow())))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("was not started from here");
  }

  @Test
  void shouldEndAProgramThatIsStopped() {
    Child child = Child.start(List.of("sleep", "1000"), folder, folder.resolve("log"));
    child.signal(Signal.STOP);

    child.end();

    assertThat(child.isAlive()).isFalse();
  }

  @Test
  void shouldSayWhatAProgramSaidThatFailed() {
    assertThatThrownBy(() ->
            Child.run(
                List.of("sh", "-c", "echo the disk is on fire; exit 3"),
                folder,
                folder.resolve("log"),
                30))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("the disk is on fire");
  }
}
