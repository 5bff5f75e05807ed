package social.starling.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

class DescribeVolumeTest {

  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @Test
  void aVolumeIsOneLineOfJson() {
    String id;
    try (Volume volume = Volume.open(directory, Disk.local())) {
      volume.introduce("alpha", 3, "alpha-1");
      id = volume.id();
    }
    assertThat(run(directory.toString())).isZero();
    assertThat(printed())
        .isEqualTo(
            ("{\"directory\":\"%s\",\"trouble\":null,\"cluster\":\"alpha\",\"number\":3,"
                    + "\"member\":\"alpha-1\",\"volume\":\"%s\",\"used\":false,\"promised\":0,"
                    + "\"lastIndex\":0,\"lastEpoch\":0,\"appliedIndex\":0,\"users\":0,"
                    + "\"slotsVersion\":0,\"slots\":[],\"usedSlots\":[],\"clusters\":[3]}%n")
                .formatted(directory, id));
  }

  @Test
  void whatIsNoVolumeIsOneLineToo() {
    assertThat(run(directory.resolve("it's \"new\"").toString())).isZero();
    assertThat(printed())
        .contains("it's \\\"new\\\"", "\"trouble\":\"there is no such directory\"", "null");
  }

  @Test
  void withoutADirectoryItIsMisused() {
    assertThat(run()).isEqualTo(2);
    assertThat(printed()).isEmpty();
  }

  private int run(String... args) {
    return DescribeVolume.run(args, new PrintStream(out, true, StandardCharsets.UTF_8));
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }
}
