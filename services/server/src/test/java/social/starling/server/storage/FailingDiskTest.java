package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.StartException;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;

class FailingDiskTest {

  private static final VolumeOptions OPTIONS = VolumeOptions.DEFAULT.withoutBackground();

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final Entries entries = new Entries();

  @Test
  void aFullDiskFailsTheVolumeAndNothingThatWasWrittenIsLost() {
    AtomicBoolean full = new AtomicBoolean();
    try (Volume volume = Volume.open(directory, FaultyDisk.full(full::get), OPTIONS)) {
      VolumeTest.write(
          volume, entries.slots(), entries.login("alice"), entries.post("alice", "stays"));
      Entry next = entries.post("alice", "does not fit");
      volume.write(Batch.append(List.of(next)));
      Change change = volume.state().apply(next).change();
      full.set(true);

      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> volume.write(Batch.apply(List.of(change))))
          .withMessageContaining("no space left")
          .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FULL));
      full.set(false);
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> volume.write(Batch.append(List.of())))
          .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FULL));
      assertThat(volume.failure()).isPresent();
    }
    try (Volume volume = Volume.open(directory, Disk.local(), OPTIONS)) {
      assertThat(volume.journalState().lastIndex()).isEqualTo(4);
      assertThat(volume.journalState().appliedIndex()).isEqualTo(3);
      assertThat(volume.damage()).isEmpty();
    }
  }

  @Test
  void aVolumeKeepsAReserveSoThatItCanBeOpenedWhenTheDiskIsFull() {
    VolumeOptions greedy =
        new VolumeOptions(1 << 20, 8, 1 << 20, OPTIONS.syncAge(), 1 << 20, Long.MAX_VALUE, false);
    try (Volume volume = Volume.open(directory, Disk.local(), greedy)) {
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> volume.write(Batch.append(List.of(entries.login("alice")))))
          .withMessageContaining("kept in reserve")
          .satisfies(e -> assertThat(e.kind()).isEqualTo(StorageException.Kind.FULL));
    }
    Volume.open(directory, Disk.local(), greedy).close();
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
}
