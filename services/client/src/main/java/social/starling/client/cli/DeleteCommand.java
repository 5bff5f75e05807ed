package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import social.starling.client.StarlingClient;

@Command(name = "delete", description = "Delete a post of one's own.")
final class DeleteCommand extends UserCommand {

  @Parameters(paramLabel = "ID", description = "The post's id.")
  private String given;

  private long id;

  DeleteCommand(Io io) {
    super(io);
  }

  @Override
  void check() {
    id = Input.id(given);
  }

  @Override
  void run(StarlingClient client) {
    client.delete(id);
    done(new Json().put("deleted", Long.toUnsignedString(id)));
  }
}
