package social.starling.client.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import social.starling.client.StarlingClient;
import social.starling.common.ExitCode;

/** A command that acts as a user: logs in, does it, prints what came of it. */
abstract class UserCommand implements Callable<Integer> {

  @Mixin private UserOption user;
  @Mixin private ConnectionOptions connection;
  @Mixin private OutputOptions output;

  private final Io io;

  UserCommand(Io io) {
    this.io = io;
  }

  @Override
  public final Integer call() {
    String name = user.required();
    check();
    try (StarlingClient client = connection.connect(name, io, new Notices(this::notice))) {
      client.login();
      run(client);
    }
    io.out().flush();
    return ExitCode.DONE;
  }

  /** Checks the input, before anything is sent. */
  void check() {}

  abstract void run(StarlingClient client);

  /** A script waits for the outcome and wants nothing else. */
  void notice(String line) {}

  final Io io() {
    return io;
  }

  final OutputOptions output() {
    return output;
  }

  /** Prints that it is done: the sentence, or the object. */
  final void done(Json object) {
    io.out().line(output.json() ? object.toString() : "Command completed successfully");
  }
}
