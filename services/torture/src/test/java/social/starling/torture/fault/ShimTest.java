package social.starling.torture.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShimTest {

  @TempDir private Path dir;
  private final List<String> problems = new ArrayList<>();

  @Test
  void shouldSayThatItNeedsLinux() {
    assertThat(Shim.build(dir.resolve("shim"), problems::add, "Plan 9", "/usr/bin")).isEmpty();
    assertThat(problems)
        .containsExactly(
            "Bad disks, wrong clocks and power cuts are left out: they need Linux, and this is"
                + " Plan 9.");
  }

  @Test
  void shouldSayThatItNeedsACompiler() {
    assertThat(Shim.build(dir.resolve("shim"), problems::add, "Linux", dir.toString())).isEmpty();
    assertThat(problems)
        .containsExactly(
            "Bad disks, wrong clocks and power cuts are left out: they need a C compiler, and cc,"
                + " gcc or clang is not in PATH.");
  }

  @Test
  void shouldSayWhatTheCompilerSaid() throws Exception {
    Path compiler =
        Files.writeString(dir.resolve("cc"), "#!/bin/sh\necho no headers here\nexit 1\n");
    Files.setPosixFilePermissions(compiler, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(Shim.build(dir.resolve("shim"), problems::add, "Linux", dir.toString())).isEmpty();
    assertThat(problems).singleElement().asString().endsWith("fault.c: no headers here.");
  }

  @Test
  void shouldSayThatALibraryCannotBeLoaded() throws Exception {
    Path compiler =
        Files.writeString(
            dir.resolve("cc"),
            "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\necho rubbish > \"$2\"\n");
    Files.setPosixFilePermissions(compiler, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(Shim.build(dir.resolve("shim"), problems::add, "Linux", dir + ":/bin:/usr/bin"))
        .isEmpty();
    assertThat(problems).singleElement().asString().contains("fault.so says:");
  }

  /** With a process, where there is a compiler. */
  @Nested
  class Process {

    private Path volume;
    private Shim shim;
    private Control control;
    private Controlled process;

    @BeforeEach
    void start() throws Exception {
      Optional<Shim> built = Shim.build(dir.resolve("shim"), problems::add);
      Assumptions.assumeTrue(built.isPresent(), () -> problems.toString());
      shim = built.get();
      volume = Files.createDirectory(dir.resolve("volume"));
      process = new Controlled(shim, "alpha-1", volume);
      control = shim.control("alpha-1");
      assertThat(problems).isEmpty();
    }

    @AfterEach
    void end() throws Exception {
      if (process != null) {
        process.close();
      }
    }

    @Test
    void shouldLeaveEverythingAsItIsWhileThereIsNoFault() throws Exception {
      process.tell(
          "put " + file("a") + " 0 hello",
          "sync " + file("a"),
          "put " + file("a") + " 5 , world",
          "truncate " + file("a") + " 10",
          "copy " + file("a") + " " + file("b"),
          "rename " + file("b") + " " + file("c"),
          "append " + file("d") + " x",
          "delete " + file("d"),
          "syncall " + volume);

      assertThat(file("a")).content().isEqualTo("hello, wor");
      assertThat(file("c")).content().isEqualTo("hello, wor");
      assertThat(file("d")).doesNotExist();
      assertThat(control.attached()).hasValue(process.pid());
      assertThat(control.syncs()).isEqualTo(2);
      assertThat(control.struck()).isZero();
      assertThat(control.lost()).isZero();
      assertThat(Long.parseLong(process.ask("free " + volume)))
          .isCloseTo(
              volume.toFile().getUsableSpace(),
              org.assertj.core.data.Percentage.withPercentage(20));
    }

    @Test
    void shouldHaveNoSpaceLeftOnAFullDisk() throws Exception {
      process.tell("put " + file("a") + " 0 hello", "put " + file("b") + " 0 12345678");
      control.full();

      assertThat(process.ask("free " + volume)).isEqualTo("0");
      assertThat(process.ask("put " + file("a") + " 3 lower")).contains("No space left on device");
      assertThat(process.ask("append " + file("a") + " more")).contains("No space left on device");
      assertThat(process.ask("copy " + file("a") + " " + file("c")))
          .contains("No space left on device");
      process.tell("put " + file("a") + " 0 HELLO", "put " + dir.resolve("elsewhere") + " 0 x");

      process.tell("delete " + file("b"), "put " + file("a") + " 5 12345678");
      assertThat(process.ask("put " + file("a") + " 13 9")).contains("No space left on device");
      process.tell("truncate " + file("a") + " 12", "put " + file("a") + " 12 9");
      control.clear();
      process.tell("put " + file("a") + " 13 0");
      assertThat(file("a")).content().isEqualTo("HELLO123456790");
      assertThat(process.ask("free " + volume)).isNotEqualTo("0");
      assertThat(control.struck()).isEqualTo(4);
    }

    @Test
    void shouldFailWhateverWritesToAFailingDisk() throws Exception {
      process.tell("put " + file("a") + " 0 hello");
      control.failing();

      for (String order :
          List.of(
              "put " + file("a") + " 0 x",
              "sync " + file("a"),
              "truncate " + file("a") + " 1",
              "put " + file("new") + " 0 x",
              "delete " + file("a"),
              "rename " + file("a") + " " + file("b"))) {
        assertThat(process.ask(order)).as(order).contains("Input/output error");
      }
      assertThat(process.ask("syncall " + volume)).contains("syncfs failed");
      process.tell("put " + dir.resolve("elsewhere") + " 0 x");

      control.clear();
      process.tell("sync " + file("a"));
      assertThat(file("a")).content().isEqualTo("hello");
    }

    @Test
    void shouldHangUntilItIsReleased() throws Exception {
      process.tell("put " + file("a") + " 0 hello");
      control.hang();

      process.begin("sync " + file("a"));
      assertThat(process.answer(300)).isNull();
      control.clear();
      assertThat(process.answer(30_000)).isEqualTo("done");
    }

    @Test
    void shouldTakeItsTimeForEachSyncOnASlowDisk() throws Exception {
      process.tell("put " + file("a") + " 0 hello", "sync " + file("a"));
      Duration perSync = Duration.ofMillis(250);
      control.slow(perSync);

      assertThat(took("sync " + file("a"))).isGreaterThan(perSync);
      assertThat(took("syncall " + volume)).isGreaterThan(perSync);
    }

    private Duration took(String order) throws InterruptedException {
      long begun = System.nanoTime();
      process.tell(order);
      return Duration.ofNanos(System.nanoTime() - begun);
    }

    @Test
    void shouldStepTheClockInBothDirectionsAndLetTheMonotonicOneBe() throws Exception {
      for (Duration offset :
          List.of(Duration.ofMillis(3_600_250), Duration.ofMillis(-7_200_750), Duration.ZERO)) {
        control.clock(offset);
        String[] times = process.ask("time").split(" ");
        Duration wall = Duration.ofMillis(Long.parseLong(times[0]) - System.currentTimeMillis());
        Duration monotonic = Duration.ofNanos(Long.parseLong(times[1]) - System.nanoTime());

        assertThat(wall).isCloseTo(offset, Duration.ofSeconds(30));
        assertThat(monotonic).isCloseTo(Duration.ZERO, Duration.ofSeconds(30));
      }
    }

    @Test
    void shouldHoldForAProcessThatIsStartedLater() throws Exception {
      control.full();
      try (Controlled later = new Controlled(shim, "alpha-1", volume)) {
        assertThat(later.ask("free " + volume)).isEqualTo("0");
        assertThat(control.attached()).hasValue(later.pid());
      }
      try (Controlled other = new Controlled(shim, "alpha-2", dir.resolve("other"))) {
        assertThat(other.ask("free " + dir)).isNotEqualTo("0");
      }
    }

    @Test
    void shouldKeepTheLocksOfAProcessWhateverIsReadForIt() throws Exception {
      process.tell(
          "put " + file("a") + " 0 hello",
          "sync " + file("a"),
          "lock " + file("a"),
          "put " + file("a") + " 0 HELLO");

      try (Controlled other = new Controlled(shim, "alpha-2", dir.resolve("other"))) {
        assertThat(other.ask("lock " + file("a"))).isEqualTo("taken");
        process.close();
        assertThat(other.ask("lock " + file("a"))).isEqualTo("done");
      }
    }

    @Test
    void shouldRefuseAVolumeThatHoldsItsOwnFiles() {
      assertThatThrownBy(() -> shim.environment("x", dir))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageEndingWith("lie in each other");
      assertThatThrownBy(() -> shim.control("x")).hasMessage("x has no shim");
    }

    private Path file(String name) {
      return volume.resolve(name);
    }
  }
}
