package social.starling.client.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.User;

/** What Tab offers: commands, and names after FOLLOW and UNFOLLOW. */
final class Completions {

  private static final int NAMES = 200;

  private final StarlingClient client;
  private volatile boolean commands = true;

  Completions(StarlingClient client) {
    this.client = client;
  }

  /** Whether lines are commands; otherwise they are posts, and nothing is offered. */
  void commands(boolean offered) {
    commands = offered;
  }

  /** Words that go on from what was typed. */
  List<String> of(String typed) {
    if (!commands) {
      return List.of();
    }
    String line = typed.stripLeading();
    int space = line.indexOf(' ');
    if (space < 0) {
      return CommandWord.names().filter(name -> starts(name, line)).toList();
    }
    String name = line.substring(space + 1).stripLeading();
    try {
      return switch (CommandWord.of(line.substring(0, space)).orElse(null)) {
        case FOLLOW -> names(name, others(name));
        case UNFOLLOW -> names(name, followed(name));
        case null, default -> List.of();
      };
    } catch (StarlingException e) {
      // Nothing to offer now; the command itself will say why it cannot be done.
      return List.of();
    }
  }

  // Pages begin after a name: with what was typed so far, the first page holds what goes on from
  // it.
  private Stream<String> others(String from) {
    return client.listUsers(NAMES, from).users().stream()
        .map(User::name)
        .filter(name -> !name.equalsIgnoreCase(client.user()));
  }

  private Stream<String> followed(String from) {
    return client.listFollowing(NAMES, from).names().stream();
  }

  private static List<String> names(String from, Stream<String> names) {
    return names.filter(name -> starts(name, from)).toList();
  }

  private static boolean starts(String name, String from) {
    return name.toLowerCase(Locale.ROOT).startsWith(from.toLowerCase(Locale.ROOT));
  }
}
