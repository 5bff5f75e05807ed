package social.starling.torture;

import java.util.List;
import social.starling.client.cli.Subcommand;

/** Adds {@code torture} to the {@code starling} command. */
public final class TortureCommands implements Subcommand {

  /** For {@link java.util.ServiceLoader}. */
  public TortureCommands() {}

  @Override
  public List<Object> commands() {
    return List.of(new TortureCommand());
  }
}
