package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.StartException;
import social.starling.server.state.Entries;

class DiscardTest {

  @TempDir Path directory;

  @Test
  void aMarkedVolumeBecomesAnEmptyOneWithANewId() throws Exception {
    String id = filled();

    Volume.discardAtNextOpening(directory, Disk.local());

    try (Volume volume = Volume.open(directory, Disk.local())) {
      assertThat(volume.id()).isNotEqualTo(id);
      assertThat(volume.used()).isFalse();
      assertThat(volume.state().userCount()).isZero();
      assertThat(directory.resolve(PostFiles.relative("alice"))).doesNotExist();
    }
    String after = Files.readString(directory.resolve(VolumeId.FILE)).strip();
    try (Volume volume = Volume.open(directory, Disk.local())) {
      assertThat(volume.id()).isEqualTo(after);
    }
  }

  @Test
  void aDamagedDatabaseIsToldApartAndCanBeGivenUp() throws Exception {
    filled();
    Files.writeString(directory.resolve(Content.DATABASE), "this is not a database at all");

    assertThatThrownBy(() -> Volume.open(directory, Disk.local()))
        .isInstanceOfSatisfying(
            StartException.class,
            e -> {
              assertThat(Volume.isDamage(e)).isTrue();
              assertThat(e.exitCode()).isEqualTo(4);
            });
    Volume.discardAtNextOpening(directory, Disk.local());

    try (Volume volume = Volume.open(directory, Disk.local())) {
      assertThat(volume.used()).isFalse();
    }
  }

  @Test
  void aCrashAtAnyWritePointIsFinishedByTheNextOpening() throws Exception {
    int points = 0;
    boolean crashed = true;
    while (crashed) {
      Path volume = directory.resolve("v" + points);
      String id = filled(volume);
      Volume.discardAtNextOpening(volume, Disk.local());
      crashed = false;
      try {
        Discard.finish(volume, new CrashingDisk(points));
      } catch (IOException e) {
        crashed = true;
      }
      try (Volume opened = Volume.open(volume, Disk.local())) {
        assertThat(opened.id()).isNotEqualTo(id);
        assertThat(opened.used()).isFalse();
        assertThat(opened.state().userCount()).isZero();
      }
      points++;
    }
    assertThat(points).isGreaterThan(8);
  }

  private String filled() {
    return filled(directory);
  }

  private String filled(Path at) {
    try (Volume volume = Volume.open(at, Disk.local())) {
      Entries fresh = new Entries();
      VolumeTest.write(volume, fresh.slots(), fresh.login("alice"), fresh.post("alice", "hello"));
      return volume.id();
    }
  }
}
