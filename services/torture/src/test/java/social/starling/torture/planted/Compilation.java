package social.starling.torture.planted;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles the sources that a bug changes, and nothing else. */
final class Compilation {

  /** As in the build. */
  private static final List<String> OPTIONS =
      List.of("--release", "25", "-parameters", "-proc:none", "-g");

  private final Path root;
  private final String classPath;

  /**
   * @param root of the repository
   * @param classPath everything that was built, and what it needs
   */
  Compilation(Path root, String classPath) {
    this.root = root;
    this.classPath = classPath;
  }

  /**
   * Applies and compiles.
   *
   * @param work an empty folder, for sources and classes
   * @return folders of classes, by the path of the module
   * @throws Diff.UnfitException when the bug does not apply or does not compile
   */
  Map<String, Path> compile(PlantedBug bug, Path work) throws IOException {
    Path sources = work.resolve("sources");
    Map<String, List<Path>> modules = new TreeMap<>();
    for (Path changed : bug.diff().apply(root, sources)) {
      String module = changed.toString().replaceFirst("/src/main/java/.*", "");
      modules.computeIfAbsent(module, _ -> new ArrayList<>()).add(sources.resolve(changed));
    }
    Map<String, Path> classes = new TreeMap<>();
    for (Map.Entry<String, List<Path>> module : modules.entrySet()) {
      Path folder = Files.createDirectories(work.resolve("classes").resolve(module.getKey()));
      compile(bug.name(), module.getValue(), folder);
      classes.put(module.getKey(), folder);
    }
    return classes;
  }

  private void compile(String name, List<Path> sources, Path classes) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new IOException("this Java has no compiler; use a JDK");
    }
    List<String> options = new ArrayList<>(OPTIONS);
    options.addAll(List.of("-classpath", classPath, "-d", classes.toString()));
    StringWriter told = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean done =
          compiler
              .getTask(
                  told, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      if (!done) {
        throw new Diff.UnfitException("%s does not compile:\n%s".formatted(name, told));
      }
    }
  }

  /** Files below a folder. */
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
