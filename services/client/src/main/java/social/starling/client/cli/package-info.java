/**
 * The {@code starling} command: the interactive client, its scriptable twins, and administration.
 *
 * <p>{@link social.starling.client.cli.StarlingMain} assembles the commands; other modules add
 * theirs by {@link social.starling.client.cli.Subcommand}. What a command reads and writes comes
 * from an {@code Io}, so that tests run commands within their own process. Nothing of a terminal is
 * loaded unless a person sits at one.
 */
package social.starling.client.cli;
