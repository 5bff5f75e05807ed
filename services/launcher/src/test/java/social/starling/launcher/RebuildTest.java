package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static social.starling.launcher.WrittenVolumes.java;
import static social.starling.launcher.WrittenVolumes.nameIn;
import static social.starling.launcher.WrittenVolumes.write;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/** Directories as servers write them, read and rebuilt by the programs that do it. */
@Timeout(180)
class RebuildTest {

  @TempDir Path folder;
  private WrittenVolumes volumes;

  @BeforeEach
  void writeInto() {
    volumes = new WrittenVolumes(folder);
  }

  @Test
  void shouldMakeTheStateOfACoordinatorOfTheVolumesOfTwoClusters() throws Exception {
    DataDirectory directory = new DataDirectory(folder);
    String ahead;
    try (Volume one = volumes.volume("alpha", 0, 1);
        Volume two = volumes.volume("alpha", 0, 2);
        Volume beta = volumes.volume("beta", 1, 1)) {
      // A server at work: what is read of it is what it has made durable.
      write(
          one,
          3,
          volumes.own(1, 4, 0, 512),
          volumes.login(2, nameIn(100, 512)),
          volumes.login(3, nameIn(0, 100)));
      write(two, 3, volumes.own(1, 4, 0, 512), volumes.login(2, nameIn(100, 512)));
      write(beta, 9, volumes.own(1, 4, 512, 1024), volumes.login(2, nameIn(512, 1024)));
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
    try (Volume one = volumes.volume("alpha", 0, 1)) {
      write(one, 3, volumes.own(1, 4, 0, 1024), volumes.login(2, nameIn(100, 512)));
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

  private static int run(String program, Object... arguments) throws Exception {
    List<String> command = new ArrayList<>(java(program));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
