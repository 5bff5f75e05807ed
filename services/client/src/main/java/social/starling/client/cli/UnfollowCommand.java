package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import social.starling.client.StarlingClient;

@Command(name = "unfollow", description = "Stop following an author.")
final class UnfollowCommand extends UserCommand {

  @Parameters(paramLabel = "NAME", description = "Whom.")
  private String name;

  UnfollowCommand(Io io) {
    super(io);
  }

  @Override
  void check() {
    Input.name(name);
  }

  @Override
  void run(StarlingClient client) {
    client.unfollow(name);
    done(new Json().put("unfollowed", name));
  }
}
