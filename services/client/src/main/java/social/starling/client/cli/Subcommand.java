package social.starling.client.cli;

import java.util.List;

/**
 * Adds subcommands to the {@code starling} command. Found by {@link java.util.ServiceLoader}: list
 * the implementing class in {@code META-INF/services/social.starling.client.cli.Subcommand}.
 */
public interface Subcommand {

  /**
   * New picocli commands: objects annotated with {@code @Command(name = …)} that are a {@code
   * Runnable} or a {@code Callable<Integer>}. They may throw {@link
   * social.starling.common.StartException} to end with a sentence and an exit code.
   */
  List<Object> commands();

  /** The same, for {@code starling admin}. */
  default List<Object> adminCommands() {
    return List.of();
  }
}
