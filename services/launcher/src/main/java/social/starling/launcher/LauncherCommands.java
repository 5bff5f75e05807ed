package social.starling.launcher;

import java.util.List;
import social.starling.client.cli.Subcommand;

/**
 * Adds {@code up}, {@code down}, {@code status} and {@code admin rebuild-coordinator} to the {@code
 * starling} command.
 */
public final class LauncherCommands implements Subcommand {

  /** For {@link java.util.ServiceLoader}. */
  public LauncherCommands() {}

  @Override
  public List<Object> commands() {
    return List.of(new UpCommand(), new DownCommand(), new StatusCommand());
  }

  @Override
  public List<Object> adminCommands() {
    return List.of(new RebuildCommand());
  }
}
