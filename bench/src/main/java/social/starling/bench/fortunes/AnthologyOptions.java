package social.starling.bench.fortunes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Which fortunes. */
final class AnthologyOptions {

  @Option(
      names = "--source",
      paramLabel = "DIR",
      defaultValue = "/usr/share/games/fortunes",
      description = "Folder of fortunes. Default: ${DEFAULT-VALUE}.")
  private Path source = Path.of("/usr/share/games/fortunes");

  @Option(
      names = "--authors",
      paramLabel = "N",
      defaultValue = "60",
      description = "Most files taken, 1 to 10000. Default: ${DEFAULT-VALUE}.")
  private int authors = 60;

  @Option(
      names = "--per-author",
      paramLabel = "N",
      defaultValue = "150",
      description = "Most texts taken of each, 1 to 100000. Default: ${DEFAULT-VALUE}.")
  private int perAuthor = 150;

  Anthology anthology() {
    if (authors < 1 || authors > 10_000 || perAuthor < 1 || perAuthor > 100_000) {
      throw new StartException(
          ExitCode.USAGE, "--authors can be 1 to 10000, --per-author 1 to 100000");
    }
    if (!Files.isDirectory(source)) {
      throw new StartException(ExitCode.USAGE, "there is no folder " + source);
    }
    try {
      Anthology anthology = Anthology.read(source, authors, perAuthor);
      if (anthology.authors().isEmpty()) {
        throw new StartException(ExitCode.USAGE, "there are no fortunes in " + source);
      }
      return anthology;
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot read %s: %s".formatted(source, e.getMessage()), e);
    }
  }
}
