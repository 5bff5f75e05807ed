package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.SlotSet;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Name;
import social.starling.proto.sync.v1.Position;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;
import social.starling.server.state.Entries;

class VolumeReportTest {

  private static final VolumeOptions WITHOUT_BACKGROUND = VolumeOptions.DEFAULT.withoutBackground();

  @TempDir Path directory;

  private final Entries entries = new Entries();

  @Test
  void aVolumeInUseIsDescribedWithAllThatItsJournalHolds() {
    try (Volume volume = filled()) {
      VolumeReport report = VolumeReport.of(directory);

      assertThat(report.trouble()).isEmpty();
      assertThat(report.introduction()).contains(new Introduction("alpha", 3, "alpha-1"));
      assertThat(report.volume()).isEqualTo(volume.id());
      assertThat(report.used()).isTrue();
      assertThat(report.promised()).isEqualTo(8);
      assertThat(report.lastIndex()).isEqualTo(7);
      assertThat(report.lastEpoch()).isEqualTo(4);
      assertThat(report.appliedIndex()).isEqualTo(5);
      assertThat(report.users()).isEqualTo(3);
      assertThat(report.slotsVersion()).isEqualTo(6);
      assertThat(report.usedSlots())
          .isEqualTo(slots(Slots.of("alice"), Slots.of("bob"), Slots.of("carol")));
      assertThat(report.slots().cardinality()).isEqualTo(512 + outside("alice", "bob", "carol"));
      assertThat(report.clusters()).containsExactly(3, 9);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aVolumeThatACrashLeftIsDescribedAndNotTouched(boolean indexOfTheLog) throws Exception {
    Path left = directory.resolve("left");
    directory = directory.resolve("in-use");
    try (Volume volume = filled()) {
      assertThat(volume.used()).isTrue();
      copy(directory, left);
    }
    directory = left;
    if (!indexOfTheLog) {
      Files.delete(directory.resolve("state.db-shm"));
    }
    assertThat(directory.resolve("state.db-wal")).isNotEmptyFile();
    Map<String, String> before = contents();

    VolumeReport report = VolumeReport.of(directory);

    assertThat(report.trouble()).isEmpty();
    assertThat(report.lastIndex()).isEqualTo(7);
    assertThat(report.users()).isEqualTo(3);
    assertThat(contents()).isEqualTo(before);
  }

  @Test
  void aVolumeThatWasClosedIsDescribedAndNotTouched() throws Exception {
    filled().close();
    Map<String, String> before = contents();
    VolumeReport report = VolumeReport.of(directory);
    assertThat(report.trouble()).isEmpty();
    assertThat(report.lastIndex()).isEqualTo(7);
    assertThat(contents()).isEqualTo(before);
  }

  @Test
  void aVolumeWhoseJournalIsTrimmedKnowsTheEpochOfItsLastEntry() {
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      VolumeTest.write(volume, entries.epoch(5).slots(), entries.login("alice"));
      volume.upkeep(true);
      volume.trim(2);
      assertThat(VolumeReport.of(directory).lastEpoch()).isEqualTo(5);
      assertThat(VolumeReport.of(directory).lastIndex()).isEqualTo(2);
    }
  }

  @Test
  void aNewVolumeHoldsNothing() {
    try (Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND)) {
      VolumeReport report = VolumeReport.of(directory);
      assertThat(report.trouble()).isEmpty();
      assertThat(report.used()).isFalse();
      assertThat(report.introduction()).isEmpty();
      assertThat(report.volume()).isEqualTo(volume.id());
      assertThat(report.slots().isEmpty()).isTrue();
    }
  }

  @Test
  void whatIsNoVolumeSaysSo() throws IOException {
    assertThat(VolumeReport.of(directory).trouble()).contains("no volume is there");
    assertThat(VolumeReport.of(directory.resolve("none")).trouble())
        .contains("there is no such directory");
    Files.writeString(directory.resolve(VolumeId.FILE), VolumeId.create());
    assertThat(VolumeReport.of(directory).trouble()).contains("state.db is gone");
  }

  @Test
  void aDamagedVolumeSaysSoAndTellsWhatItCan() throws Exception {
    filled().close();
    try (Connection connection = Sql.openWriter(directory.resolve("state.db"))) {
      Sql.run(connection, "DELETE FROM users WHERE no = 0");
      connection.commit();
    }
    VolumeReport report = VolumeReport.of(directory);
    assertThat(report.trouble()).isPresent();
    assertThat(report.promised()).isEqualTo(8);
    assertThat(report.introduction()).isPresent();

    Files.writeString(directory.resolve("state.db"), "this is not a database at all");
    assertThat(VolumeReport.of(directory).trouble()).contains("state.db is not a whole database");
  }

  @Test
  void aVolumeUnderAnotherIdIsNoVolume() throws Exception {
    filled().close();
    Files.writeString(directory.resolve(VolumeId.FILE), VolumeId.create());
    assertThat(VolumeReport.of(directory).trouble())
        .contains("state.db does not belong to the volume-id beside it");
  }

  @Test
  void aVolumeThatIsGivenUpSaysSo() throws Exception {
    filled().close();
    Volume.discardAtNextOpening(directory, Disk.local());
    VolumeReport report = VolumeReport.of(directory);
    assertThat(report.trouble()).contains("it is marked as given up");
    assertThat(report.promised()).isEqualTo(8);
  }

  @Test
  void aFullCopyThatIsCompleteButNotInItsPlaceIsWhatTheVolumeHolds() throws Exception {
    Path other = directory.resolve("other");
    Path own = directory.resolve("own");
    try (Volume source = Volume.open(other, Disk.local(), WITHOUT_BACKGROUND)) {
      VolumeTest.write(source, entries.slots(), entries.login("alice"));
    }
    Volume.open(own, Disk.local(), WITHOUT_BACKGROUND).close();
    Path incoming = Files.createDirectory(own.resolve(Installation.DIRECTORY));
    Files.copy(other.resolve("state.db"), incoming.resolve("state.db"));
    Files.copy(other.resolve(VolumeId.FILE), incoming.resolve(VolumeId.FILE));
    assertThat(VolumeReport.of(own).users()).isZero();

    Files.writeString(own.resolve(VolumeId.FILE), Files.readString(other.resolve(VolumeId.FILE)));
    assertThat(VolumeReport.of(own).trouble()).isEmpty();
    assertThat(VolumeReport.of(own).users()).isEqualTo(1);
  }

  /** Five applied entries, two that are not, and a promise above them. */
  private Volume filled() {
    Volume volume = Volume.open(directory, Disk.local(), WITHOUT_BACKGROUND);
    volume.introduce("alpha", 3, "alpha-1");
    VolumeTest.write(
        volume,
        entries.epoch(2).slots(),
        entries.login("alice"),
        entries.login("bob"),
        entries.post("bob", "hello"),
        received());
    List<Entry> tail = List.of(entries.epoch(4).login("carol"), lowerHalf());
    volume.write(new Batch(OptionalLong.of(8), OptionalLong.empty(), tail, List.of()));
    return volume;
  }

  private Entry received() {
    return entries.next(
        RequestId.NONE,
        request ->
            request.setReceived(
                Received.newBuilder()
                    .setCluster(9)
                    .setAfter(Position.getDefaultInstance())
                    .setUpTo(Position.newBuilder().setIndex(12))
                    .addItems(Item.newBuilder().setName(Name.newBuilder().setName("zoe")))));
  }

  private Entry lowerHalf() {
    BitSet half = new BitSet();
    half.set(0, 512);
    byte[] bits = ByteBuffer.allocate(128).put(half.toByteArray()).array();
    return entries.next(
        RequestId.NONE,
        request ->
            request.setOwnSlots(
                OwnSlots.newBuilder()
                    .setVersion(6)
                    .setAll(SlotSet.newBuilder().setBits(ByteString.copyFrom(bits)))));
  }

  private static int outside(String... names) {
    return (int) Stream.of(names).mapToInt(Slots::of).distinct().filter(s -> s >= 512).count();
  }

  private static BitSet slots(int... slots) {
    BitSet set = new BitSet();
    for (int slot : slots) {
      set.set(slot);
    }
    return set;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  /** All but the shared memory of SQLite and an empty log, which readers need too. */
  private Map<String, String> contents() throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.toString().endsWith("-shm") && Files.size(file) > 0) {
          all.put(file.toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
        }
      }
    }
    return all;
  }
}
