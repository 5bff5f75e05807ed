package social.starling.torture.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherPortsTest {

  @TempDir private Path dir;

  @Test
  void shouldKnowNobodyBeforeThereIsALauncher() {
    assertThat(PortsOf.recordedIn(dir.resolve("launcher.json")).of("alpha-1")).isEmpty();
  }

  @Test
  void shouldReadThePortsAgainWhenTheyHaveChanged() throws Exception {
    PortsOf ports = PortsOf.recordedIn(dir.resolve("launcher.json"));

    write(4601);
    assertThat(ports.of("alpha-1")).contains(new Part("alpha-1", 4600, 4601));
    write(4609);
    assertThat(ports.of("alpha-1")).contains(new Part("alpha-1", 4600, 4609));
    assertThat(ports.of("alpha-2")).isEmpty();
  }

  @Test
  void shouldGoOnWithWhatItReadLastWhileTheFileIsDamaged() throws Exception {
    PortsOf ports = PortsOf.recordedIn(dir.resolve("launcher.json"));
    write(4601);
    ports.of("alpha-1");

    Files.writeString(dir.resolve("launcher.json"), "{\"processes\": [{}");

    assertThat(ports.of("alpha-1")).contains(new Part("alpha-1", 4600, 4601));
  }

  private void write(int internalPort) throws Exception {
    Path fresh = dir.resolve("launcher.json.new");
    Files.writeString(
        fresh,
        """
        {"ready": true, "clusters": ["alpha"], "launcher": null, "processes":
          [{"name": "alpha-1", "publicPort": 4600, "internalPort": %d, "process": null}]}
        """
            .formatted(internalPort));
    Files.move(fresh, dir.resolve("launcher.json"), StandardCopyOption.ATOMIC_MOVE);
  }
}
