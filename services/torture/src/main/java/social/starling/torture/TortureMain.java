package social.starling.torture;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import social.starling.common.ExitCode;
import social.starling.common.Logging;
import social.starling.common.StartException;
import social.starling.torture.check.Checker;
import social.starling.torture.check.Violation;
import social.starling.torture.history.History;
import social.starling.torture.history.HistoryReader;
import social.starling.torture.history.HistoryWriter;
import social.starling.torture.installation.Installation;
import social.starling.torture.nemesis.Kind;
import social.starling.torture.report.Figures;
import social.starling.torture.report.Report;

/**
 * The process of one run: started by {@link TortureCommand} with everything decided. It runs,
 * checks what was written down, and writes the report.
 */
final class TortureMain {

  static final String HISTORY = "history.jsonl";
  static final String REPORT = "report.html";
  static final int BROKEN = 10;

  private static final Duration ORDERLY = Duration.ofMinutes(3);

  private TortureMain() {}

  public static void main(String[] args) throws Exception {
    Logging.configure(Logging.Format.TEXT, Logging.Level.ERROR, "torture");
    Path directory = Path.of(args[0]);
    long seed = Long.parseLong(args[1]);
    Duration length = Duration.parse(args[2]);
    List<String> clusters = List.of(args[3].split(","));
    double rate = Double.parseDouble(args[4]);
    Set<Kind> kinds = EnumSet.copyOf(Stream.of(args[5].split(",")).map(Kind::valueOf).toList());
    boolean json = args[6].equals("JSON");
    String check = args[7];
    // Sentences to a person hold letters of many languages, whatever the locale says.
    PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Consumer<String> told = err::println;
    int code;
    try {
      code =
          check.isEmpty()
              ? run(
                  new Run.Settings(
                      directory, seed, length, clusters, rate, kinds, Installation.freePort()),
                  told,
                  out,
                  json)
              : judge(Path.of(check), new Run.Outcome(List.of(), List.of()), told, out, json);
    } catch (StartException e) {
      err.println("starling torture: " + e.getMessage());
      code = e.exitCode();
    }
    System.exit(code);
  }

  private static int run(
      Run.Settings settings, Consumer<String> told, PrintStream out, boolean json)
      throws IOException, InterruptedException {
    AtomicBoolean stopped = new AtomicBoolean();
    CountDownLatch judged = new CountDownLatch(1);
    Thread onSignal = new Thread(() -> end(stopped, judged));
    told.accept(
        "seed %d; everything that this run keeps is in %s"
            .formatted(settings.seed(), settings.directory()));
    Path history = settings.directory().resolve(HISTORY);
    try {
      Run.Outcome outcome;
      try (HistoryWriter writer =
          HistoryWriter.create(history, settings.seed(), settings.again(), Instant.now())) {
        Runtime.getRuntime().addShutdownHook(onSignal);
        outcome = new Run(settings, told, stopped).run(writer);
      }
      return judge(history, outcome, told, out, json);
    } finally {
      judged.countDown();
    }
  }

  /** On a signal: what was begun is taken back, checked and reported before the process ends. */
  private static void end(AtomicBoolean stopped, CountDownLatch judged) {
    stopped.set(true);
    try {
      judged.await(ORDERLY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int judge(
      Path file, Run.Outcome outcome, Consumer<String> told, PrintStream out, boolean json)
      throws IOException {
    told.accept("checking ...");
    History history = HistoryReader.read(file);
    List<Violation> violations = new ArrayList<>(Checker.check(history));
    outcome.neverBack().stream()
        .map(sentence -> new Violation("comes back", sentence, history.nanos(), List.of()))
        .forEach(violations::add);
    Figures figures = Figures.of(history);
    Path report = file.resolveSibling(REPORT);
    Report.write(history, violations, figures, report);
    if (json) {
      out.println(Report.json(history, violations, figures));
    } else {
      out.println(Report.text(history, violations, figures));
      out.println("report: " + report);
    }
    return violations.isEmpty() ? ExitCode.DONE : BROKEN;
  }
}
