package social.starling.torture.planted;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A copy of the assembled programs with a bug in it. It has no AOT caches: those are of the jars
 * without the bug.
 *
 * @param home the folder with {@code lib}, {@code jvm} and {@code native}
 */
record Variant(Path home) {

  private static final List<String> COPIED = List.of("lib", "jvm", "native");

  /**
   * Makes one.
   *
   * @param distribution the programs without the bug
   * @param root of the repository that they were built from
   * @param work an empty folder
   * @throws Diff.UnfitException when the bug does not apply or does not compile
   */
  static Variant plant(PlantedBug bug, Path distribution, Path root, Path work)
      throws IOException {
    Variant variant = copy(distribution, work);
    Compilation compilation = new Compilation(root, classPath(distribution));
    for (Map.Entry<String, Path> module : compilation.compile(bug, work).entrySet()) {
      replace(variant.jar(module.getKey()), module.getValue());
    }
    return variant;
  }

  /** A copy without any bug, to compare with. */
  static Variant copy(Path distribution, Path work) throws IOException {
    Path home = Files.createDirectories(work.resolve("starling"));
    for (String folder : COPIED) {
      Path from = distribution.resolve(folder);
      if (Files.isDirectory(from)) {
        for (Path file : Compilation.files(from)) {
          Path to = home.resolve(distribution.relativize(file).toString());
          Files.createDirectories(to.getParent());
          Files.copy(file, to, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    return new Variant(home);
  }

  private static String classPath(Path distribution) throws IOException {
    return Compilation.files(distribution.resolve("lib")).stream()
        .map(Path::toString)
        .filter(name -> name.endsWith(".jar"))
        .collect(Collectors.joining(System.getProperty("path.separator")));
  }

  /** Of a module, {@code services/server} for instance. */
  private Path jar(String module) throws IOException {
    String name = "starling-%s-".formatted(Path.of(module).getFileName());
    try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
      return jars.filter(jar -> jar.getFileName().toString().startsWith(name))
          .findFirst()
          .orElseThrow(() ->
              new Diff.UnfitException("%s has no %s*.jar".formatted(home.resolve("lib"), name)));
    }
  }

  private static void replace(Path jar, Path classes) throws IOException {
    try (FileSystem inside = FileSystems.newFileSystem(jar)) {
      for (Path file : Compilation.files(classes)) {
        Files.copy(
            file,
            inside.getPath("/").resolve(classes.relativize(file).toString()),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
