package social.starling.client.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import social.starling.client.StarlingClient;

@Command(
    name = "client",
    description = "The interactive client: FOLLOW NAME, UNFOLLOW NAME, LIST, POST TEXT, TIMELINE.")
final class ClientCommand implements Callable<Integer> {

  @Mixin private UserOption user;
  @Mixin private ConnectionOptions connection;

  private final Io io;

  ClientCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    return run(user.required(), connection, io);
  }

  static int run(String user, ConnectionOptions connection, Io io) {
    AtomicReference<Console> shown = new AtomicReference<>();
    try (StarlingClient client =
        connection.connect(user, io, new Notices(line -> notice(shown.get(), io, line)))) {
      client.login();
      client.attend();
      if (!io.terminal().getAsBoolean()) {
        try (Console console = new PipedConsole(io)) {
          shown.set(console);
          return new Conversation(client, console, io.zone(), commands -> {}).run();
        }
      }
      return atTerminal(client, shown, io, terminal());
    }
  }

  /** Runs at a terminal, which is closed at the end. */
  static int atTerminal(
      StarlingClient client, AtomicReference<Console> shown, Io io, Terminal terminal) {
    Completions completions = new Completions(client);
    try (Console console = new JLineConsole(terminal, completions)) {
      shown.set(console);
      console.print(
          "Commands: FOLLOW NAME, UNFOLLOW NAME, LIST, POST TEXT, TIMELINE; Ctrl-D leaves.");
      return new Conversation(client, console, io.zone(), completions::commands).run();
    } finally {
      shown.set(null);
    }
  }

  private static void notice(Console console, Io io, String line) {
    if (console == null) {
      io.err().lineNow(line);
    } else {
      console.notice(line);
    }
  }

  private static Terminal terminal() {
    try {
      return TerminalBuilder.builder()
          .name("starling")
          .system(true)
          .dumb(true)
          .encoding(StandardCharsets.UTF_8)
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
