package social.starling.torture.planted;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import social.starling.torture.check.Checker;
import social.starling.torture.check.Violation;
import social.starling.torture.history.History;
import social.starling.torture.history.HistoryReader;

/**
 * Plants bugs, one after the other, in copies of the assembled programs, tortures each copy until a
 * checker finds something, and prints which one did and how soon. Started by {@code
 * services/torture/planted}, which tells the options.
 */
final class PlantedRuns {

  private static final int BROKEN = 10;
  private static final long EXTRA_MINUTES = 15;

  private final Path root;
  private Path distribution;
  private Path directory;
  private String minutes = "1";
  private int runs = 6;
  private OptionalLong seed = OptionalLong.empty();
  private String rate = "60";
  private String faults = "";
  private boolean keep;
  private boolean control;
  private boolean build;
  private boolean list;
  private final Set<String> names = new TreeSet<>();

  private PlantedRuns(Path root) {
    this.root = root;
    this.distribution = root.resolve("services/launcher/target/starling");
    this.directory = root.resolve("services/torture/target/planted");
  }

  /** The first argument is the root of the repository. */
  public static void main(String[] args) throws Exception {
    PlantedRuns planted = new PlantedRuns(Path.of(args[0]).toAbsolutePath().normalize());
    try {
      planted.options(List.of(args).subList(1, args.length));
    } catch (IllegalArgumentException e) {
      System.err.println("planted: " + e.getMessage() + "; --help tells what can be said");
      System.exit(2);
    }
    System.exit(planted.run() ? 0 : 1);
  }

  private void options(List<String> args) {
    List<String> left = new ArrayList<>(args);
    while (!left.isEmpty()) {
      String word = left.removeFirst();
      switch (word) {
        case "--list" -> list = true;
        case "--build" -> build = true;
        case "--control" -> control = true;
        case "--keep" -> keep = true;
        case "--minutes" -> minutes = value(word, left);
        case "--runs" -> runs = Integer.parseInt(value(word, left));
        case "--seed" -> seed = OptionalLong.of(Long.parseLong(value(word, left)));
        case "--rate" -> rate = value(word, left);
        case "--faults" -> faults = value(word, left);
        case "--dist" -> distribution = Path.of(value(word, left)).toAbsolutePath();
        case "--dir" -> directory = Path.of(value(word, left)).toAbsolutePath();
        default -> {
          if (word.startsWith("-")) {
            throw new IllegalArgumentException("there is no option " + word);
          }
          names.add(word);
        }
      }
    }
  }

  private static String value(String option, List<String> left) {
    if (left.isEmpty()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return left.removeFirst();
  }

  /** Whether everything came out as it should. */
  private boolean run() throws IOException, InterruptedException {
    List<PlantedBug> bugs = chosen();
    if (list) {
      bugs.forEach(bug -> System.out.printf("%-38s %s%n", bug.name(), bug.wrong()));
      return true;
    }
    List<Result> results = new ArrayList<>();
    for (PlantedBug bug : bugs) {
      Path work = emptied(directory.resolve(control ? "control-" + bug.name() : bug.name()));
      Variant variant =
          control
              ? Variant.copy(distribution, work)
              : Variant.plant(bug, distribution, root, work);
      if (build) {
        System.out.printf("%s: %s%n", bug.name(), variant.home());
      } else {
        Result result = torture(bug, variant, work);
        results.add(result);
        System.out.println(result.line());
      }
    }
    if (!build) {
      print(results);
    }
    return results.stream().allMatch(result -> control ? result.clean() : result.caught());
  }

  private List<PlantedBug> chosen() throws IOException {
    List<PlantedBug> all = PlantedBug.all(root.resolve("services/torture/src/planted"));
    for (String name : names) {
      if (all.stream().noneMatch(bug -> bug.name().equals(name))) {
        throw new IOException("there is no bug " + name + "; --list says what there is");
      }
    }
    return all.stream().filter(bug -> names.isEmpty() || names.contains(bug.name())).toList();
  }

  /**
   * What came of one bug.
   *
   * @param seconds by checker: how long after the beginning of the run that which it found
   *     happened
   * @param run number of the run in which it was caught, or how many there were
   */
  private record Result(
      PlantedBug bug, Map<String, Double> seconds, int run, long seed, String trouble) {

    /** By one that should. Anything else found is told, too, but is not what was looked for. */
    boolean caught() {
      return bug.caughtBy().stream().anyMatch(seconds::containsKey);
    }

    boolean clean() {
      return seconds.isEmpty() && trouble.isEmpty();
    }

    double first() {
      return bug.caughtBy().stream()
          .filter(seconds::containsKey)
          .mapToDouble(seconds::get)
          .min()
          .orElse(-1);
    }

    String by() {
      return String.join(
          ", ",
          seconds.entrySet().stream()
              .sorted(Map.Entry.comparingByValue())
              .map(entry -> "%s %.0f s".formatted(entry.getKey(), entry.getValue()))
              .toList());
    }

    String line() {
      String found = seconds.isEmpty() ? "nothing found" : by();
      return "%s: %s; run %d, seed %d%s"
          .formatted(bug.name(), found, run, seed, trouble.isEmpty() ? "" : "; " + trouble);
    }
  }

  private Result torture(PlantedBug bug, Variant variant, Path work)
      throws IOException, InterruptedException {
    Result result = null;
    for (int number = 1; number <= runs; number++) {
      result = torture(bug, variant, work, number);
      if (control ? !result.clean() : result.caught()) {
        break;
      }
      System.out.printf("  %s%n", result.line());
    }
    return result;
  }

  private Result torture(PlantedBug bug, Variant variant, Path work, int number)
      throws IOException, InterruptedException {
    long own = seed.orElse(bug.seed()) + number - 1;
    Path dir = work.resolve("seed-" + own);
    Path log = work.resolve("seed-%d.log".formatted(own));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + variant.home().resolve("jvm/launcher.options"),
                "-cp",
                variant.home().resolve("lib/starling.jar").toString(),
                "social.starling.client.cli.StarlingMain",
                "torture"));
    command.addAll(List.of("--dir", dir.toString(), "--seed", Long.toString(own)));
    command.addAll(List.of("--minutes", minutes, "--rate", rate));
    List<String> asked = new ArrayList<>(bug.torture());
    int kinds = asked.indexOf("--faults") + 1;
    if (!faults.isEmpty() && kinds > 0) {
      asked.set(kinds, faults);
    }
    command.addAll(asked);
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    // Who is interrupted takes back what was done, and ends the processes.
    Thread ending = new Thread(() -> end(process));
    Runtime.getRuntime().addShutdownHook(ending);
    long limit = (long) Math.ceil(Double.parseDouble(minutes)) + EXTRA_MINUTES;
    if (!process.waitFor(limit, TimeUnit.MINUTES)) {
      end(process);
    }
    Runtime.getRuntime().removeShutdownHook(ending);
    int code = process.exitValue();
    Map<String, Double> found = new TreeMap<>();
    String trouble = "";
    if (code == BROKEN) {
      found = found(dir, log);
    } else if (code != 0) {
      trouble = "the run ended with code %d; see %s".formatted(code, log);
    }
    if (!keep) {
      delete(dir.resolve("data"));
    }
    return new Result(bug, found, number, own, trouble);
  }

  private static void end(Process process) {
    process.destroy();
    try {
      process.waitFor(EXTRA_MINUTES, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** By checker: when the first thing that it found happened, in seconds. */
  private static Map<String, Double> found(Path dir, Path log) throws IOException {
    Map<String, Double> found = new TreeMap<>();
    History history = HistoryReader.read(dir.resolve("history.jsonl"));
    for (Violation violation : Checker.check(history)) {
      found.merge(violation.checker(), violation.at() / 1e9, Math::min);
    }
    // What did not come back stands in the log only. It is known when the patience is over.
    if (found.isEmpty() || Files.readString(log).contains("NOT BACK")) {
      found.put("comes back", history.nanos() / 1e9);
    }
    return found;
  }

  private void print(List<Result> results) {
    System.out.println();
    if (control) {
      long clean = results.stream().filter(Result::clean).count();
      System.out.printf("without a bug: %d of %d are clean%n", clean, results.size());
      return;
    }
    System.out.println("| planted bug | caught by | after | run (seed) | faults |");
    System.out.println("| --- | --- | --- | --- | --- |");
    for (Result result : results) {
      System.out.printf(
          "| %s | %s | %s | %d (%d) | %s |%n",
          result.bug.name(),
          result.seconds.isEmpty() ? "–" : String.join(", ", result.seconds.keySet()),
          result.caught() ? "%.0f s".formatted(result.first()) : "not caught",
          result.run,
          result.seed,
          faults.isEmpty() ? String.join(" ", result.bug.torture()) : faults);
    }
  }

  private static Path emptied(Path folder) throws IOException {
    delete(folder);
    return Files.createDirectories(folder);
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(file -> {
            try {
              Files.delete(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }
}
