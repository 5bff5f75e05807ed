package social.starling.e2e.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.machine.Story;
import social.starling.torture.check.Checker;
import social.starling.torture.check.Violation;
import social.starling.torture.history.Call;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.History;
import social.starling.torture.history.HistoryReader;
import social.starling.torture.history.HistoryWriter;
import social.starling.torture.history.Stored;
import social.starling.torture.load.Crowd;
import social.starling.torture.load.Inventory;
import social.starling.torture.load.Notebook;
import social.starling.torture.report.Figures;

/**
 * Writers and readers of all clusters at work, by the routers' node ports, in the way of {@code
 * starling torture}; at the end its checkers go over all that they did and saw. One thread.
 */
public final class Traffic implements AutoCloseable {

  private static final int NUMBERS = 10_000;
  private static final Pattern NUMBERED = Pattern.compile("[a-z]+([0-9]{1,10})");

  /** Of the chart's own test. */
  private static final String TEST_USER = "helm_test";

  private final Starling starling;
  private final Story story;
  private final List<String> clusters;
  private final Path file;
  private final int firstNumber;
  private final long origin = System.nanoTime();
  private final Instant begun = Instant.now();
  private final HistoryWriter writer;
  private final Notebook notebook;
  private final Crowd crowd;

  /**
   * Nobody is at work yet.
   *
   * @param turn above that of each before on this installation; 1 or more
   * @param rate calls a second
   * @param deadline of a call
   * @param file where the history is written
   */
  public Traffic(
      Starling starling, Story story, int turn, double rate, Duration deadline, Path file) {
    this.starling = starling;
    this.story = story;
    this.file = file;
    this.firstNumber = turn * NUMBERS;
    this.clusters = starling.clusterNames();
    long seed = turn;
    Function<String, String> homes = starling.homes();
    this.writer = HistoryWriter.create(file, seed, "mvn verify -Pkind", begun);
    this.notebook = new Notebook(writer, () -> System.nanoTime() - origin, homes);
    this.crowd =
        new Crowd(
            new Crowd.Entrance(starling.routers(), false, firstNumber),
            clusters,
            homes,
            deadline,
            Crowd.Pace.of(rate, clusters.size()),
            notebook,
            new SplittableRandom(seed));
  }

  /** Lets everybody begin. */
  public void begin() throws InterruptedException {
    crowd.begin();
    story.tell(
        "%d people are at work in %s, by the routers %s",
        crowd.people().size(), clusters, starling.routers());
  }

  /** Now, by the history's clock. */
  public long now() {
    return notebook.now();
  }

  /** A time by the history's clock. */
  public long at(Instant instant) {
    return Duration.between(begun, instant).toNanos();
  }

  /** Writes down what was done to the installation, so that it stands beside what came of it. */
  public void done(String kind, String target, long since, List<String> concerned) {
    notebook.write(new Fault(kind, List.of(target), "", since, notebook.now(), concerned));
  }

  /** Waits until every cluster acknowledged a write that began after a time; how long that took. */
  public Duration awaitWrites(long since, Duration patience) {
    Starling.within(patience)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() ->
            assertThat(clusters)
                .as("clusters that acknowledge writes again")
                .allMatch(cluster -> notebook.newestAcknowledged(cluster) > since));
    return Duration.ofNanos(notebook.now() - since);
  }

  /**
   * Lets everybody end, reads everything back and checks all of it.
   *
   * @throws AssertionError when a promise was broken
   */
  public History finish() throws InterruptedException, IOException {
    List<String> wrong = new ArrayList<>();
    try {
      crowd.endWork();
    } catch (TimeoutException e) {
      wrong.add("calls do not end: " + e.getMessage());
    }
    wrong.addAll(crowd.failures());
    Inventory inventory =
        new Inventory(
            new Inventory.Place(starling.routers(), starling::members, starling::digest),
            crowd,
            notebook,
            clusters);
    crowd.people().forEach(writer::home);
    writer.stored(ofThisCrowd(inventory.take(wrong::add)));
    writer.end(notebook.now());
    writer.close();
    History history = HistoryReader.read(file);
    List<Violation> violations = Checker.check(history);
    Figures figures = Figures.of(history);
    Figures.Counts total = figures.total();
    story.tell(
        "%d calls acknowledged, %d refused, %d failed, %d with an unknown outcome; %d posts shown by"
            + " %d streams; slowest call %s; broken promises: %d (checked: %s)",
        total.acknowledged(),
        total.refused(),
        total.failed(),
        total.unknown(),
        figures.shown(),
        figures.streams(),
        Story.shown(slowest(calls(history, 0, Long.MAX_VALUE))),
        violations.size(),
        String.join(", ", Checker.names()));
    violations.forEach(violation -> wrong.add(violation.checker() + ": " + violation.sentence()));
    assertThat(wrong).as("what clients did and saw, in " + file).isEmpty();
    Files.delete(file);
    return history;
  }

  /** Without the users of others on this installation, who have lower numbers. */
  private Stored ofThisCrowd(Stored all) {
    Map<String, List<String>> users = new TreeMap<>();
    all.users()
        .forEach((cluster, names) ->
            users.put(cluster, names.stream().filter(name -> !isOther(name)).toList()));
    return new Stored(
        all.posts(),
        all.following(),
        all.followers(),
        all.timelines(),
        users,
        all.digests(),
        all.verified());
  }

  private boolean isOther(String name) {
    Matcher numbered = NUMBERED.matcher(name);
    return name.equals(TEST_USER)
        || numbered.matches() && Long.parseLong(numbered.group(1)) < firstNumber;
  }

  /** Calls that ended between two times. */
  public static List<Call> calls(History history, long from, long to) {
    List<Call> calls = new ArrayList<>();
    for (Event event : history.events()) {
      if (event instanceof Call call && call.ended() >= from && call.begun() <= to) {
        calls.add(call);
      }
    }
    return calls;
  }

  /** Those that got no answer but an error for want of the service. */
  public static long failed(List<Call> calls) {
    return calls.stream()
        .filter(call ->
            call.outcome() == Call.Outcome.UNKNOWN
                || call.outcome() == Call.Outcome.FAILED && !Figures.isAnswer(call.reason()))
        .count();
  }

  /** How long the slowest took. */
  public static Duration slowest(List<Call> calls) {
    return Duration.ofNanos(
        calls.stream().mapToLong(call -> call.ended() - call.begun()).max().orElse(0));
  }

  @Override
  public void close() {
    crowd.close();
  }
}
