package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

class SqliteStoreTest extends StoreContract {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void create() {
    file = directory.resolve("coordinator.db");
    SqliteStore.create(file);
  }

  @Override
  Store open() {
    return SqliteStore.open(file);
  }

  @Test
  void shouldHoldWhatItSaidWhenTheProcessIsGoneWithoutClosing() throws IOException {
    Store abandoned = SqliteStore.open(file);
    for (int version = 0; version < 30; version++) {
      assertThat(abandoned.compareAndSet("a", version, bytes("v" + version))).isTrue();
      Path copy = Files.createDirectory(directory.resolve("crash" + version));
      for (String name : List.of("coordinator.db", "coordinator.db-wal")) {
        Files.copy(directory.resolve(name), copy.resolve(name));
      }
      try (Store reopened = SqliteStore.open(copy.resolve("coordinator.db"))) {
        assertDocument(reopened.read("a").orElseThrow(), version + 1, "v" + version);
      }
    }
    abandoned.close();
  }

  @Test
  void shouldNotBeHarmedByATornEndOfTheLog() throws IOException {
    Store abandoned = SqliteStore.open(file);
    abandoned.compareAndSet("a", 0, bytes("kept"));
    long kept = Files.size(directory.resolve("coordinator.db-wal"));
    abandoned.compareAndSet("a", 1, bytes("torn"));
    long whole = Files.size(directory.resolve("coordinator.db-wal"));
    assertThat(whole).isGreaterThan(kept);
    for (long length = kept; length < whole; length += 511) {
      Path copy = Files.createDirectory(directory.resolve("torn" + length));
      for (String name : List.of("coordinator.db", "coordinator.db-wal")) {
        Files.copy(directory.resolve(name), copy.resolve(name));
      }
      try (RandomAccessFile log =
          new RandomAccessFile(copy.resolve("coordinator.db-wal").toFile(), "rw")) {
        log.setLength(length);
      }
      try (Store reopened = SqliteStore.open(copy.resolve("coordinator.db"))) {
        assertDocument(reopened.read("a").orElseThrow(), 1, "kept");
        assertThat(reopened.compareAndSet("a", 1, bytes("next"))).isTrue();
      }
    }
    abandoned.close();
  }

  @Test
  void shouldSayThatTheDiskIsFullAndGoOnWhenThereIsSpace() throws SQLException {
    try (SqliteStore store = SqliteStore.open(file)) {
      store.compareAndSet("a", 0, bytes("small"));
      store.limitPages(0);
      assertThatThrownBy(() -> store.compareAndSet("b", 0, new byte[100_000]))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("no space is left")
          .satisfies(
              e -> assertThat(((StoreException) e).kind()).isEqualTo(StoreException.Kind.FAILED));
      assertThat(store.read("b")).isEmpty();
      assertDocument(store.read("a").orElseThrow(), 1, "small");
      store.limitPages(100);
      assertThat(store.compareAndSet("b", 0, new byte[100_000])).isTrue();
    }
  }

  @Test
  void shouldSayWhenAnotherProcessHoldsTheFile() throws SQLException {
    try (SqliteStore store = SqliteStore.open(file);
        Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = other.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      assertThatThrownBy(() -> store.compareAndSet("a", 0, bytes("x")))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("another process");
      statement.execute("ROLLBACK");
      assertThat(store.compareAndSet("a", 0, bytes("x"))).isTrue();
    }
  }

  @Test
  void shouldRefuseToStartWithoutItsState() {
    Path empty = directory.resolve("empty");
    assertThatThrownBy(() -> StateDirectory.open(empty, false))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED))
        .hasMessageContaining("rebuild-coordinator");
    assertThat(empty).doesNotExist();
    StateDirectory.open(empty, true).close();
    StateDirectory.open(empty, false).close();
  }

  @Test
  void shouldKeepTheStateThatIsThereWhenAskedToMakeOne() {
    try (StateDirectory state = StateDirectory.open(directory, true)) {
      state.store().compareAndSet("a", 0, bytes("kept"));
    }
    try (StateDirectory state = StateDirectory.open(directory, true)) {
      assertThat(state.store().read("a")).isPresent();
    }
  }

  @Test
  void shouldLetOneProcessAtATimeUseADirectory() {
    try (StateDirectory first = StateDirectory.open(directory, false)) {
      assertThat(first.store().readAll()).isEmpty();
      assertThatThrownBy(() -> StateDirectory.open(directory, false))
          .isInstanceOfSatisfying(
              StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED))
          .hasMessageContaining("in use");
    }
    StateDirectory.open(directory, false).close();
  }

  @Test
  void shouldRefuseANewerFormat() throws SQLException {
    execute("PRAGMA user_version = 2");
    assertThatThrownBy(() -> StateDirectory.open(directory, false))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED))
        .hasMessageContaining("format 2");
  }

  @Test
  void shouldRefuseAFileThatIsNotItsOwn() throws SQLException, IOException {
    execute("PRAGMA application_id = 7");
    assertThatThrownBy(() -> StateDirectory.open(directory, false))
        .hasMessageContaining("not a coordinator's state");
    Files.writeString(file, "this is no database, only a text that is long enough".repeat(9));
    assertThatThrownBy(() -> StateDirectory.open(directory, false))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STORAGE))
        .hasMessageContaining("damaged");
  }

  @Test
  void shouldFindADamagedFileWhenItOpens() throws IOException {
    try (Store store = SqliteStore.open(file)) {
      for (int i = 0; i < 50; i++) {
        store.compareAndSet("key" + i, 0, new byte[900]);
      }
    }
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(bytes.length() / 2);
      bytes.write(new byte[4096]);
    }
    assertThatThrownBy(() -> StateDirectory.open(directory, false))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STORAGE))
        .hasMessageContaining("damaged");
  }

  @Test
  void shouldSayWhenTheDirectoryCannotBeMade() throws IOException {
    Path blocked = Files.writeString(directory.resolve("file"), "in the way");
    assertThatThrownBy(() -> StateDirectory.open(blocked.resolve("dir"), true))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STORAGE))
        .hasMessageContaining("--dir");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
