package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import social.starling.replication.JournalState;
import social.starling.server.state.Entries;
import social.starling.server.storage.FaultyDisk.Unsynced;

/** Full copies: made while the volume is written, installed, and cut short at every write point. */
class CopyTest {

  private static final VolumeOptions OPTIONS =
      new VolumeOptions(1 << 20, 4, 1 << 20, VolumeOptions.DEFAULT.syncAge(), 1 << 20, 0, false);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final Workload workload = new Workload();
  private Volume source;

  private record Part(String path, long size, byte[] bytes) {}

  @BeforeEach
  void source() {
    source = Volume.open(directory.resolve("source"), Disk.local(), OPTIONS);
    workload.run(source);
  }

  @AfterEach
  void close() {
    source.close();
  }

  private List<Part> copy() throws IOException {
    List<Part> parts = new ArrayList<>();
    try (Snapshot snapshot = source.snapshot()) {
      assertThat(snapshot.appliedIndex()).isEqualTo(source.journalState().appliedIndex());
      for (Snapshot.File file : snapshot.files()) {
        ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
        snapshot.read(file, 100, bytes::put);
        parts.add(new Part(file.path(), file.size(), bytes.array()));
      }
    }
    return parts;
  }

  private static void install(Volume volume, List<Part> parts, long epoch) throws IOException {
    try (Installation installation = volume.beginInstall()) {
      for (Part part : parts) {
        installation.begin(part.path(), part.size());
        installation.write(ByteBuffer.wrap(part.bytes()));
      }
      installation.commit(epoch);
    }
  }

  private static Entries later(long lastIndex) {
    long hour = 60 * 60 * 1000;
    return new Entries(Entries.client(Entries.START + hour)).from(lastIndex).passes(hour).epoch(9);
  }

  private static void old(Volume volume) {
    Entries entries = new Entries();
    volume.write(new Batch(OptionalLong.of(4), OptionalLong.empty(), List.of(), List.of()));
    VolumeTest.write(
        volume,
        entries.slots(),
        entries.login("old"),
        entries.post("old", "given up"),
        entries.login("alice"));
  }

  @Test
  void aCopyHoldsWhatItsSourceHoldsUnderANewId() throws IOException {
    Path path = directory.resolve("target");
    try (Volume target = Volume.open(path, Disk.local(), OPTIONS)) {
      old(target);
      String before = target.id();

      install(target, copy(), 9);

      assertThat(target.id()).isNotEqualTo(before).isNotEqualTo(source.id());
      assertThat(target.digest(true)).isEqualTo(source.digest(true));
      assertThat(target.state().exists("old")).isFalse();
      JournalState state = target.journalState();
      assertThat(state.promised()).isEqualTo(9);
      assertThat(state.lastIndex()).isEqualTo(source.journalState().appliedIndex());
      assertThat(state.appliedIndex()).isEqualTo(source.journalState().appliedIndex());
      assertThat(state.lastId()).isEqualTo(source.journalState().lastId());
      assertThat(state.epochs()).isEqualTo(source.journalState().epochs());
      assertThat(path.resolve(Installation.DIRECTORY)).doesNotExist();
      VolumeTest.write(target, later(state.lastIndex()).login("later"));
    }
    try (Volume target = Volume.open(path, Disk.local(), OPTIONS)) {
      assertThat(target.state().exists("later")).isTrue();
      assertThat(target.damage()).isEmpty();
    }
  }

  @Test
  void aCopyIsOfTheSameClusterAndBecomesTheOtherMembers() throws IOException {
    source.introduce("alpha", 4, "alpha-1");
    List<Part> parts = copy();
    Introduction own = new Introduction("alpha", 4, "alpha-2");
    Path path = directory.resolve("target");
    try (Volume target = Volume.open(path, Disk.local(), OPTIONS)) {
      target.introduce(own.cluster(), own.number(), own.member());
      install(target, parts, 9);
      assertThat(target.introduction()).contains(own);
      assertThat(target.digest(true)).isEqualTo(source.digest(true));
    }
    try (Volume other = Volume.open(directory.resolve("other"), Disk.local(), OPTIONS)) {
      other.introduce("beta", 5, "beta-1");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> install(other, parts, 9))
          .withMessageContaining("is of cluster alpha (number 4), not of cluster beta (number 5)");
      assertThat(other.introduction()).contains(new Introduction("beta", 5, "beta-1"));
    }
  }

  @Test
  void ofTwoPromisesTheHigherStays() throws IOException {
    try (Volume target = Volume.open(directory.resolve("target"), Disk.local(), OPTIONS)) {
      old(target);
      install(target, copy(), 2);
      assertThat(target.journalState().promised()).isEqualTo(4);
    }
  }

  @Test
  void entriesThatAreNotAppliedAreNotCopied() throws IOException {
    long applied = source.journalState().appliedIndex();
    source.write(Batch.append(List.of(later(applied).post("alice", "uncommitted"))));

    try (Volume target = Volume.open(directory.resolve("target"), Disk.local(), OPTIONS)) {
      install(target, copy(), 9);
      assertThat(target.journalState().lastIndex()).isEqualTo(applied);
      assertThat(target.journalState().epochs()).noneMatch(epoch -> epoch.epoch() == 9);
      assertThat(target.read(applied + 1, applied + 1, 1000)).isEmpty();
    }
  }

  @Test
  void aCopyOfAMovingVolumeIsWhatItWasAtOneMoment() throws IOException {
    Entries entries = later(source.journalState().lastIndex());
    try (Snapshot snapshot = source.snapshot();
        Volume target = Volume.open(directory.resolve("target"), Disk.local(), OPTIONS)) {
      Digest before = source.digest(true);
      for (int i = 0; i < 100; i++) {
        VolumeTest.write(source, entries.post("alice", "meanwhile " + i));
      }
      try (Installation installation = target.beginInstall()) {
        for (Snapshot.File file : snapshot.files()) {
          installation.begin(file.path(), file.size());
          snapshot.read(file, 64, installation::write);
        }
        installation.commit(9);
      }
      assertThat(target.digest(true)).isEqualTo(before).isNotEqualTo(source.digest(true));
    }
  }

  @Test
  void aCopyThatIsNotWholeIsRefusedAndTheOldContentStaysInUse() throws IOException {
    List<Part> whole = copy();
    try (Volume target = Volume.open(directory.resolve("target"), Disk.local(), OPTIONS)) {
      old(target);
      String id = target.id();
      Digest before = target.digest(true);

      Part last = whole.getLast();
      for (List<Part> broken :
          List.of(
              whole.subList(1, whole.size()),
              whole.subList(0, whole.size() - 1),
              with(whole, new Part(last.path(), last.size() + 1, last.bytes())),
              with(whole, new Part(last.path(), last.size() - 1, last.bytes())),
              with(whole, new Part("posts/../../evil", last.size(), last.bytes())),
              with(whole, new Part("posts/00/Alice.txt", last.size(), last.bytes())),
              List.of(
                  new Part(
                      "state.db", 4, "junk".getBytes(java.nio.charset.StandardCharsets.US_ASCII))),
              List.<Part>of())) {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> install(target, broken, 9));
      }

      assertThat(target.id()).isEqualTo(id);
      assertThat(target.digest(true)).isEqualTo(before);
      VolumeTest.write(target, later(4).login("later"));
    }
  }

  private static List<Part> with(List<Part> parts, Part last) {
    List<Part> changed = new ArrayList<>(parts.subList(0, parts.size() - 1));
    changed.add(last);
    return changed;
  }

  @ParameterizedTest
  @EnumSource(Unsynced.class)
  void aCrashLeavesTheOldContentUnderTheOldIdOrTheCopyUnderANewOne(Unsynced unsynced)
      throws IOException {
    crashAtEveryWritePoint(unsynced, false);
  }

  @ParameterizedTest
  @EnumSource(Unsynced.class)
  void theSameWithADiskThatSyncsOneByOne(Unsynced unsynced) throws IOException {
    crashAtEveryWritePoint(unsynced, true);
  }

  private void crashAtEveryWritePoint(Unsynced unsynced, boolean oneByOne) throws IOException {
    List<Part> parts = copy();
    Digest copied = source.digest(true);
    boolean done = false;
    int olds = 0;
    int news = 0;
    for (int at = 0; !done; at++) {
      Path path = directory.resolve("target");
      Path image = directory.resolve("image");
      Path second = directory.resolve("second");
      String id;
      Digest before;
      try (Volume target = Volume.open(path, Disk.local(), OPTIONS)) {
        old(target);
        id = target.id();
        before = target.digest(true);
      }
      FaultyDisk disk = new FaultyDisk(path, image, at, unsynced, at);
      disk = oneByOne ? disk.oneByOne() : disk;
      done = !crashes(path, disk, parts);
      if (!done) {
        FaultyDisk again = new FaultyDisk(image, second, at % 7, unsynced, at);
        Path left = crashes(image, again, null) ? second : image;
        try (Volume target = Volume.open(left, Disk.local(), OPTIONS)) {
          boolean old = target.id().equals(id);
          assertThat(target.digest(true))
              .as("%s at %d: %s", unsynced, at, disk.points().getLast())
              .isEqualTo(old ? before : copied);
          assertThat(target.journalState().promised()).isEqualTo(old ? 4 : 9);
          assertThat(target.damage()).isEmpty();
          assertThat(left.resolve(Installation.DIRECTORY)).doesNotExist();
          olds += old ? 1 : 0;
          news += old ? 0 : 1;
        }
      }
      FaultyDisk.deleteAll(path);
      FaultyDisk.deleteAll(image);
      FaultyDisk.deleteAll(second);
    }
    assertThat(olds).isPositive();
    assertThat(news).isPositive();
  }

  /** Opens the volume and installs, if there is something to; whether it crashed. */
  private static boolean crashes(Path path, FaultyDisk disk, List<Part> parts) {
    Volume volume = null;
    try {
      volume = Volume.open(path, disk, OPTIONS);
      if (parts != null) {
        install(volume, parts, 9);
      }
      return false;
    } catch (IOException | StorageException | FaultyDisk.Crash e) {
      assertThat(disk.crashed()).as(e.toString()).isTrue();
      return true;
    } finally {
      if (volume != null) {
        volume.abandon();
      }
    }
  }

  @Test
  void copiesThatWereBeingSentAreRemovedAtTheStart() throws IOException {
    Path left = directory.resolve("source").resolve("snapshot-7.db");
    source.close();
    Files.writeString(left, "x");
    source = Volume.open(directory.resolve("source"), Disk.local(), OPTIONS);
    assertThat(left).doesNotExist();
  }
}
