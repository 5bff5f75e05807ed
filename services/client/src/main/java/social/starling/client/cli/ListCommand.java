package social.starling.client.cli;

import java.util.List;
import picocli.CommandLine.Command;
import social.starling.client.StarlingClient;

@Command(name = "list", description = "All users, and those who follow this one.")
final class ListCommand extends UserCommand {

  ListCommand(Io io) {
    super(io);
  }

  @Override
  void run(StarlingClient client) {
    List<String> users = Pages.users(client);
    List<String> followers = Pages.followers(client);
    if (output().json()) {
      io().out()
          .line(new Json().strings("users", users).strings("followers", followers).toString());
    } else {
      io().out().line("All users: " + String.join(", ", users));
      io().out().line("Followers: " + String.join(", ", followers));
    }
  }
}
