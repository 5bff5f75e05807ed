package social.starling.launcher;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;
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

/** Directories as servers write them. */
final class WrittenVolumes {

  private static final long NOW = 1_795_301_401_123L;

  private final Path folder;
  private long id;

  WrittenVolumes(Path folder) {
    this.folder = folder;
  }

  Volume volume(String cluster, int number, int serial) throws IOException {
    Volume volume = Volume.open(folder.resolve(cluster + "-" + serial), Disk.local());
    volume.introduce(cluster, number, cluster + "-" + serial);
    return volume;
  }

  /** Journaled and promised, not applied: that is what a slave may be left with. */
  static void write(Volume volume, long epoch, Entry... entries) {
    volume.write(
        new Batch(OptionalLong.of(epoch), OptionalLong.empty(), List.of(entries), List.of()));
  }

  Entry own(long index, long version, int from, int to) {
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

  Entry login(long index, String name) {
    return entry(
        index,
        new RequestId("%013d-abcdefghij012345".formatted(NOW), index),
        Request.newBuilder().setUser(name).setLogin(Login.getDefaultInstance()));
  }

  private Entry entry(long index, RequestId write, Request.Builder request) {
    return new Entry(index, 2, write, NOW, ++id, request.build().toByteArray());
  }

  static String nameIn(int from, int to) {
    for (int i = 0; ; i++) {
      int slot = Slots.of("user" + i);
      if (slot >= from && slot < to) {
        return "user" + i;
      }
    }
  }

  /** The beginning of a command line with this test's class path. */
  static List<String> java(String program, String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program));
    return command;
  }
}
