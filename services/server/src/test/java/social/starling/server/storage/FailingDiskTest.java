package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.StartException;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;
import social.starling.replication.JournalState;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;

class FailingDiskTest {

  private static final VolumeOptions OPTIONS = VolumeOptions.DEFAULT.withoutBackground();

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final Entries entries = new Entries();

  @Test
  void aFullDiskUndoesABatchThatIsWrittenWhenThereIsSpaceAgain() {
    AtomicBoolean full = new AtomicBoolean();
    Entry next;
    try (Volume volume = Volume.open(directory, FaultyDisk.full(full::get), OPTIONS)) {
      VolumeTest.write(
          volume, entries.slots(), entries.login("alice"), entries.post("alice", "stays"));
      next = entries.post("alice", "does not fit");
      volume.write(Batch.append(List.of(next)));
      Change change = volume.state().apply(next).change();
      Entry after = entries.post("alice", "nor does this");
      Batch batch =
          new Batch(OptionalLong.of(7), OptionalLong.empty(), List.of(after), List.of(change));
      JournalState before = volume.journalState();
      long bytes = volume.journalBytes();
      full.set(true);

      for (int i = 0; i < 3; i++) {
        assertThatExceptionOfType(StorageException.class)
            .isThrownBy(() -> volume.write(batch))
            .withMessageContaining("no space left")
            .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FULL));
      }
      assertThat(volume.journalState()).isEqualTo(before);
      assertThat(volume.journalBytes()).isEqualTo(bytes);
      assertThat(volume.failure()).isEmpty();
      full.set(false);
      volume.write(batch);
      volume.write(Batch.apply(List.of(volume.state().apply(after).change())));
    }
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      assertThat(volume.journalState().lastIndex()).isEqualTo(5);
      assertThat(volume.journalState().appliedIndex()).isEqualTo(5);
      assertThat(volume.journalState().promised()).isEqualTo(7);
      assertThat(texts(volume)).containsExactly("nor does this", "does not fit", "stays");
      assertThat(volume.digest(true).damage()).isEmpty();
    }
  }

  @Test
  void whatTheDatabaseItselfFindsTooMuchIsUndoneAsWell() throws Exception {
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"));
      Connection connection = volume.content().connection;
      long pages = Sql.number(connection, "PRAGMA page_count");
      Sql.run(connection, "PRAGMA max_page_count=" + (pages + 2));
      List<Entry> many =
          Stream.generate(() -> entries.post("alice", "x".repeat(4000))).limit(100).toList();

      for (int i = 0; i < 2; i++) {
        assertThatExceptionOfType(StorageException.class)
            .isThrownBy(() -> volume.write(Batch.append(many)))
            .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FULL));
      }
      assertThat(volume.journalState().lastIndex()).isEqualTo(2);
      assertThat(volume.read(1, 200, 1 << 20)).hasSize(2);
      Sql.run(connection, "PRAGMA max_page_count=1000000");
      VolumeTest.write(volume, many.toArray(Entry[]::new));
      assertThat(volume.journalState().lastIndex()).isEqualTo(102);
    }
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      assertThat(volume.journalState().appliedIndex()).isEqualTo(102);
      assertThat(volume.digest(true).damage()).isEmpty();
    }
  }

  @Test
  void rowsOfManyChangesThatDoNotFitAreUndoneAndWrittenLater() throws Exception {
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"));
      List<Entry> many = Stream.generate(() -> entries.post("alice", "small")).limit(500).toList();
      volume.write(Batch.append(many));
      List<Change> changes =
          many.stream().map(entry -> volume.state().apply(entry).change()).toList();
      Connection connection = volume.content().connection;
      long pages = Sql.number(connection, "PRAGMA page_count");
      Sql.run(connection, "PRAGMA max_page_count=" + pages);

      for (int i = 0; i < 2; i++) {
        assertThatExceptionOfType(StorageException.class)
            .isThrownBy(() -> volume.write(Batch.apply(changes)))
            .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FULL));
      }
      assertThat(volume.failure()).isEmpty();
      assertThat(volume.journalState().appliedIndex()).isEqualTo(2);
      Sql.run(connection, "PRAGMA max_page_count=1000000");
      volume.write(Batch.apply(changes));
      assertThat(volume.journalState().appliedIndex()).isEqualTo(502);
    }
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      assertThat(volume.journalState().appliedIndex()).isEqualTo(502);
      assertThat(volume.digest(true).damage()).isEmpty();
    }
  }

  @Test
  void theReserveIsGivenUpForWhatMustBeWrittenAndMadeAgain() {
    Path reserve = directory.resolve("reserve");
    AtomicBoolean full = new AtomicBoolean();
    Disk disk = FaultyDisk.full(() -> full.get() && Files.exists(reserve));
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"));
      volume.restoreReserve();
      assertThat(reserve).hasSize(OPTIONS.reserveBytes());
      full.set(true);

      VolumeTest.write(volume, entries.post("alice", "fits"));

      assertThat(reserve).doesNotExist();
      full.set(false);
      volume.restoreReserve();
      assertThat(reserve).exists();
    }
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      assertThat(texts(volume)).containsExactly("fits");
    }
  }

  @Test
  void aDirectoryThatDoesNotFitIsMadeWithWhatWasKeptInReserve() {
    Path reserve = directory.resolve("reserve");
    AtomicBoolean full = new AtomicBoolean();
    Disk disk =
        new FaultyDisk.Wrapped() {
          @Override
          void before(String what) throws IOException {
            if (full.get() && what.equals("create") && Files.exists(reserve)) {
              throw new FileSystemException("file", null, "No space left on device");
            }
          }
        };
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"));
      volume.restoreReserve();
      full.set(true);

      VolumeTest.write(volume, entries.post("alice", "fits"));

      assertThat(reserve).doesNotExist();
      assertThat(texts(volume)).containsExactly("fits");
    }
  }

  @Test
  void aDirectoryThatWasMadeBeforeTheDiskWasFullIsSyncedAllTheSame() {
    AtomicBoolean full = new AtomicBoolean();
    Set<Path> synced = new HashSet<>();
    Disk disk =
        new FaultyDisk.Wrapped() {
          @Override
          void before(String what) {}

          @Override
          public Out open(Path file) throws IOException {
            if (full.get() && file.toString().endsWith(".txt")) {
              throw new FileSystemException("file", null, "No space left on device");
            }
            return super.open(file);
          }

          @Override
          public void syncDirectory(Path path) throws IOException {
            synced.add(path);
            super.syncDirectory(path);
          }
        };
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"));
      Entry post = entries.post("alice", "fits");
      volume.write(Batch.append(List.of(post)));
      Batch effects = Batch.apply(List.of(volume.state().apply(post).change()));
      full.set(true);
      assertThatExceptionOfType(StorageException.class).isThrownBy(() -> volume.write(effects));
      full.set(false);
      synced.clear();

      volume.write(effects);
      volume.upkeep(true);

      Path file = volume.content().files.path("alice");
      assertThat(synced).contains(file.getParent(), file.getParent().getParent());
    }
  }

  @Test
  void aVolumeOnADiskThatIsAlmostFullOpensWithWhatItKeptInReserve() throws Exception {
    Path reserve = directory.resolve("reserve");
    Disk almostFull =
        new FaultyDisk.Wrapped() {
          @Override
          void before(String what) {}

          @Override
          public long freeBytes(Path path) {
            return 4096;
          }
        };
    Files.write(reserve, new byte[100]);

    Volume.open(directory, almostFull, OPTIONS).close();

    assertThat(reserve).doesNotExist();
  }

  @Test
  void postFilesThatCannotBeSyncedForLackOfSpaceFailTheVolume() {
    AtomicBoolean full = new AtomicBoolean();
    Disk disk = withoutSpaceToSync(full, new AtomicInteger());
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"), entries.post("alice", "x"));
      full.set(true);

      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> volume.upkeep(true))
          .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FAILED));

      assertThat(volume.failure()).isPresent();
    }
  }

  /** What was committed and not synced may be gone after a second sync that succeeds. */
  @Test
  void aLogThatCannotBeSyncedIsNotSyncedAgain() {
    AtomicInteger syncs = new AtomicInteger();
    AtomicBoolean full = new AtomicBoolean();
    Disk disk = withoutSpaceToSync(full, syncs);
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"));
      full.set(true);

      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> volume.write(Batch.append(List.of(entries.post("alice", "x")))))
          .withMessageContaining("syncing the log of the database failed")
          .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FAILED));

      assertThat(syncs).hasValue(1);
      assertThat(volume.failure()).isPresent();
    }
  }

  /** Somebody else in the process has them: connections, say. */
  @Test
  void whenNoMoreFilesCanBeOpenedPostFilesThatAreOpenAreClosed() {
    AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
    Disk disk =
        new FaultyDisk.Wrapped() {
          @Override
          void before(String what) {}

          @Override
          public Out open(Path file) throws IOException {
            if (left.get() == 0) {
              throw new FileSystemException(file.toString(), null, "Too many open files");
            }
            left.decrementAndGet();
            Out out = super.open(file);
            return (Out)
                Proxy.newProxyInstance(
                    Out.class.getClassLoader(),
                    new Class<?>[] {Out.class},
                    (_, method, arguments) -> {
                      if (method.getName().equals("close")) {
                        left.incrementAndGet();
                      }
                      return method.invoke(out, arguments);
                    });
          }
        };
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots());
      left.set(3);
      for (int i = 0; i < 8; i++) {
        VolumeTest.write(volume, entries.login("user" + i), entries.post("user" + i, "text " + i));
      }
      assertThat(volume.failure()).isEmpty();
      left.set(Integer.MAX_VALUE);
    }
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      assertThat(volume.digest(true).damage()).isEmpty();
      assertThat(volume.state().postCount()).isEqualTo(8);
    }
  }

  @Test
  void aDiskThatIsFullAtTheStartIsToldInASentence() {
    assertThatExceptionOfType(StartException.class)
        .isThrownBy(() -> Volume.open(directory, FaultyDisk.full(() -> true), OPTIONS))
        .withMessageContaining("no space left on the volume")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"write", "sync", "commit"})
  void anyFailureIsTheLastThingThatAVolumeDoes(String operation) {
    AtomicBoolean failing = new AtomicBoolean();
    Disk disk =
        new FaultyDisk.Wrapped() {
          @Override
          void before(String what) throws IOException {
            if (failing.get() && what.equals(operation)) {
              throw new IOException("Input/output error");
            }
          }
        };
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"));
      failing.set(true);
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> {
            VolumeTest.write(volume, entries.post("alice", "x"));
            volume.upkeep(true);
          })
          .withMessageContaining("Input/output error")
          .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FAILED));
      failing.set(false);
      assertThatExceptionOfType(StorageException.class).isThrownBy(() -> volume.upkeep(true));
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> volume.read(1, 1, 1 << 20));
    }
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      assertThat(volume.state().exists("alice")).isTrue();
      assertThat(volume.damage()).isEmpty();
    }
  }

  @Test
  void aHangingDiskIsSeenFromOutsideAndHangsNoReader() throws Exception {
    CountDownLatch hang = new CountDownLatch(1);
    AtomicBoolean hanging = new AtomicBoolean();
    Disk disk =
        new FaultyDisk.Wrapped() {
          @Override
          void before(String what) throws IOException {
            if (hanging.get() && what.equals("commit")) {
              try {
                hang.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
            }
          }
        };
    try (Volume volume = Volume.open(directory, disk, OPTIONS)) {
      VolumeTest.write(volume, entries.slots(), entries.login("alice"), entries.post("alice", "x"));
      assertThat(volume.writingSince()).isZero();
      hanging.set(true);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread store =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((thread, e) -> failure.set(e))
              .start(() -> volume.write(Batch.append(List.of(entries.post("alice", "y")))));

      await().until(() -> volume.writingSince() != 0);
      assertThat(volume.state().posts("alice", 0, 0, 9).orElseThrow()).hasSize(1);
      assertThat(volume.read(1, 3, 1 << 20)).hasSize(3);

      hang.countDown();
      store.join();
      assertThat(failure).hasValue(null);
      assertThat(volume.writingSince()).isZero();
    }
  }

  private static List<String> texts(Volume volume) {
    return volume.state().posts("alice", 0, 0, 9).orElseThrow().stream()
        .map(Post::getText)
        .toList();
  }

  /** Once it is full, each sync fails for lack of space, and is counted. */
  private static Disk withoutSpaceToSync(AtomicBoolean full, AtomicInteger syncs) {
    return new FaultyDisk.Wrapped() {
      @Override
      void before(String what) throws IOException {
        if (full.get() && what.equals("sync")) {
          syncs.incrementAndGet();
          throw new IOException("No space left on device");
        }
      }
    };
  }
}
