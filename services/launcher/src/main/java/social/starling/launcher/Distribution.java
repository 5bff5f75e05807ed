package social.starling.launcher;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import social.starling.client.cli.StarlingMain;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * The assembled programs, as the build makes them:
 *
 * <pre>
 * lib/starling.jar      names all other jars as its class path
 * native/               SQLite for this machine, which each process would unpack for itself otherwise
 * jvm/server.options    what each kind of process tells its JVM
 * aot/server.aot        AOT caches, where they pay; one that is missing or does not fit is not used
 * </pre>
 *
 * @param java the {@code java} executable
 * @param home the folder
 * @param training record what AOT caches are made from into this folder, instead of using them
 */
record Distribution(Path java, Path home, Optional<Path> training) {

  /** System property for {@link #training}. */
  static final String TRAINING = "starling.training";

  private static final String JAR = "starling.jar";
  private static final String LAUNCHER = "launcher";

  /**
   * The one that this very process was started from.
   *
   * @throws StartException when this process was started in another way
   */
  static Distribution current() {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    String classPath = System.getProperty("java.class.path");
    Path jar = Path.of(classPath.split(File.pathSeparator, 2)[0]).toAbsolutePath().normalize();
    if (!jar.getFileName().toString().equals(JAR)) {
      throw new StartException(
          ExitCode.FAILED,
          "the other programs are not found from the class path %s; start this by the starling"
                  .formatted(classPath)
              + " script");
    }
    return new Distribution(
        java,
        jar.getParent().getParent(),
        Optional.ofNullable(System.getProperty(TRAINING)).map(Path::of));
  }

  /** How long a process may take to end: a JVM that records writes its record when it ends. */
  Duration patience() {
    return training.isPresent() ? Ending.PATIENCE.multipliedBy(12) : Ending.PATIENCE;
  }

  /**
   * The beginning of a command line: executable, JVM options, class path, main class.
   *
   * @param name of the service
   */
  List<String> command(String name, Kind kind) {
    return command(name, kind.word(), kind.mainClass());
  }

  /** The beginning of the command line of a launcher, up to {@code up}. */
  List<String> launcherCommand() {
    return command(LAUNCHER, LAUNCHER, StarlingMain.class.getName());
  }

  /** The beginning of the command line of a program that ends by itself, with a kind's options. */
  List<String> tool(Kind kind, String mainClass) {
    return command(mainClass, kind.word(), mainClass);
  }

  private List<String> command(String name, String kind, String mainClass) {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.add("@" + home.resolve("jvm").resolve(kind + ".options"));
    Path sqlite = home.resolve("native").resolve(System.mapLibraryName("sqlitejdbc"));
    if (Files.isReadable(sqlite)) {
      command.add("-Dorg.sqlite.lib.path=" + sqlite.getParent());
      command.add("-Dorg.sqlite.lib.name=" + sqlite.getFileName());
    }
    Path cache = home.resolve("aot").resolve(kind + ".aot");
    if (training.isPresent()) {
      command.add("-XX:AOTMode=record");
      command.add("-XX:AOTConfiguration=" + training.get().resolve(name + ".aotconf"));
    } else if (Files.isReadable(cache)) {
      command.add("-XX:AOTCache=" + cache);
    }
    command.add("-cp");
    command.add(home.resolve("lib").resolve(JAR).toString());
    command.add(mainClass);
    return command;
  }
}
