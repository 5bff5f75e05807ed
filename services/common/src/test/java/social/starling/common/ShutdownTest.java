package social.starling.common;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ShutdownTest {

  private final List<String> ran = new CopyOnWriteArrayList<>();

  /** A process that tells what it does, and fails to start when told so. */
  static final class Probe {

    public static void main(String[] args) {
      try (Shutdown shutdown = Shutdown.install()) {
        shutdown.step("first", () -> System.out.println("first"));
        shutdown.step("failing", () -> failed());
        if (args[0].equals("stops slowly")) {
          shutdown.step("slow", () -> slow());
        }
        shutdown.step("last", () -> System.out.println("last"));
        if (args[0].equals("fails")) {
          throw new StartException(ExitCode.REFUSED, "refused");
        }
        System.out.println("up");
        if (args[0].startsWith("stops")) {
          shutdown.stop(ExitCode.STORAGE);
        }
        System.exit(shutdown.await());
      } catch (StartException e) {
        System.exit(e.exitCode());
      }
    }

    /** Until the thread of a signal waits for the end. */
    private static void slow() {
      System.out.println("slow");
      await()
          .until(() ->
              Thread.getAllStackTraces().keySet().stream()
                  .anyMatch(thread ->
                      thread.getName().equals("shutdown")
                          && thread.getState() == Thread.State.TIMED_WAITING));
    }

    private static void failed() throws IOException {
      throw new IOException("cannot");
    }
  }

  @Test
  void aSignalRunsTheStepsInOrderAndExitsWithZero() throws Exception {
    Process process = probe("waits");
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo("up");
      process.toHandle().destroy(); // Process.destroy would close the stream too
      assertThat(out.lines()).containsExactly("first", "last");
    }
    assertThat(process.waitFor(10, SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void stoppingExitsWithTheCodeTold() throws Exception {
    Process process = probe("stops");
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.lines()).containsExactly("up", "first", "last");
    }
    assertThat(process.waitFor()).isEqualTo(ExitCode.STORAGE);
  }

  @Test
  void aSignalDuringTheEndDoesNotCutItShort() throws Exception {
    Process process = probe("stops slowly");
    try (BufferedReader out = process.inputReader()) {
      assertThat(List.of(out.readLine(), out.readLine(), out.readLine()))
          .containsExactly("up", "first", "slow");
      process.toHandle().destroy();
      assertThat(out.lines()).containsExactly("last");
    }
    assertThat(process.waitFor()).isEqualTo(ExitCode.STORAGE);
  }

  @Test
  void aFailedStartEndsWhatWasStartedAndKeepsItsCode() throws Exception {
    Process process = probe("fails");
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.lines()).containsExactly("first", "last");
    }
    assertThat(process.waitFor()).isEqualTo(ExitCode.REFUSED);
  }

  private static Process probe(String what) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Probe.class.getName(),
            what)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  @Test
  void aStepThatHangsIsInterruptedAndTheBoundHoldsForAll() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    long begun = System.nanoTime();
    try (Shutdown shutdown = new Shutdown(Duration.ofSeconds(1))) {
      shutdown.step("quick", () -> ran.add("quick"));
      shutdown.step(
          "hanging",
          () -> {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              interrupted.countDown();
            }
          });
      shutdown.step("too late", () -> ran.add("too late"));
      shutdown.stop(0);
      assertThat(shutdown.await()).isZero();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
    assertThat(ran).containsExactly("quick");
    assertThat(interrupted.await(5, SECONDS)).isTrue();
  }

  @Test
  void stepsRunOnceAndTheFirstCodeCounts() {
    try (Shutdown shutdown = new Shutdown(Duration.ofSeconds(1))) {
      shutdown.step("once", () -> ran.add("once"));
      shutdown.stop(4);
      shutdown.stop(0);
      assertThat(shutdown.await()).isEqualTo(4);
      assertThat(shutdown.await()).isEqualTo(4);
    }
    assertThat(ran).containsExactly("once");
  }
}
