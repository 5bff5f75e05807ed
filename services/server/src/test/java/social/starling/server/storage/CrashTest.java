package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import social.starling.server.storage.FaultyDisk.Unsynced;

/**
 * A crash at every write point: whatever was not fsynced is kept, lost or torn; the volume is
 * opened again (with a second crash while it recovers), and goes on to the same bytes as one that
 * never crashed.
 */
class CrashTest {

  private static final VolumeOptions OPTIONS =
      new VolumeOptions(
          VolumeOptions.DEFAULT.cacheBytes(),
          2,
          VolumeOptions.DEFAULT.syncBytes(),
          VolumeOptions.DEFAULT.syncAge(),
          VolumeOptions.DEFAULT.checkpointBytes(),
          0,
          false);

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private Outcome expected;
  private int points;

  /** What a volume holds at the end. */
  private record Outcome(
      long promised, long applied, long checksum, Digest digest, Map<String, String> files) {

    static Outcome of(Volume volume, Path directory) throws IOException {
      return new Outcome(
          volume.journalState().promised(),
          volume.journalState().appliedIndex(),
          volume.state().totals().checksum(),
          volume.digest(true),
          posts(directory));
    }

    private static Map<String, String> posts(Path directory) throws IOException {
      Map<String, String> files = new TreeMap<>();
      try (var paths = Files.walk(directory.resolve("posts"))) {
        for (Path path : paths.filter(Files::isRegularFile).toList()) {
          files.put(directory.relativize(path).toString(), Files.readString(path));
        }
      }
      return files;
    }
  }

  @BeforeEach
  void withoutCrash() throws IOException {
    Path whole = directory.resolve("whole");
    FaultyDisk disk = new FaultyDisk(whole);
    try (Volume volume = Volume.open(whole, disk, OPTIONS)) {
      new Workload().run(volume);
      expected = Outcome.of(volume, whole);
      points = disk.points().size();
    }
    assertThat(expected.digest().damage()).isEmpty();
    assertThat(expected.files()).hasSize(4);
  }

  @ParameterizedTest
  @EnumSource(Unsynced.class)
  void atEveryWritePointTheSameBytesComeOutInTheEnd(Unsynced unsynced) throws IOException {
    for (int at = 0; at < points; at++) {
      long seed = 31L * at + unsynced.ordinal();
      String name = "%s at %d".formatted(unsynced, at);
      Path first = directory.resolve(unsynced + "-" + at);
      Path second = directory.resolve(unsynced + "-" + at + "-second");
      Path third = directory.resolve(unsynced + "-" + at + "-third");
      Workload workload = new Workload();
      Path left = runToCrash(workload, first, second, at, unsynced, seed).orElseThrow();
      int again = new Random(seed).nextInt(12);
      left = runToCrash(workload, left, third, again, Unsynced.MIXED, seed).orElse(left);
      try (Volume volume = Volume.open(left, new FaultyDisk(left), OPTIONS)) {
        workload.checkAcknowledged(volume);
        workload.run(volume);
        assertThat(volume.damage()).as(name).isEmpty();
        Outcome outcome = Outcome.of(volume, left);
        assertThat(outcome.files()).as(name).isEqualTo(expected.files());
        assertThat(outcome).as(name).isEqualTo(expected);
      }
      FaultyDisk.deleteAll(first);
      FaultyDisk.deleteAll(second);
      FaultyDisk.deleteAll(third);
    }
  }

  @Test
  void aKillAtEveryWritePointAndLaterALossOfPower() throws IOException {
    for (int at = 0; at < points; at++) {
      String name = "killed at %d".formatted(at);
      Path root = directory.resolve("killed-" + at);
      Path image = directory.resolve("unpowered-" + at);
      FaultyDisk disk = new FaultyDisk(root, null, at, Unsynced.KEPT, at);
      runToCrash(new Workload(), root, disk);
      disk.restart(new Random(at).nextInt(points));
      runToCrash(new Workload(), root, disk);
      disk.restart(Integer.MAX_VALUE);
      try (Volume volume = Volume.open(root, disk, OPTIONS)) {
        new Workload().run(volume);
        volume.write(Batch.append(List.of()));
        disk.losePower(image);
        volume.abandon();
      }
      try (Volume volume = Volume.open(image, new FaultyDisk(image), OPTIONS)) {
        assertThat(volume.damage()).as(name).isEmpty();
        Outcome outcome = Outcome.of(volume, image);
        assertThat(outcome.files()).as(name).isEqualTo(expected.files());
        assertThat(outcome).as(name).isEqualTo(expected);
      }
      FaultyDisk.deleteAll(root);
      FaultyDisk.deleteAll(image);
    }
  }

  /** Runs until the crash; returns where what is left is, or nothing when it ran to the end. */
  private Optional<Path> runToCrash(
      Workload workload, Path root, Path image, int at, Unsynced unsynced, long seed) {
    FaultyDisk disk = new FaultyDisk(root, image, at, unsynced, seed);
    return runToCrash(workload, root, disk) ? Optional.of(image) : Optional.empty();
  }

  private boolean runToCrash(Workload workload, Path root, FaultyDisk disk) {
    Volume volume = null;
    try {
      volume = Volume.open(root, disk, OPTIONS);
      workload.checkAcknowledged(volume);
      workload.run(volume);
    } catch (StorageException | FaultyDisk.Crash e) {
      if (!disk.crashed()) {
        throw e;
      }
      return true;
    } finally {
      if (volume != null) {
        volume.abandon();
      }
    }
    return false;
  }

  @Test
  void theWorkloadReachesEveryKindOfWritePoint() {
    FaultyDisk disk = new FaultyDisk(directory.resolve("kinds"));
    try (Volume volume = Volume.open(directory.resolve("kinds"), disk, OPTIONS)) {
      new Workload().run(volume);
    }
    assertThat(String.join("\n", disk.points()))
        .contains("create posts")
        .contains("write ")
        .contains("sync posts")
        .contains("sync directory posts")
        .contains("mkdir ")
        .contains("rename volume-id")
        .contains("commit");
  }
}
