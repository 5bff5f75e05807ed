package social.starling.torture.fault;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Puts bad disks, wrong clocks and power cuts under processes that know nothing of them: a library
 * that the system loads into them first ({@code LD_PRELOAD}) and that stands between them and the
 * system's own calls. It is compiled where it is to be used, from {@code fault.c}.
 *
 * <p>Thread-safe.
 */
public final class Shim {

  private static final String SOURCE = "fault.c";
  private static final String LIBRARY = "fault.so";
  private static final long COMPILER_SECONDS = 60;

  private final Path dir;
  private final Map<String, ControlFile> controls = new ConcurrentHashMap<>();
  private final Map<String, Path> volumes = new ConcurrentHashMap<>();

  private Shim(Path dir) {
    this.dir = dir;
  }

  /**
   * Compiles the library and tries that it can be loaded.
   *
   * @param dir gets the library, the control files and the undo logs; no volume may lie in it, nor
   *     it in a volume
   * @param problem is told in a sentence what is missing
   * @return empty when there was a problem: then disks and clocks are as they are
   */
  public static Optional<Shim> build(Path dir, Consumer<String> problem) {
    return build(dir, problem, System.getProperty("os.name"), System.getenv("PATH"));
  }

  static Optional<Shim> build(Path dir, Consumer<String> problem, String system, String path) {
    try {
      if (!system.equals("Linux")) {
        throw new IOException("they need Linux, and this is " + system);
      }
      Path home = Files.createDirectories(dir.toAbsolutePath().normalize());
      compile(home, compiler(path));
      tryOut(home.resolve(LIBRARY));
      Files.createDirectories(home.resolve("control"));
      return Optional.of(new Shim(home));
    } catch (IOException e) {
      problem.accept(
          "Bad disks, wrong clocks and power cuts are left out: %s.".formatted(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem.accept("Bad disks, wrong clocks and power cuts are left out: interrupted.");
    }
    return Optional.empty();
  }

  private static Path compiler(String path) throws IOException {
    return Stream.of("cc", "gcc", "clang")
        .flatMap(name ->
            Stream.of(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () -> new IOException("they need a C compiler, and cc, gcc or clang is not in PATH"));
  }

  private static void compile(Path home, Path compiler) throws IOException, InterruptedException {
    Path source = home.resolve(SOURCE);
    try (InputStream resource = Shim.class.getResourceAsStream(SOURCE)) {
      Files.copy(resource, source, StandardCopyOption.REPLACE_EXISTING);
    }
    // A process that runs keeps the library that it has.
    Path fresh = home.resolve(LIBRARY + ".new");
    String said =
        run(
            new ProcessBuilder(
                compiler.toString(),
                "-std=gnu11",
                "-O2",
                "-fPIC",
                "-shared",
                "-pthread",
                "-o",
                fresh.toString(),
                source.toString(),
                "-ldl"));
    if (!Files.exists(fresh)) {
      throw new IOException(
          "%s cannot compile %s: %s"
              .formatted(compiler, source, said.lines().findFirst().orElse("it says nothing")));
    }
    Files.move(fresh, home.resolve(LIBRARY), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void tryOut(Path library) throws IOException, InterruptedException {
    ProcessBuilder trial = new ProcessBuilder("sh", "-c", "echo loaded");
    trial.environment().put("LD_PRELOAD", library.toString());
    String said = run(trial).strip();
    if (!said.equals("loaded")) {
      throw new IOException("a process with %s says: %s".formatted(library, said));
    }
  }

  private static String run(ProcessBuilder builder) throws IOException, InterruptedException {
    Path output = Files.createTempFile("starling", ".out");
    try {
      Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
      if (!process.waitFor(COMPILER_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(
            "%s did not end within %d s".formatted(builder.command().getFirst(), COMPILER_SECONDS));
      }
      return Files.readString(output);
    } finally {
      Files.delete(output);
    }
  }

  /**
   * What the process of a part needs in its environment, so that it can be controlled.
   *
   * @param volume the directory whose files are on the bad disk; it need not exist yet
   * @throws UncheckedIOException when the control file cannot be made
   */
  public Map<String, String> environment(String part, Path volume) {
    Path whole = volume.toAbsolutePath().normalize();
    if (dir.startsWith(whole) || whole.startsWith(dir)) {
      throw new IllegalArgumentException(
          "the volume %s and the shim's directory %s lie in each other".formatted(whole, dir));
    }
    Map<String, String> variables = new LinkedHashMap<>(environment(part));
    volumes.put(part, whole);
    try {
      Files.createDirectories(undo(part));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    variables.put("STARLING_FAULT_VOLUME", whole.toString());
    variables.put("STARLING_FAULT_UNDO", undo(part).toString());
    return variables;
  }

  /** As above, for a process without a volume: its clock alone can be wrong. */
  public Map<String, String> environment(String part) {
    controls.computeIfAbsent(part, this::open);
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("LD_PRELOAD", dir.resolve(LIBRARY).toString());
    variables.put("STARLING_FAULT_CONTROL", dir.resolve("control").resolve(part).toString());
    return variables;
  }

  private ControlFile open(String part) {
    try {
      return new ControlFile(dir.resolve("control").resolve(part));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Control over the processes of a part.
   *
   * @throws IllegalArgumentException when no environment was made for it
   */
  public Control control(String part) {
    return controlFile(part);
  }

  ControlFile controlFile(String part) {
    return Optional.ofNullable(controls.get(part))
        .orElseThrow(() -> new IllegalArgumentException(part + " has no shim"));
  }

  Path undo(String part) {
    return dir.resolve("undo").resolve(part);
  }

  Path volume(String part) {
    return Optional.ofNullable(volumes.get(part))
        .orElseThrow(() -> new IllegalArgumentException(part + " has no volume under the shim"));
  }
}
