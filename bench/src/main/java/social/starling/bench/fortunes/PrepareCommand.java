package social.starling.bench.fortunes;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import social.starling.bench.HelpOption;
import social.starling.common.ExitCode;

/** {@code bench fortunes prepare}. */
@Command(
    name = "prepare",
    description = "Write posts as 'starling import-posts' reads them, the authors in turn.")
final class PrepareCommand implements Callable<Integer> {

  @Mixin private AnthologyOptions options = new AnthologyOptions();
  @Mixin private HelpOption help = new HelpOption();

  @Parameters(paramLabel = "FILE", description = "Written: a line of JSON for each post.")
  private Path file;

  @Override
  public Integer call() throws IOException {
    Anthology anthology = options.anthology();
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      PostLines.write(anthology, out);
    }
    System.out.printf(
        "%d posts of %d authors in %d languages (%d files were not UTF-8 and are converted)%n",
        anthology.posts(),
        anthology.authors().size(),
        anthology.languages(),
        anthology.converted());
    System.out.printf(
        "left out: %d longer than 5,000 bytes, %d empty, %d beyond the bound for each author%n",
        anthology.tooLong(), anthology.empty(), anthology.beyond());
    return ExitCode.DONE;
  }
}
