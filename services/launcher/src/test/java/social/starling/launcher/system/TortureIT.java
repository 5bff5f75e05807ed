package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * The short form of {@code starling torture}: faults of all kinds for a while, other ones each
 * time.
 */
@EnabledOnOs(OS.LINUX)
class TortureIT {

  private static final double MINUTES =
      Double.parseDouble(System.getProperty("torture.minutes", "1.5"));

  @Test
  @Timeout(value = 90, unit = TimeUnit.MINUTES)
  void noPromiseIsBroken() throws IOException, InterruptedException {
    long seed = Long.getLong("torture.seed", ThreadLocalRandom.current().nextLong(1_000_000_000));
    Path directory =
        Path.of("target", "torture-it", "seed-%d-%d".formatted(seed, ProcessHandle.current().pid()))
            .toAbsolutePath();
    Path said = Files.createDirectories(directory.getParent()).resolve("said-" + seed + ".txt");
    List<String> command =
        new Installation(directory, 3)
            .command(
                "torture",
                "--seed",
                "" + seed,
                "--minutes",
                "" + MINUTES,
                "--dir",
                directory.toString());

    System.out.printf("torture: seed %d, %s%n", seed, directory);
    Process torture =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    int code = torture.waitFor();

    String all = Files.readString(said);
    System.out.println(all);
    assertThat(code).as(all).isZero();
    assertThat(directory.resolve("report.html")).exists();
  }
}
