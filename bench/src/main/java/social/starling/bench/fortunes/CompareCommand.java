package social.starling.bench.fortunes;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import social.starling.bench.HelpOption;
import social.starling.common.ExitCode;

/** {@code bench fortunes compare}. */
@Command(
    name = "compare",
    description = {
      "Compare what 'starling export-posts' wrote with the fortunes, read again from their",
      "folder: each author's texts, byte for byte and in order. Exits 1 on any difference."
    })
final class CompareCommand implements Callable<Integer> {

  private static final int MOST_SHOWN = 20;

  @Mixin private AnthologyOptions options = new AnthologyOptions();
  @Mixin private HelpOption help = new HelpOption();

  @Parameters(paramLabel = "FILE", description = "A line of JSON for each post, oldest first.")
  private Path file;

  @Override
  public Integer call() throws IOException {
    Anthology anthology = options.anthology();
    List<String> differences;
    // Strict: a byte that is no UTF-8 is an error here, never replaced.
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder()))) {
      differences = Differences.between(anthology, PostLines.read(in));
    }
    differences.stream().limit(MOST_SHOWN).forEach(System.out::println);
    if (differences.isEmpty()) {
      System.out.printf(
          "equal: %d posts of %d authors, byte for byte and in order%n",
          anthology.posts(), anthology.authors().size());
      return ExitCode.DONE;
    }
    System.out.printf("%d differences%n", differences.size());
    return ExitCode.FAILED;
  }
}
