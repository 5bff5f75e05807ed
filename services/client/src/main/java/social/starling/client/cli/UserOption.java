package social.starling.client.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Who acts: given to the command, or before its name. */
final class UserOption {

  @Option(
      names = {"-u", "--user"},
      paramLabel = "NAME",
      description = "Who acts; registered at the first use.")
  private String user;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** The name; null when none was given. */
  String given() {
    return user;
  }

  String required() {
    if (user != null) {
      return user;
    }
    if (command.root().userObject() instanceof StarlingMain main && main.user().given() != null) {
      return main.user().given();
    }
    throw new ParameterException(command.commandLine(), "say who acts: -u NAME");
  }
}
