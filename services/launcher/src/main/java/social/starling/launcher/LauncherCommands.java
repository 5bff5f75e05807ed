package social.starling.launcher;

import java.util.List;
import social.starling.client.cli.Subcommand;

/** Adds {@code up}, {@code down} and {@code status} to the {@code starling} command. */
public final class LauncherCommands implements Subcommand {

  /** For {@link java.util.ServiceLoader}. */
  public LauncherCommands() {}

  @Override
  public List<Object> commands() {
    return List.of(new UpCommand(), new DownCommand(), new StatusCommand());
  }
}
