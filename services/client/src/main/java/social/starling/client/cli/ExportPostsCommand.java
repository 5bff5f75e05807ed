package social.starling.client.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import social.starling.client.StarlingClient;

@Command(
    name = "export-posts",
    description = "All posts of authors as JSON lines, author by author, oldest first.")
final class ExportPostsCommand extends UserCommand {

  @Parameters(arity = "0..*", paramLabel = "NAME", description = "Authors.")
  private List<String> names = List.of();

  @Option(names = "--all", description = "All users.")
  private boolean all;

  @Spec private CommandSpec spec;

  ExportPostsCommand(Io io) {
    super(io);
  }

  @Override
  void check() {
    if (names.isEmpty() != all) {
      throw new ParameterException(spec.commandLine(), "name authors, or say --all");
    }
    names.forEach(Input::name);
  }

  @Override
  void run(StarlingClient client) {
    for (String name : all ? Pages.users(client) : names) {
      export(client, name);
    }
  }

  private void export(StarlingClient client, String author) {
    Pages.newest(
        Integer.MAX_VALUE,
        page -> client.posts(author, page),
        post -> OutputOptions.json(post).toString(),
        io().out()::line);
  }
}
