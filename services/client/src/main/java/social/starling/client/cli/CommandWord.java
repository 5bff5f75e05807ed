package social.starling.client.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The interactive client's commands, typed in any case. */
enum CommandWord {
  FOLLOW(true),
  UNFOLLOW(true),
  LIST(false),
  POST(true),
  TIMELINE(false);

  private final boolean argument;

  CommandWord(boolean argument) {
    this.argument = argument;
  }

  boolean takesArgument() {
    return argument;
  }

  static Optional<CommandWord> of(String typed) {
    String upper = typed.toUpperCase(Locale.ROOT);
    return Arrays.stream(values()).filter(word -> word.name().equals(upper)).findFirst();
  }

  static Stream<String> names() {
    return Arrays.stream(values()).map(Enum::name);
  }
}
