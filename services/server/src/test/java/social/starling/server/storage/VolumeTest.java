package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;

class VolumeTest {

  @TempDir Path directory;

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
          entries.login("Alice"),
          entries.login("bob"),
          entries.follow("bob", "alice"),
          entries.post("alice", "first line\nsecond line"));
    }
    try (Volume volume = Volume.open(directory, Disk.local())) {
      assertThat(volume.used()).isTrue();
      assertThat(volume.journalState().appliedIndex()).isEqualTo(4);
      assertThat(volume.state().timeline("bob", 0, 0, 20).orElseThrow().posts())
          .extracting(Post::getText)
          .containsExactly("first line\nsecond line");
      assertThat(volume.read(1, 4, 1 << 20)).hasSize(4);
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

  static void write(Volume volume, Entry... entries) {
    volume.write(Batch.append(List.of(entries)));
    List<Change> changes = new ArrayList<>();
    for (Entry entry : entries) {
      changes.add(volume.state().apply(entry).change());
    }
    volume.write(Batch.apply(changes));
  }
}
