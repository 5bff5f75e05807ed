package social.starling.launcher;

import java.nio.file.Files;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** {@code starling status}. */
@Command(name = "status", description = "Show every process that belongs to DIR.")
final class StatusCommand implements Callable<Integer> {

  enum Output {
    TEXT,
    JSON
  }

  static final class OutputConverter implements ITypeConverter<Output> {

    @Override
    public Output convert(String word) {
      return switch (word.toLowerCase(Locale.ROOT)) {
        case "text" -> Output.TEXT;
        case "json" -> Output.JSON;
        default ->
            throw new TypeConversionException(
                "'%s' is no format; text and json are".formatted(word));
      };
    }
  }

  @Mixin private DirectoryOption dir = new DirectoryOption();

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      converter = OutputConverter.class,
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private Output output = Output.TEXT;

  @Override
  public Integer call() {
    DataDirectory directory = dir.directory();
    if (!Files.exists(directory.stateFile())) {
      throw new StartException(
          ExitCode.FAILED,
          "nothing was ever started on %s; start it with: starling up --dir %s"
              .formatted(directory.root(), dir.asGiven()));
    }
    RunState state = StateFile.read(directory.stateFile());
    Map<String, StatusReport.Alive> alive = new HashMap<>();
    Up.findAlive(state)
        .forEach((name, process) ->
            alive.put(name, new StatusReport.Alive(process.pid(), process.started())));
    StatusReport report =
        StatusReport.of(
            directory,
            state,
            alive,
            state.launcher().filter(Adopted::hasItsPid).isPresent(),
            StatusQuery.ask(directory, state),
            Instant.now());
    System.out.println(
        output == Output.JSON
            ? StatusFormat.json(report.rows())
            : StatusFormat.table(report.rows()));
    report.remarks().forEach(System.err::println);
    return ExitCode.DONE;
  }
}
