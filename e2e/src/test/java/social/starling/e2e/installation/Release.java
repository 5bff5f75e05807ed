package social.starling.e2e.installation;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import social.starling.e2e.machine.Commands;

/** The release of the chart, by {@code helm}. */
public final class Release {

  /** Of the release, and of its namespace. */
  public static final String NAME = "starling";

  private static final Duration LONG = Duration.ofMinutes(8);
  private static final Duration SHORT = Duration.ofMinutes(2);

  private final Path kubeconfig;
  private final Path chart;
  private final List<Path> values;
  private final String imagePrefix;

  /**
   * Of a chart, with values.
   *
   * @param values files of which a later one counts more
   * @param imagePrefix of all images
   */
  public Release(Path kubeconfig, Path chart, List<Path> values, String imagePrefix) {
    this.kubeconfig = kubeconfig;
    this.chart = chart;
    this.values = List.copyOf(values);
    this.imagePrefix = imagePrefix;
  }

  /** Whether it is there. */
  public boolean isInstalled() {
    return Commands.succeed(SHORT, command("list", "--short")).lines().anyMatch(NAME::equals);
  }

  /** Installs; returns when the API server has taken it. */
  public void install(String tag) {
    changed("install", tag, List.of("--create-namespace"));
  }

  /** Upgrades; returns when the API server has taken it. */
  public void upgrade(String tag) {
    changed("upgrade", tag, List.of("--timeout", "6m"));
  }

  private void changed(String what, String tag, List<String> flags) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                what,
                NAME,
                chart.toString(),
                "--set-string",
                "image.tag=" + tag,
                "--set-string",
                "image.prefix=" + imagePrefix));
    values.forEach(file -> arguments.addAll(List.of("--values", file.toString())));
    arguments.addAll(flags);
    Commands.succeed(LONG, command(arguments.toArray(String[]::new)));
  }

  /** Goes back to the revision before. */
  public void rollback() {
    Commands.succeed(LONG, command("rollback", NAME, "--timeout", "6m"));
  }

  /** Takes away what Helm takes away. */
  public void uninstall() {
    Commands.succeed(LONG, command("uninstall", NAME, "--wait", "--timeout", "4m"));
  }

  /** Runs the chart's own test; what its pod said. */
  public String test() {
    return Commands.succeed(LONG, command("test", NAME, "--logs", "--timeout", "6m"));
  }

  /** Of that, the pod's own words, in one line. */
  public static String pod(String said) {
    return said.substring(Math.max(0, said.indexOf("POD LOGS"))).strip().replace("\n", " | ");
  }

  private List<String> command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of("helm", "--kubeconfig", kubeconfig.toString(), "--namespace", NAME));
    command.addAll(List.of(arguments));
    return command;
  }
}
