package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.proto.coordinator.v1.SlotRange;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Introduction;
import social.starling.server.storage.Volume;

/** What a volume says of whose it is. */
@Timeout(60)
class IntroductionTest {

  private static final List<SlotRange> ALL = TestCoordinator.slots(0, 1024);

  @TempDir Path directory;

  @Test
  void eachMembersVolumeSaysWhoseItIs() throws Exception {
    try (Pair pair = new Pair(directory, "gamma", 7, ALL).started()) {
      pair.login("alice");
    }

    for (int serial = 1; serial <= 2; serial++) {
      String member = "gamma-" + serial;
      try (Volume volume = Volume.open(directory.resolve(member), Disk.local())) {
        assertThat(volume.introduction()).contains(new Introduction("gamma", 7, member));
      }
    }
  }

  @Test
  void aVolumeOfAClusterWithAnotherNumberIsNotUsed() throws Exception {
    try (Pair pair = new Pair(directory, "gamma", 7, ALL)) {
      pair.start(1);
      pair.login("alice");
    }
    // Recorded anew under the same name: numbers are never used again.
    try (Pair pair = new Pair(directory, "gamma", 8, ALL)) {
      Node node = pair.start(1);

      Member.Ending ending = node.member.ended().get(20, TimeUnit.SECONDS);

      assertThat(ending.exitCode()).isEqualTo(3);
      assertThat(ending.why()).contains("number 7").contains("number 8");
      assertThat(node.serves()).isFalse();
    }
    assertThat(Files.exists(directory.resolve("gamma-1/state.db"))).isTrue();
  }
}
