import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
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
 * which names them all as its class path, and {@code jvm} with what each process tells its JVM. The
 * build runs it from source on the JDK that compiles: {@code java Assemble.java TARGET OPTIONS
 * OWN-JAR}.
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

  public static void main(String[] args) throws IOException {
    Path target = Path.of(args[0]);
    Assemble assemble = new Assemble(target.resolve("starling"));
    List<Path> jars = new ArrayList<>(files(target.resolve("dependencies"), ".jar"));
    jars.add(Path.of(args[2]));
    assemble.library(jars);
    assemble.copyAll(files(Path.of(args[1]), ".options"), "jvm", Set.of());
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
