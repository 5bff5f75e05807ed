package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: a shell that waits for its input to end, with a mark on its command line. */
class AdoptedTest {

  @TempDir private Path folder;
  private final String instance = UUID.randomUUID().toString();
  private Process process;
  private ProcessRecord record;

  @BeforeEach
  void start() throws Exception {
    process =
        new ProcessBuilder("sh", "-c", "read line", "sh", CommandLines.mark(instance)).start();
    record = record(process.pid(), process.info().startInstant().orElseThrow(), instance);
  }

  @AfterEach
  void end() {
    process.destroyForcibly();
  }

  @Test
  void shouldFindTheRecordedProcess() {
    Optional<Adopted> found = Adopted.find(record);

    assertThat(found).map(Running::pid).contains(process.pid());
    assertThat(found.orElseThrow().isAlive()).isTrue();
  }

  @Test
  void shouldFindAProcessWhoseLauncherDiedBeforeItWroteThePid() {
    Optional<Adopted> found = Adopted.find(ProcessRecord.starting(instance, List.of()));

    assertThat(found).map(Running::pid).contains(process.pid());
  }

  @Test
  void shouldNotTakeAnotherProcessThatGotThePid() {
    assertThat(Adopted.find(record(process.pid(), record.started(), "another"))).isEmpty();
    assertThat(Adopted.find(record(process.pid(), record.started().minusSeconds(60), instance)))
        .isEmpty();
    assertThat(Adopted.find(record(process.pid(), record.started(), instance))).isPresent();
  }

  @Test
  void shouldTellTheDeathSoonAndNotBefore() throws Exception {
    Adopted adopted = Adopted.find(record).orElseThrow();
    CompletableFuture<Long> death = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            adopted.awaitDeath();
            death.complete(System.nanoTime());
          } catch (InterruptedException e) {
            death.completeExceptionally(e);
          }
        });
    await().during(Duration.ofMillis(100)).until(() -> !death.isDone());

    long killed = System.nanoTime();
    adopted.kill();

    assertThat(Duration.ofNanos(death.get(5, TimeUnit.SECONDS) - killed))
        .isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void shouldTakeAProcessThatNobodyReapsForDead() throws Exception {
    Path pidFile = folder.resolve("pid");
    // The parent starts a process, never waits for it, and stays: what is left is an entry.
    Process parent =
        new ProcessBuilder(
                "sh",
                "-c",
                "sh -c 'echo $$ > "
                    + pidFile
                    + ".new; mv "
                    + pidFile
                    + ".new "
                    + pidFile
                    + "; sleep 1000' sh "
                    + CommandLines.mark("orphan")
                    + " & exec cat")
            .start();
    try {
      await().until(() -> Files.exists(pidFile));
      long pid = Long.parseLong(Files.readString(pidFile).strip());
      Adopted orphan =
          Adopted.find(
                  record(
                      pid,
                      ProcessHandle.of(pid).orElseThrow().info().startInstant().orElseThrow(),
                      "orphan"))
              .orElseThrow();
      ProcessHandle.of(pid).orElseThrow().children().forEach(ProcessHandle::destroyForcibly);

      orphan.kill();

      await().atMost(Duration.ofSeconds(5)).until(() -> !orphan.isAlive());
    } finally {
      parent.destroyForcibly();
    }
  }

  private static ProcessRecord record(long pid, Instant started, String instance) {
    return new ProcessRecord(pid, started, instance, List.of());
  }
}
