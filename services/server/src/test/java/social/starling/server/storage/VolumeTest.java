package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.StartException;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;
import social.starling.replication.EpochStart;
import social.starling.replication.JournalState;
import social.starling.replication.RequestId;
import social.starling.server.state.Applied;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;

class VolumeTest {

  private static final VolumeOptions WITHOUT_BACKGROUND = VolumeOptions.DEFAULT.withoutBackground();

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final Entries entries = new Entries();

  @Test
  void anEmptyDirectoryBecomesAVolumeThatKeepsItsId() {
    String id;
    try (Volume volume = Volume.open(directory, Disk.local())) {
      id = volume.id();
      assertThat(volume.used()).isFalse();
      assertThat(volume.journalState().lastIndex()).isZero();
    }
    try (Volume volume = Volume.open(directory, Disk.local())) {
      assertThat(volume.id()).isEqualTo(id);
    }
  }

  @Test
  void whatWasWrittenIsThereAfterReopening() throws Exception {
    try (Volume volume = Volume.open(directory, Disk.local())) {
      write(
          volume,
          entries.slots(),
          entries.login("Alice"),
          entries.login("bob"),
          entries.follow("bob", "alice"),
          entries.post("alice", "first line\nsecond line"));
    }
    try (Volume volume = Volume.open(directory, Disk.local())) {
      assertThat(volume.used()).isTrue();
      assertThat(volume.journalState().appliedIndex()).isEqualTo(5);
      assertThat(volume.state().timeline("bob", 0, 0, 20).orElseThrow().posts())
          .extracting(Post::getText)
          .containsExactly("first line\nsecond line");
      assertThat(volume.read(1, 5, 1 << 20)).hasSize(5);
    }
    assertThat(Files.readString(directory.resolve(PostFiles.relative("alice"))))
        .isEqualTo(
            """
            T 2026-11-21T22:50:01.123Z
            I %d
            U Alice
            W first line
            W second line

            """
                .formatted(entries.lastId()));
  }

  @Test
  void oneEntryMakesTheVolumeForgetThousandsOfClients() throws Exception {
    int many = 2_500;
    try (Volume volume = Volume.open(directory, Disk.local())) {
      Connection connection = volume.content().connection;
      write(volume, entries.slots(), entries.login("alice"));
      write(
          volume,
          IntStream.range(0, many)
              .mapToObj(i -> new RequestId(Entries.client(Entries.START + 1 + i), 1))
              .map(write ->
                  entries.next(
                      write,
                      request ->
                          request
                              .setUser("alice")
                              .setPost(
                                  social.starling.proto.journal.v1.Post.newBuilder()
                                      .setText("of " + write.client()))))
              .toArray(Entry[]::new));
      assertThat(Sql.number(connection, "SELECT count(*) FROM clients")).isEqualTo(many + 1);
      assertThat(Sql.number(connection, "SELECT count(*) FROM answers")).isEqualTo(many + 1);

      entries.passes(10_000);
      write(volume, entries.post("alice", "later"), entries.expire(entries.time()));

      assertThat(Sql.number(connection, "SELECT count(*) FROM clients")).isEqualTo(1);
      assertThat(Sql.number(connection, "SELECT count(*) FROM answers")).isEqualTo(1);
    }
    try (Volume volume = Volume.open(directory, Disk.local())) {
      assertThat(volume.digest(true).damage()).isEmpty();
      assertThat(volume.state().clientCount()).isEqualTo(1);
    }
  }

  @Test
  void severalThreadsReadTheJournalWhileItIsWritten() throws Exception {
    try (Volume volume = Volume.open(directory, Disk.local());
        var readers = Executors.newVirtualThreadPerTaskExecutor()) {
      write(volume, entries.slots(), entries.login("alice"));
      AtomicBoolean done = new AtomicBoolean();
      List<Future<Integer>> reads = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        reads.add(
            readers.submit(() -> {
              int size = 0;
              while (!done.get()) {
                List<Entry> read = volume.read(1, Long.MAX_VALUE, Integer.MAX_VALUE);
                assertThat(read).hasSizeGreaterThanOrEqualTo(size);
                size = read.size();
              }
              return size;
            }));
      }
      for (int i = 0; i < 200; i++) {
        write(volume, entries.post("alice", "post " + i));
      }
      done.set(true);
      for (Future<Integer> read : reads) {
        assertThat(read.get()).isPositive();
      }
      assertThat(volume.failure()).isEmpty();
    }
  }

  @Test
  void readingStopsAtTheBoundInBytesAndAtTheEnd() {
    try (Volume volume = Volume.open(directory, Disk.local())) {
      Entry[] all = {entries.slots(), entries.login("alice"), entries.post("alice", "1")};
      write(volume, all);
      assertThat(volume.read(1, 2, 1 << 20)).containsExactly(all[0], all[1]);
      assertThat(volume.read(2, 99, 1 << 20)).containsExactly(all[1], all[2]);
      assertThat(volume.read(1, 3, 1)).containsExactly(all[0]);
      assertThat(volume.read(1, 3, all[0].weight() + 1)).containsExactly(all[0], all[1]);
      assertThat(volume.read(4, 9, 1 << 20)).isEmpty();
    }
  }

  @Test
  void trimmingKeepsWhatPostFilesMayStillNeed() {
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      write(volume, entries.slots(), entries.login("alice"), entries.post("alice", "1"));
      long bytes = volume.journalBytes();
      assertThat(volume.trim(3)).isZero();

      volume.upkeep(true);
      write(volume, entries.post("alice", "2"));
      assertThat(volume.trimmable()).isEqualTo(3);
      assertThat(volume.oldestEntryMillis()).hasValue(Entries.START);
      assertThat(volume.trim(4)).isEqualTo(3);

      assertThat(volume.journalBytes()).isPositive().isLessThan(bytes);
      assertThat(volume.read(3, 4, 1 << 20)).isEmpty();
      assertThat(volume.read(4, 4, 1 << 20)).hasSize(1);
      assertThat(volume.journalState().baseIndex()).isEqualTo(3);
      assertThat(volume.journalState().baseEpoch()).isEqualTo(1);
      assertThat(volume.journalState().epochs()).isEmpty();
    }
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      assertThat(volume.journalState().baseIndex()).isEqualTo(3);
      assertThat(volume.trim(99)).isEqualTo(4);
      assertThat(volume.journalBytes()).isZero();
      assertThat(volume.oldestEntryMillis()).isEmpty();
      assertThat(volume.journalState().lastId()).isEqualTo(entries.lastId());
      write(volume, entries.post("alice", "3"));
      assertThat(volume.state().posts("alice", 0, 0, 9).orElseThrow()).hasSize(3);
    }
  }

  @Test
  void whatIsTooOldIsTrimmedAndNothingElse() {
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      write(volume, entries.slots(), entries.login("alice"), entries.post("alice", "1"));
      entries.passes(10_000);
      write(volume, entries.post("alice", "2"), entries.post("alice", "3"));
      assertThat(volume.trimOlder(entries.time(), 5)).isZero();
      volume.upkeep(true);

      assertThat(volume.trimOlder(Entries.START, 5)).isZero();
      assertThat(volume.trimOlder(entries.time() - 5_000, 1)).isEqualTo(1);
      assertThat(volume.trimOlder(entries.time() - 5_000, 5)).isEqualTo(3);
      assertThat(volume.trimOlder(entries.time() - 5_000, 5)).isEqualTo(3);

      assertThat(volume.read(4, 5, 1 << 20)).hasSize(2);
      assertThat(volume.trimOlder(Long.MAX_VALUE, 5)).isEqualTo(5);
    }
  }

  @Test
  void truncatingGivesBackIdTimeAndEpochsOfWhatIsLeft() {
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      write(volume, entries.slots(), entries.login("alice"));
      JournalState before = volume.journalState();
      volume.write(
          Batch.append(
              List.of(
                  entries.epoch(2).post("alice", "lost"),
                  entries.epoch(4).passes(9).post("alice", "lost too"))));
      assertThat(volume.journalState().epochs())
          .containsExactly(new EpochStart(1, 1), new EpochStart(2, 3), new EpochStart(4, 4));

      volume.write(new Batch(OptionalLong.of(5), OptionalLong.of(2), List.of(), List.of()));

      JournalState after = volume.journalState();
      assertThat(after.promised()).isEqualTo(5);
      assertThat(after.lastIndex()).isEqualTo(2);
      assertThat(after.lastId()).isEqualTo(before.lastId());
      assertThat(after.lastTimeMillis()).isEqualTo(before.lastTimeMillis());
      assertThat(after.epochs()).isEqualTo(before.epochs());
      write(volume, entries.from(2).epoch(6).post("alice", "instead"));
      assertThat(volume.journalState().epochs())
          .containsExactly(new EpochStart(1, 1), new EpochStart(6, 3));
    }
  }

  @Test
  void aBatchThatCannotBeFailsTheVolumeRatherThanBeWritten() {
    for (int i = 0; i < 4; i++) {
      Path own = directory.resolve("volume-" + i);
      Entries mine = new Entries();
      try (Volume volume = Volume.open(own, Disk.local(), WITHOUT_BACKGROUND)) {
        write(volume, mine.slots(), mine.login("alice"));
        Batch bad =
            switch (i) {
              case 0 -> Batch.append(List.of(mine.from(5).login("bob")));
              case 1 -> new Batch(OptionalLong.empty(), OptionalLong.of(0), List.of(), List.of());
              case 2 -> Batch.apply(List.of(volume.state().apply(mine.login("bob")).change()));
              default -> {
                volume.write(
                    new Batch(OptionalLong.of(3), OptionalLong.empty(), List.of(), List.of()));
                yield new Batch(OptionalLong.of(2), OptionalLong.empty(), List.of(), List.of());
              }
            };
        assertThatExceptionOfType(StorageException.class).isThrownBy(() -> volume.write(bad));
        assertThat(volume.failure()).isPresent();
      }
      try (Volume volume = Volume.open(own, Disk.local(), WITHOUT_BACKGROUND)) {
        assertThat(volume.journalState().lastIndex()).isEqualTo(2);
      }
    }
  }

  @Test
  void theLogIsCopiedIntoTheDatabaseAndBeginsAgain() throws Exception {
    VolumeOptions small =
        new VolumeOptions(1 << 20, 8, 1 << 20, Duration.ofSeconds(1), 1 << 16, 0, true);
    try (Volume volume = Volume.open(directory, Disk.local(), small)) {
      write(volume, entries.slots(), entries.login("alice"));
      String text = "x".repeat(5000);
      for (int i = 0; i < 600; i++) {
        write(volume, entries.post("alice", text), entries.post("alice", text));
      }
      assertThat(Files.size(directory.resolve("state.db-wal"))).isLessThan(64L << 20);
      await()
          .untilAsserted(
              () -> assertThat(Files.size(directory.resolve("state.db"))).isGreaterThan(6_000_000));
      assertThat(volume.failure()).isEmpty();
    }
  }

  @Test
  void everyCommitIsFsynced() throws Exception {
    Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND).close();
    try (Connection writer = Sql.openWriter(directory.resolve("state.db"));
        Statement statement = writer.createStatement()) {
      try (ResultSet row = statement.executeQuery("PRAGMA synchronous")) {
        assertThat(row.getInt(1)).isEqualTo(2);
      }
      try (ResultSet row = statement.executeQuery("PRAGMA journal_mode")) {
        assertThat(row.getString(1)).isEqualTo("wal");
      }
    }
  }

  @Test
  void aVolumeIsOfOneClusterForGoodAndOfTheMemberThatUsesIt() {
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      assertThat(volume.introduction()).isEmpty();
      volume.introduce("alpha", 0, "alpha-1");
      assertThat(volume.used()).isFalse();
    }
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      assertThat(volume.introduction()).contains(new Introduction("alpha", 0, "alpha-1"));
      assertThatExceptionOfType(StartException.class)
          .isThrownBy(() -> volume.introduce("beta", 1, "beta-1"))
          .withMessageContaining("belongs to cluster alpha (number 0), not to cluster beta")
          .satisfies(e -> assertThat(e.exitCode()).isEqualTo(3));
      assertThatExceptionOfType(StartException.class)
          .isThrownBy(() -> volume.introduce("alpha", 1, "alpha-1"));
      assertThat(volume.failure()).isEmpty();
      volume.introduce("alpha", 0, "alpha-2");
    }
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      assertThat(volume.introduction()).contains(new Introduction("alpha", 0, "alpha-2"));
    }
  }

  @Test
  void aClosedVolumeSaysSo() {
    Volume volume = Volume.open(directory, Disk.local());
    volume.close();
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(() -> volume.write(Batch.append(List.of())))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.CLOSED));
  }

  static void write(Volume volume, Entry... entries) {
    volume.write(Batch.append(List.of(entries)));
    List<Change> changes = new ArrayList<>();
    for (Entry entry : entries) {
      Applied applied = volume.state().apply(entry);
      assertThat(applied.answer().getReason()).isEmpty();
      changes.add(applied.change());
    }
    volume.write(Batch.apply(changes));
  }
}
