package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.journal.v1.SlotSet;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;
import social.starling.server.storage.Batch;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/** Directories as servers write them, read and rebuilt by the programs that do it. */
@Timeout(180)
class RebuildTest {

  private static final long NOW = 1_795_301_401_123L;

  @TempDir Path folder;
  private long id;

  @Test
  void shouldMakeTheStateOfACoordinatorOfTheVolumesOfTwoClusters() throws Exception {
    DataDirectory directory = new DataDirectory(folder);
    String ahead;
    try (Volume one = volume("alpha", 0, 1);
        Volume two = volume("alpha", 0, 2);
        Volume beta = volume("beta", 1, 1)) {
      // A server at work: what is read of it is what it has made durable.
      write(one, 3, own(1, 4, 0, 512), login(2, nameIn(100, 512)), login(3, nameIn(0, 100)));
      write(two, 3, own(1, 4, 0, 512), login(2, nameIn(100, 512)));
      write(beta, 9, own(1, 4, 512, 1024), login(2, nameIn(512, 1024)));
      ahead = one.id();
      Volume.open(folder.resolve("beta-2"), Disk.local()).close();

      Rebuilt rebuilt = Rebuilt.of(read(directory));

      assertThat(rebuilt.losses()).isEmpty();
      assertThat(rebuilt.contradictions()).isEmpty();
      assertThat(rebuilt.rows()).extracting(Rebuilt.Row::number).containsExactly(0, 1);
      assertThat(rebuilt.rows())
          .extracting(Rebuilt.Row::epoch)
          .containsExactly(1_000_003L, 1_000_009L);
      assertThat(rebuilt.rows().get(0).chosen().orElseThrow().volume()).isEqualTo(ahead);
      assertThat(rebuilt.slotsOf("alpha").cardinality()).isEqualTo(512);
      assertThat(rebuilt.slotsOf("beta").get(1023)).isTrue();

      Path file = Files.writeString(folder.resolve("rebuilt.txt"), rebuilt.state().toString());
      Path state = directory.of(Service.coordinator());
      assertThat(run(Kind.COORDINATOR.mainClass(), "--dir", state, "--rebuild", file)).isZero();
      assertThat(state.resolve("coordinator.db")).isNotEmptyFile();
    }
  }

  @Test
  void shouldSayWhatIsGivenUpWhenADirectoryIsGone() throws Exception {
    try (Volume one = volume("alpha", 0, 1)) {
      write(one, 3, own(1, 4, 0, 1024), login(2, nameIn(100, 512)));
    }
    Rebuilt rebuilt = Rebuilt.of(read(new DataDirectory(folder)));
    assertThat(rebuilt.losses())
        .singleElement()
        .asString()
        .contains("alpha-2", "no such directory");
  }

  private List<VolumeView> read(DataDirectory directory) throws InterruptedException {
    return new VolumeReader(java(VolumeReader.PROGRAM))
        .read(RebuildPlaces.of(directory, Optional.empty(), endpoints -> OptionalLong.empty()));
  }

  private Volume volume(String cluster, int number, int serial) throws IOException {
    Volume volume = Volume.open(folder.resolve(cluster + "-" + serial), Disk.local());
    volume.introduce(cluster, number, cluster + "-" + serial);
    return volume;
  }

  /** Journaled and promised, not applied: that is what a slave may be left with. */
  private static void write(Volume volume, long epoch, Entry... entries) {
    volume.write(
        new Batch(OptionalLong.of(epoch), OptionalLong.empty(), List.of(entries), List.of()));
  }

  private Entry own(long index, long version, int from, int to) {
    BitSet slots = new BitSet();
    slots.set(from, to);
    return entry(
        index,
        RequestId.NONE,
        Request.newBuilder()
            .setOwnSlots(
                OwnSlots.newBuilder()
                    .setVersion(version)
                    .setAll(
                        SlotSet.newBuilder()
                            .setBits(
                                ByteString.copyFrom(Arrays.copyOf(slots.toByteArray(), 128))))));
  }

  private Entry login(long index, String name) {
    return entry(
        index,
        new RequestId("%013d-abcdefghij012345".formatted(NOW), index),
        Request.newBuilder().setUser(name).setLogin(Login.getDefaultInstance()));
  }

  private Entry entry(long index, RequestId write, Request.Builder request) {
    return new Entry(index, 2, write, NOW, ++id, request.build().toByteArray());
  }

  private static String nameIn(int from, int to) {
    for (int i = 0; ; i++) {
      int slot = Slots.of("user" + i);
      if (slot >= from && slot < to) {
        return "user" + i;
      }
    }
  }

  private static int run(String program, Object... arguments) throws Exception {
    List<String> command = new ArrayList<>(java(program));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private static List<String> java(String program) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        program);
  }
}
