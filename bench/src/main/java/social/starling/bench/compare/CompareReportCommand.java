package social.starling.bench.compare;

import com.google.gson.GsonBuilder;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.OutputFormat;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** {@code bench compare report}. */
@Command(
    name = "report",
    description = "Show the tables of what was measured, and write plots into the folder.")
final class CompareReportCommand implements Callable<Integer> {

  @Mixin private CompareOptions options = new CompareOptions();
  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() {
    Comparison comparison = Comparison.read(options.folder());
    if (comparison.results().isEmpty()) {
      throw new StartException(
          ExitCode.FAILED, "there are no results in " + options.folder() + "; measure first");
    }
    Plots.write(comparison, options.folder());
    System.out.print(
        output == OutputFormat.JSON
            ? new GsonBuilder()
                    .setPrettyPrinting()
                    .disableHtmlEscaping()
                    .create()
                    .toJson(new Tables.Document(comparison.results(), Goals.of(comparison)))
                + "\n"
            : Tables.text(comparison));
    return ExitCode.DONE;
  }
}
