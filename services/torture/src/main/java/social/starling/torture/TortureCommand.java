package social.starling.torture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.torture.fault.Part;
import social.starling.torture.installation.Distribution;
import social.starling.torture.nemesis.Kind;

/**
 * {@code starling torture}. The run itself is a process of its own: it must find the parts by names
 * that mean something else to it than to anybody, and needs more memory than a command.
 */
@Command(
    name = "torture",
    description = {
      "Put an installation of its own under load, strike it with faults for some minutes, and tell",
      "which promises were broken, if any: real processes, unchanged, on this machine (Linux)."
    },
    exitCodeList = {
      "0:no promise was broken",
      "1:the run could not be done",
      "2:usage or configuration error",
      "10:a promise was broken; the report says which"
    })
final class TortureCommand implements Callable<Integer> {

  static final String HOSTS = "jdk.net.hosts.file";

  private static final List<String> NAMES = List.of("alpha", "beta", "gamma", "delta", "epsilon");

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Makes the same choices again. Default: a random one, which is printed.")
  private Long seed;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      defaultValue = "5",
      description = "How long faults go on. Default: ${DEFAULT-VALUE}.")
  private double minutes;

  @Option(
      names = "--clusters",
      paramLabel = "N",
      defaultValue = "3",
      description = "1 to 5. Default: ${DEFAULT-VALUE}.")
  private int clusters;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "120",
      description = "Calls a second of all clients together, about. Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--faults",
      paramLabel = "KIND",
      split = ",",
      description = "Only these: ${COMPLETION-CANDIDATES}. Default: all.",
      completionCandidates = KindWords.class)
  private List<String> faults;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "For everything that the run keeps. Default: ./torture-SEED.")
  private Path dir;

  @Option(
      names = "--check",
      paramLabel = "HISTORY",
      description = "Run nothing: check a history file again, and write its report.")
  private Path check;

  @Option(
      names = "--output",
      paramLabel = "text|json",
      defaultValue = "text",
      description = "text, or one JSON object.")
  private Format output;

  enum Format {
    TEXT,
    JSON
  }

  /** For the help. */
  static final class KindWords extends ArrayList<String> {
    private static final long serialVersionUID = 1;

    KindWords() {
      super(Stream.of(Kind.values()).map(Kind::word).toList());
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    Set<Kind> kinds = kinds();
    if (check != null) {
      if (!Files.isReadable(check)) {
        throw new StartException(ExitCode.USAGE, "--check: %s cannot be read".formatted(check));
      }
      return run(List.of(), arguments(kinds, check.toAbsolutePath().getParent()));
    }
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new StartException(
          ExitCode.FAILED,
          "this machine has %s; the faults need Linux's loopback addresses, signals and /proc"
              .formatted(System.getProperty("os.name")));
    }
    if (seed == null) {
      seed = ThreadLocalRandom.current().nextLong(1_000_000_000);
    }
    Path directory = (dir == null ? Path.of("torture-" + seed) : dir).toAbsolutePath().normalize();
    try (Stream<Path> there = Files.exists(directory) ? Files.list(directory) : Stream.empty()) {
      if (there.findAny().isPresent()) {
        throw new StartException(
            ExitCode.REFUSED,
            "%s is not empty; name another directory with --dir, or delete it"
                .formatted(directory));
      }
    }
    Files.createDirectories(directory);
    return run(
        List.of("-D" + HOSTS + "=" + Run.hosts(directory, Part.CLIENTS)),
        arguments(kinds, directory));
  }

  private void check() {
    if (!(minutes > 0 && minutes <= 24 * 60)) {
      throw new StartException(
          ExitCode.USAGE, "--minutes is %s; it can be more than 0, to 1440".formatted(minutes));
    }
    if (clusters < 1 || clusters > NAMES.size()) {
      throw new StartException(
          ExitCode.USAGE, "--clusters is %d; it can be 1 to %d".formatted(clusters, NAMES.size()));
    }
    if (!(rate >= 10 && rate <= 5_000)) {
      throw new StartException(
          ExitCode.USAGE, "--rate is %s; it can be 10 to 5000".formatted(rate));
    }
  }

  private Set<Kind> kinds() {
    if (faults == null) {
      return EnumSet.allOf(Kind.class);
    }
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    for (String word : faults) {
      kinds.add(
          Stream.of(Kind.values())
              .filter(kind -> kind.word().equals(word.strip().toLowerCase(Locale.ROOT)))
              .findFirst()
              .orElseThrow(() ->
                  new StartException(
                      ExitCode.USAGE,
                      "--faults: there is no kind %s; there are %s"
                          .formatted(word, String.join(", ", new KindWords())))));
    }
    return kinds;
  }

  private List<String> arguments(Set<Kind> kinds, Path directory) {
    return List.of(
        directory.toString(),
        Long.toString(seed == null ? 0 : seed),
        Duration.ofMillis((long) (minutes * 60_000)).toString(),
        String.join(",", NAMES.subList(0, clusters)),
        Double.toString(rate),
        String.join(",", kinds.stream().map(Kind::name).toList()),
        output.name(),
        check == null ? "" : check.toAbsolutePath().toString());
  }

  private static int run(List<String> properties, List<String> arguments)
      throws IOException, InterruptedException {
    Distribution distribution = Distribution.current();
    List<String> command =
        new ArrayList<>(
            List.of(
                distribution.java().toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "--enable-native-access=ALL-UNNAMED"));
    command.addAll(properties);
    command.addAll(
        List.of(
            "-cp",
            distribution.home().resolve("lib/starling.jar").toString(),
            TortureMain.class.getName()));
    command.addAll(arguments);
    // A Ctrl-C on the terminal reaches it too, and it ends in order.
    Process process = new ProcessBuilder(command).inheritIO().start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> join(process)));
    return process.waitFor();
  }

  private static void join(Process process) {
    try {
      process.destroy();
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
