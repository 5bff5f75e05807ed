package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import social.starling.client.StarlingClient;

@Command(name = "posts", description = "The newest posts of one author, oldest first.")
final class PostsCommand extends UserCommand {

  @Parameters(paramLabel = "NAME", description = "The author; one's own name works too.")
  private String author;

  @Mixin private LimitOption limit;

  PostsCommand(Io io) {
    super(io);
  }

  @Override
  void check() {
    Input.name(author);
    limit.value();
  }

  @Override
  void run(StarlingClient client) {
    Pages.newest(
        limit.value(),
        page -> client.posts(author, page),
        post -> output().post(post, io().zone()),
        io().out()::line);
  }
}
