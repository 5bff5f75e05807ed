package social.starling.bench.compare;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import social.starling.bench.load.Population;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** What the measurements have in common. */
final class CompareOptions {

  static final int FOLLOWING = 50;
  static final int POSTS_EACH = 20;
  static final int TIMELINE = 20;
  static final int WRITES_PER_SECOND = 200;
  static final int WRITERS = 40;
  static final int PAUSE_SECONDS = 2;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      required = true,
      description = "Where results are written, and where peers have their data.")
  private Path folder;

  @Option(names = "--short", description = "Fewer users, shorter, fewer faults: to try it out.")
  private boolean shortened;

  /** The folder, made when it is not there. */
  Path folder() {
    try {
      return Files.createDirectories(folder).toRealPath();
    } catch (java.io.IOException e) {
      throw new StartException(
          ExitCode.USAGE, "cannot make the folder %s: %s".formatted(folder, e.getMessage()), e);
    }
  }

  Extent extent() {
    return shortened ? Extent.SHORT : Extent.FULL;
  }

  /** As {@code bench setup} makes them. */
  Population users() {
    return new Population("bench_", extent().users(), FOLLOWING);
  }
}
