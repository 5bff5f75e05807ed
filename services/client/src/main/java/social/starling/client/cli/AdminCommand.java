package social.starling.client.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import social.starling.common.ExitCode;

/** A command of administration: asks the coordinators, prints what came of it. */
abstract class AdminCommand implements Callable<Integer> {

  /** The group. */
  @Command(
      name = "admin",
      description = "Look into clusters, add and forget them, hand over, recover.")
  static final class Group {}

  @Mixin private AdminOptions options;
  @Mixin private OutputOptions output;

  private final Io io;

  AdminCommand(Io io) {
    this.io = io;
  }

  @Override
  public final Integer call() {
    check();
    try (Coordinators coordinators = options.connect()) {
      return run(coordinators) ? ExitCode.DONE : ExitCode.FAILED;
    }
  }

  /** Checks the input, before anything is sent. */
  void check() {}

  /** Returns whether all is well. */
  abstract boolean run(Coordinators coordinators);

  final Optional<Path> launched() {
    return options.launched();
  }

  final boolean json() {
    return output.json();
  }

  final void print(String line) {
    io.out().lineNow(line);
  }
}
