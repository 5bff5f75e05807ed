package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.StartException;
import social.starling.proto.sns.v1.Post;
import social.starling.server.state.DamagedException;
import social.starling.server.state.Entries;

class DamageTest {

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final Entries entries = new Entries();
  private long lastPost;

  private void filled(boolean trimmed) {
    try (Volume volume = open()) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"), entries.login("bob"));
      for (int i = 0; i < 50; i++) {
        VolumeTest.write(volume, entries.post("alice", "post " + i));
      }
      lastPost = entries.lastId();
      VolumeTest.write(volume, entries.follow("bob", "alice"));
      volume.upkeep(true);
      if (trimmed) {
        assertThat(volume.trim(Long.MAX_VALUE)).isEqualTo(entries.lastIndex());
      }
    }
  }

  private Volume open() {
    return Volume.open(directory, Disk.local(), VolumeOptions.DEFAULT.withoutBackground());
  }

  private Path posts() {
    return directory.resolve(PostFiles.relative("alice"));
  }

  private void assertRefused(int exitCode, String... words) {
    assertThatExceptionOfType(StartException.class)
        .isThrownBy(() -> open().close())
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(exitCode))
        .satisfies(e -> assertThat(e.getMessage()).contains(words).doesNotContain("\n"));
    // Refused, and left alone: it says the same again.
    assertThatExceptionOfType(StartException.class).isThrownBy(() -> open().close());
  }

  private void overwrite(Path file, long at, String bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.UTF_8)), at);
    }
  }

  private void truncate(Path file, long length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
  }

  @Test
  void aDatabaseThatIsNoneIsRefusedWithASentence() throws IOException {
    filled(false);
    Files.writeString(directory.resolve("state.db"), "this is no database".repeat(1000));
    assertRefused(4, "is damaged", "full copy from the other member");
  }

  @Test
  void aDatabaseOfAnotherProgramIsRefused() throws Exception {
    filled(false);
    Files.delete(directory.resolve("state.db"));
    try (Connection connection = Sql.openPlain(directory.resolve("state.db"))) {
      Sql.run(connection, "CREATE TABLE other (x)");
    }
    assertRefused(4, "not Starling's");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 512, 4096, 20_000})
  void aDatabaseCutShortIsRefused(int length) throws IOException {
    filled(false);
    truncate(directory.resolve("state.db"), length);
    assertRefused(4, "is damaged");
  }

  @Test
  void anEmptyDatabaseBesideAVolumeIdIsRefused() throws IOException {
    filled(false);
    truncate(directory.resolve("state.db"), 0);
    assertRefused(4, "is damaged");
  }

  @Test
  void aVolumeThatLostItsDatabaseIsNotTakenForANewOne() throws IOException {
    filled(false);
    Files.delete(directory.resolve("state.db"));
    assertRefused(4, "state.db is gone");
  }

  @Test
  void aDatabaseWithoutItsVolumeIdOrWithAnotherIsRefused() throws IOException {
    filled(false);
    Path id = directory.resolve("volume-id");
    Files.writeString(id, "0".repeat(32) + "\n");
    assertRefused(4, "does not belong to the volume-id");
    Files.delete(id);
    assertRefused(4, "does not belong to the volume-id");
  }

  @Test
  void aNewerFormatIsRefusedWithASentence() throws Exception {
    filled(false);
    try (Connection connection = Sql.openPlain(directory.resolve("state.db"))) {
      Sql.run(connection, "PRAGMA user_version=2");
    }
    assertRefused(3, "format 2", "knows up to 1", "newer version");
  }

  @Test
  void anAlteredRowIsFoundWhenTheVolumeIsOpened() throws Exception {
    for (String sql :
        List.of(
            "UPDATE users SET name = 'mallory' WHERE no = 1",
            "UPDATE follows SET since = 1",
            "DELETE FROM follows",
            "UPDATE posts SET offset = offset + 1 WHERE no = 7",
            "DELETE FROM posts WHERE no = 49",
            "DELETE FROM posts WHERE no = 3",
            "UPDATE posts SET author = 99 WHERE no = 3",
            "INSERT INTO deletions VALUES (3, 9, 9)",
            "UPDATE clients SET floor = 1000",
            "DELETE FROM answers",
            "UPDATE meta SET applied = applied - 1, checksum = 1",
            "DELETE FROM meta",
            "DROP TABLE clients",
            "UPDATE slots SET version = 2",
            "UPDATE slots SET bits = zeroblob(128)",
            "UPDATE slots SET bits = zeroblob(7)",
            "DELETE FROM slots",
            "UPDATE users SET home = 4 WHERE no = 1",
            "UPDATE follows SET position = 1",
            "INSERT INTO unfollows VALUES (0, 1, 3)",
            "INSERT INTO wants VALUES (0, 4, 3, 0)",
            "INSERT INTO peers VALUES (4, 3, 0)",
            "DELETE FROM journal WHERE idx = 54",
            "UPDATE journal SET idx = 100 WHERE idx = 54")) {
      FaultyDisk.deleteAll(directory.resolve("altered"));
      Path altered = directory.resolve("altered");
      Entries own = new Entries();
      try (Volume volume = Volume.open(altered, Disk.local())) {
        VolumeTest.write(volume, own.slots(), own.login("alice"), own.login("bob"));
        VolumeTest.write(volume, own.follow("bob", "alice"));
        for (int i = 0; i < 50; i++) {
          VolumeTest.write(volume, own.post("alice", "post " + i));
        }
      }
      try (Connection connection = Sql.openPlain(altered.resolve("state.db"))) {
        Sql.run(connection, sql);
      }
      assertThatExceptionOfType(StartException.class)
          .as(sql)
          .isThrownBy(() -> Volume.open(altered, Disk.local()).close())
          .satisfies(e -> assertThat(e.exitCode()).isEqualTo(4));
    }
  }

  @Test
  void anAlteredJournalEntryIsNeverRead() throws Exception {
    filled(false);
    try (Connection connection = Sql.openPlain(directory.resolve("state.db"))) {
      Sql.run(connection, "UPDATE journal SET time = time + 1 WHERE idx = 10");
    }
    try (Volume volume = open()) {
      assertThat(volume.read(1, 9, 1 << 20)).hasSize(9);
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> volume.read(9, 11, 1 << 20))
          .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.DAMAGED));
    }
  }

  @Test
  void aDatabaseWithFlippedBytesIsRefusedOrWhole() throws IOException {
    filled(false);
    byte[] whole = Files.readAllBytes(directory.resolve("state.db"));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 60; i++) {
      byte[] flipped = whole.clone();
      for (int k = 0; k < 8; k++) {
        flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(directory.resolve("state.db"), flipped);
      try (Volume volume = open()) {
        assertThat(volume.state().posts("alice", 0, 0, 100).orElseThrow())
            .as("seed %d", seed)
            .hasSize(50);
        volume.read(1, 54, 1 << 20);
      } catch (StartException | StorageException e) {
        refused++;
      }
      Files.deleteIfExists(directory.resolve("state.db-wal"));
      Files.deleteIfExists(directory.resolve("state.db-shm"));
    }
    assertThat(refused).as("seed %d", seed).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 1000})
  void aPostFileCutShortIsCompletedFromTheJournal(int length) throws IOException {
    filled(false);
    byte[] whole = Files.readAllBytes(posts());
    truncate(posts(), length);
    try (Volume volume = open()) {
      assertThat(volume.damage()).isEmpty();
      assertThat(volume.digest(false).damage()).isEmpty();
    }
    assertThat(Files.readAllBytes(posts())).isEqualTo(whole);
  }

  @Test
  void aPostFileThatIsGoneIsWrittenAgainFromTheJournal() throws IOException {
    filled(false);
    byte[] whole = Files.readAllBytes(posts());
    FaultyDisk.deleteAll(directory.resolve("posts"));
    try (Volume volume = open()) {
      assertThat(volume.damage()).isEmpty();
    }
    assertThat(Files.readAllBytes(posts())).isEqualTo(whole);
  }

  @Test
  void aPostFileCutShortBeyondTheJournalIsDamage() throws IOException {
    filled(true);
    truncate(posts(), 1000);
    try (Volume volume = open()) {
      assertThat(volume.damage())
          .singleElement()
          .asString()
          .contains(PostFiles.relative("alice"), "1000 bytes instead of");
      assertThat(volume.state().exists("alice")).isTrue();
    }
  }

  @Test
  void anAlteredRecordIsWrittenAgainFromTheJournalWhenItIsRead() throws IOException {
    filled(false);
    byte[] whole = Files.readAllBytes(posts());
    overwrite(posts(), 100, "ALTERED");
    try (Volume volume = open()) {
      assertThat(volume.state().posts("alice", 0, 0, 100).orElseThrow())
          .extracting(Post::getText)
          .hasSize(50)
          .allMatch(text -> text.startsWith("post "));
      assertThat(volume.damage()).isEmpty();
    }
    assertThat(Files.readAllBytes(posts())).isEqualTo(whole);
  }

  @Test
  void anAlteredRecordBeyondTheJournalIsNeverServedAndTold() throws IOException {
    filled(true);
    overwrite(posts(), 100, "ALTERED");
    try (Volume volume = open()) {
      List<String> told = new ArrayList<>();
      volume.onDamage(told::add);
      assertThat(volume.state().posts("alice", 0, lastPost - 1, 1).orElseThrow())
          .extracting(Post::getText)
          .containsExactly("post 49");
      assertThatExceptionOfType(DamagedException.class)
          .isThrownBy(() -> volume.state().posts("alice", 0, 0, 100))
          .withMessageContaining(PostFiles.relative("alice"));
      assertThat(told).singleElement().asString().contains("is not what was written");
      assertThat(volume.damage()).isEqualTo(told);
      assertThat(volume.digest(false).damage()).hasSize(1);
    }
  }

  @Test
  void scrubbingFindsWhatNobodyReadAndWritesItAgain() throws IOException {
    filled(false);
    try (Volume volume = open()) {
      VolumeTest.write(volume, entries.delete("alice", lastPost), entries.post("bob", "x"));
    }
    byte[] whole = Files.readAllBytes(posts());
    overwrite(posts(), 100, "ALTERED");
    overwrite(posts(), whole.length - 8, "9");
    try (Volume volume = open()) {
      volume.scrub();
      assertThat(volume.damage()).isEmpty();
      assertThat(volume.digest(false).damage()).isEmpty();
    }
    assertThat(Files.readAllBytes(posts())).isEqualTo(whole);
  }

  @Test
  void whatADigestFindsIsWrittenAgain() throws IOException {
    filled(false);
    byte[] whole = Files.readAllBytes(posts());
    try (Volume volume = Volume.open(directory, Disk.local(), VolumeOptions.DEFAULT)) {
      await().until(() -> volume.digest(false).damage().isEmpty()); // Its own scrub is over.
      overwrite(posts(), 100, "ALTERED");
      assertThat(volume.digest(false).damage()).hasSize(1);
      await().until(() -> volume.digest(false).damage().isEmpty());
    }
    assertThat(Files.readAllBytes(posts())).isEqualTo(whole);
  }

  @Test
  void scrubbingTellsWhatCannotBeWrittenAgain() throws IOException {
    filled(true);
    overwrite(posts(), 100, "ALTERED");
    try (Volume volume = open()) {
      volume.scrub();
      assertThat(volume.damage()).singleElement().asString().contains("is not what was written");
    }
  }

  @Test
  void aVolumeScrubsItselfInTheBackground() throws IOException {
    filled(true);
    overwrite(posts(), 100, "ALTERED");
    try (Volume volume = Volume.open(directory, Disk.local())) {
      await().untilAsserted(() -> assertThat(volume.damage()).hasSize(1));
    }
  }

  @Test
  void whatFollowsTheLastRecordIsCutOff() throws IOException {
    filled(true);
    byte[] whole = Files.readAllBytes(posts());
    Files.writeString(posts(), "T never committed", StandardOpenOption.APPEND);
    open().close();
    assertThat(Files.readAllBytes(posts())).isEqualTo(whole);
  }

  @Test
  void aVolumeInUseByAnotherIsRefused() {
    filled(false);
    try (Volume volume = open()) {
      assertThat(volume.used()).isTrue();
      assertRefused(3, "in use by another process (pid " + ProcessHandle.current().pid());
    }
    open().close();
  }

  @Test
  void aFileInThePlaceOfTheDirectoryIsRefused() throws IOException {
    Path file = directory.resolve("file");
    Files.writeString(file, "x");
    assertThatExceptionOfType(StartException.class)
        .isThrownBy(() -> Volume.open(file, Disk.local()))
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(4))
        .withMessageContaining("is no directory");
  }
}
