import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Assembles {@code target/starling}: {@code lib} with every jar and with {@code starling.jar},
 * which names them all as its class path, {@code jvm} with what each process tells its JVM, and
 * {@code native} with SQLite for this machine, which otherwise each process unpacks for itself, and
 * leaves there when it is killed. The build runs it from source on the JDK that compiles: {@code
 * java Assemble.java TARGET OPTIONS OWN-JAR}.
 *
 * <p>At last it touches {@code built}, by whose time the {@code starling} script tells whether to
 * build again. A file whose contents did not change is left alone, because an AOT cache is bound to
 * the times of the jars that it was made from.
 */
final class Assemble {

  private static final String CLASS_PATH_JAR = "starling.jar";

  private final Path home;

  private Assemble(Path home) {
    this.home = home;
  }

  public static void main(String[] args) throws Exception {
    Path target = Path.of(args[0]);
    Assemble assemble = new Assemble(target.resolve("starling"));
    List<Path> jars = new ArrayList<>(files(target.resolve("dependencies"), ".jar"));
    jars.add(Path.of(args[2]));
    assemble.library(jars);
    assemble.copyAll(files(Path.of(args[1]), ".options"), "jvm", Set.of());
    assemble.sqlite(jars);
    Files.writeString(target.resolve("starling/built"), "");
  }

  private void library(List<Path> jars) throws IOException {
    copyAll(jars, "lib", Set.of(CLASS_PATH_JAR));
    byte[] jar = classPathJar(jars);
    Path file = home.resolve("lib").resolve(CLASS_PATH_JAR);
    if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), jar)) {
      Files.write(file, jar);
    }
  }

  /** The library knows itself which of its files fits this machine. */
  private void sqlite(List<Path> jars) throws Exception {
    Path folder = Files.createDirectories(home.resolve("native"));
    Path jar =
        jars.stream()
            .filter(file -> file.getFileName().toString().startsWith("sqlite-jdbc-"))
            .findFirst()
            .orElseThrow();
    String name = System.mapLibraryName("sqlitejdbc");
    try (URLClassLoader library = new URLClassLoader(new URL[] {jar.toUri().toURL()})) {
      Class<?> os = library.loadClass("org.sqlite.util.OSInfo");
      String path =
          "org/sqlite/native/"
              + os.getMethod("getNativeLibFolderPathForCurrentOS").invoke(null)
              + "/"
              + name;
      try (InputStream in = library.getResourceAsStream(path)) {
        if (in == null) {
          System.out.println("no native SQLite for this machine in " + jar + ": " + path);
          return;
        }
        byte[] bytes = in.readAllBytes();
        Path file = folder.resolve(name);
        if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), bytes)) {
          // A process may have the old one mapped: another file takes its place.
          Path fresh = Files.write(folder.resolve(name + ".new"), bytes);
          Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private void copyAll(List<Path> sources, String folder, Set<String> others) throws IOException {
    Path destination = Files.createDirectories(home.resolve(folder));
    Set<String> names = new HashSet<>(others);
    for (Path source : sources) {
      Path copy = destination.resolve(source.getFileName());
      names.add(copy.getFileName().toString());
      if (!Files.exists(copy) || Files.mismatch(source, copy) >= 0) {
        Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    for (Path file : files(destination, "")) {
      if (!names.contains(file.getFileName().toString())) {
        Files.delete(file);
      }
    }
  }

  private static byte[] classPathJar(List<Path> jars) {
    String classPath =
        jars.stream()
            .map(jar -> jar.getFileName().toString())
            .collect(Collectors.toCollection(TreeSet::new))
            .stream()
            .collect(Collectors.joining(" "));
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      ZipEntry entry = new ZipEntry(JarFile.MANIFEST_NAME);
      entry.setTime(0);
      zip.putNextEntry(entry);
      manifest.write(zip);
      zip.closeEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.getFileName().toString().endsWith(ending)).sorted().toList();
    }
  }
}
