package social.starling.torture.installation;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * The assembled programs that this process was started from.
 *
 * @param java the {@code java} executable
 * @param home the folder with {@code lib}, {@code jvm} and {@code aot}
 */
public record Distribution(Path java, Path home) {

  private static final String MAIN = "social.starling.client.cli.StarlingMain";

  /**
   * That of this process.
   *
   * @throws StartException when this process was started in another way
   */
  public static Distribution current() {
    String classPath = System.getProperty("java.class.path");
    Path jar = Path.of(classPath.split(File.pathSeparator, 2)[0]).toAbsolutePath().normalize();
    if (!jar.getFileName().toString().equals("starling.jar")) {
      throw new StartException(
          ExitCode.FAILED,
          "the programs to torture are not found from the class path %s; start this by the"
                  .formatted(classPath)
              + " starling script");
    }
    return new Distribution(
        Path.of(System.getProperty("java.home"), "bin", "java"), jar.getParent().getParent());
  }

  /** The command line of {@code starling} with these arguments. */
  public List<String> starling(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.add("@" + home.resolve("jvm/launcher.options"));
    Path cache = home.resolve("aot/launcher.aot");
    if (Files.isReadable(cache)) {
      command.add("-XX:AOTCache=" + cache);
    }
    command.addAll(List.of("-cp", home.resolve("lib/starling.jar").toString(), MAIN));
    command.addAll(arguments);
    return command;
  }
}
