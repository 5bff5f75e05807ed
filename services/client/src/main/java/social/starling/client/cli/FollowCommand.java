package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import social.starling.client.StarlingClient;

@Command(name = "follow", description = "Follow an author.")
final class FollowCommand extends UserCommand {

  @Parameters(paramLabel = "NAME", description = "Whom.")
  private String name;

  FollowCommand(Io io) {
    super(io);
  }

  @Override
  void check() {
    Input.name(name);
  }

  @Override
  void run(StarlingClient client) {
    client.follow(name);
    done(new Json().put("followed", name));
  }
}
