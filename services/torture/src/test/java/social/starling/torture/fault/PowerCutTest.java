package social.starling.torture.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PowerCutTest {

  private static final long SEED = 4711;
  private static final int ENOUGH = 400;

  @TempDir private Path dir;
  private Path volume;
  private Shim shim;
  private Control control;
  private PowerCut powerCut;
  private Controlled process;

  @BeforeEach
  void start() throws Exception {
    List<String> problems = new ArrayList<>();
    Optional<Shim> built = Shim.build(dir.resolve("shim"), problems::add);
    Assumptions.assumeTrue(built.isPresent(), () -> problems.toString());
    shim = built.get();
    powerCut = new PowerCut(shim);
    volume = Files.createDirectory(dir.resolve("volume"));
    process = new Controlled(shim, "alpha-1", volume);
    control = shim.control("alpha-1");
  }

  @AfterEach
  void end() throws Exception {
    if (process != null) {
      process.close();
    }
  }

  @Test
  void shouldLoseWhatWasNotSyncedAndNothingElse() throws Exception {
    process.tell(
        "put " + file("written-over") + " 0 hello, world",
        "sync " + file("written-over"),
        "put " + file("written-over") + " 3 XX",
        "put " + file("written-over") + " 4 YYYYYYYYYYYYY",
        "put " + file("cut-off") + " 0 hello, world",
        "sync " + file("cut-off"),
        "truncate " + file("cut-off") + " 3",
        "put " + file("cut-off") + " 3 !",
        "append " + file("replaced") + " old",
        "sync " + file("replaced"),
        "replace " + file("replaced") + " newer",
        "put " + file("created") + " 0 x",
        "put " + file("whole") + " 0 x",
        "sync " + file("whole"),
        "put " + file("mapped-shm") + " 0 x",
        "sync " + file("mapped-shm"));

    PowerCut.Undone undone = strike(true);

    assertThat(file("written-over")).content().isEqualTo("hello, world");
    assertThat(file("cut-off")).content().isEqualTo("hello, world");
    assertThat(file("replaced")).content().isEqualTo("old");
    assertThat(file("whole")).content().isEqualTo("x");
    assertThat(file("created")).doesNotExist();
    assertThat(file("mapped-shm")).doesNotExist();
    assertThat(undone.files()).isEqualTo(4);
    assertThat(undone.writes()).isEqualTo(2 + 2 + 2 + 2);
    assertThat(shim.undo("alpha-1")).isEmptyDirectory();
  }

  @Test
  void shouldLoseNothingThatASyncOfTheWholeFileSystemCovered() throws Exception {
    process.tell("append " + file("of-an-earlier-process") + " x");
    process.close();
    process = new Controlled(shim, "alpha-1", volume);
    process.tell(
        "append " + file("closed") + " x",
        "put " + file("open") + " 0 x",
        "syncall " + volume,
        "put " + file("open") + " 1 y");

    strike(true);

    assertThat(file("of-an-earlier-process")).content().isEqualTo("x");
    assertThat(file("closed")).content().isEqualTo("x");
    assertThat(file("open")).content().isEqualTo("x");
  }

  @Test
  void shouldLoseWhatAnEarlierProcessDidNotSync() throws Exception {
    process.tell(
        "append " + file("a") + " synced", "sync " + file("a"), "append " + file("a") + " x");
    process.close();
    process = new Controlled(shim, "alpha-1", volume);
    process.tell("append " + file("a") + " y");

    strike(true);

    assertThat(file("a")).content().isEqualTo("synced");
  }

  @Test
  void shouldFollowAFileToItsNewNameAndLeaveWhatWasDeleted() throws Exception {
    process.tell(
        "append " + file("a") + " synced",
        "sync " + file("a"),
        "append " + file("a") + " not",
        "append " + file("covered") + " x",
        "append " + file("deleted") + " x",
        "rename " + file("a") + " " + file("covered"),
        "delete " + file("deleted"));
    Files.createDirectory(file("folder"));
    process.tell(
        "append " + file("folder/b") + " synced",
        "sync " + file("folder/b"),
        "append " + file("folder/b") + " not",
        "rename " + file("folder") + " " + file("moved"));

    strike(true);

    assertThat(file("covered")).content().isEqualTo("synced");
    assertThat(file("moved/b")).content().isEqualTo("synced");
    assertThat(volume).isDirectoryNotContaining("glob:**/{a,deleted,folder}");
  }

  @Test
  void shouldLoseASuffixOfTheWritesToEachFileByTheSeed() throws Exception {
    Set<String> seen = new HashSet<>();
    Map<Long, String> bySeed = new HashMap<>();
    for (int round = 0; round < 6; round++) {
      process.tell("replace " + file("a") + " 0", "sync " + file("a"));
      for (int i = 1; i <= 9; i++) {
        process.tell("put " + file("a") + " " + i + " " + i);
      }
      long seed = round % 3;
      process.close();
      powerCut.rollBack("alpha-1", new Random(seed), false);
      String left = Files.readString(file("a"));
      assertThat("0123456789").startsWith(left);
      assertThat(bySeed.computeIfAbsent(seed, _ -> left)).isEqualTo(left);
      seen.add(left);
      process = new Controlled(shim, "alpha-1", volume);
    }
    assertThat(seen).hasSizeGreaterThan(1);
  }

  @Test
  void shouldKeepWhatADatabaseHasCommitted() throws Exception {
    process.tell("sql " + file("db") + " CREATE TABLE posts(id INTEGER)");
    for (int i = 0; i < 50; i++) {
      process.tell("sql " + file("db") + " INSERT INTO posts VALUES(" + i + ")");
    }
    assertThat(process.ask("sql " + file("db") + " PRAGMA wal_checkpoint(RESTART)")).isEqualTo("0");
    process.tell("sql " + file("db") + " INSERT INTO posts VALUES(50)");

    strike(true);
    process = new Controlled(shim, "alpha-1", volume);

    assertThat(process.ask("count " + file("db"))).isEqualTo("51");
    assertThat(process.ask("sql " + file("db") + " PRAGMA integrity_check")).isEqualTo("ok");
  }

  @Test
  void shouldShowThatASyncWasLeftOut() throws Exception {
    process.tell(
        "sql " + file("db") + " CREATE TABLE posts(id INTEGER)",
        "sql " + file("db") + " INSERT INTO posts VALUES(1)");
    control.lying();
    process.tell("sql " + file("db") + " INSERT INTO posts VALUES(2)");
    assertThat(process.ask("count " + file("db"))).isEqualTo("2");

    strike(true);
    control.clear();
    process = new Controlled(shim, "alpha-1", volume);

    assertThat(process.ask("count " + file("db"))).isEqualTo("1");
  }

  @Test
  void shouldLetNewProcessesWaitUntilAllIsUndone() throws Exception {
    process.tell("put " + file("a") + " 0 x");
    shim.controlFile("alpha-1").hold(true);
    try (Controlled next = new Controlled(shim, "alpha-1", volume)) {
      next.begin("append " + file("a") + " next");
      assertThat(next.answer(500)).isNull();

      strike(true);

      assertThat(next.answer(60_000)).isEqualTo("done");
      assertThat(file("a")).content().isEqualTo("next");
    }
  }

  @Test
  void shouldKeepAllThatManyThreadsWereToldIsSynced() throws Exception {
    process.begin("storm " + volume);
    Map<Integer, Integer> told = new HashMap<>();
    for (int heard = 0; heard < ENOUGH; heard++) {
      note(process.answer(60_000), told);
    }

    strike(true);
    process.awaitDeath();
    for (String line; (line = process.answer(0)) != null; ) {
      note(line, told);
    }

    assertThat(control.lost()).isZero();
    assertThat(told).hasSize(8);
    for (Map.Entry<Integer, Integer> last : told.entrySet()) {
      int author = last.getKey();
      for (Path file : List.of(file("own-" + author), file("shared-" + author / 2))) {
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).allMatch(line -> line.matches("\\d:\\d{6}"));
        assertThat(lines.stream().filter(line -> line.startsWith(author + ":")).toList())
            .as("%s of %d", file.getFileName(), author)
            .hasSizeGreaterThan(last.getValue())
            .hasSizeLessThanOrEqualTo(last.getValue() + 2);
      }
    }
  }

  private static void note(String line, Map<Integer, Integer> told) {
    if (line.startsWith("synced ")) {
      String[] words = line.split(" ");
      told.merge(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Math::max);
    } else {
      assertThat(line).isEqualTo("done");
    }
  }

  private PowerCut.Undone strike(boolean everything) throws Exception {
    PowerCut.Undone undone =
        powerCut.strike(Map.of("alpha-1", process.pid()), new Random(SEED), everything);
    assertThat(control.lost()).isZero();
    return undone;
  }

  private Path file(String name) {
    return volume.resolve(name);
  }
}
