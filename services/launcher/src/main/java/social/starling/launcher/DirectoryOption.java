package social.starling.launcher;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The flag that says which installation is meant. */
final class DirectoryOption {

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      defaultValue = "data",
      description = "Where everything is kept. Default: ./${DEFAULT-VALUE}.")
  private Path dir = Path.of("data");

  DataDirectory directory() {
    return new DataDirectory(dir);
  }

  Path asGiven() {
    return dir;
  }
}
