package social.starling.torture.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import social.starling.torture.check.Checker;
import social.starling.torture.check.Violation;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Call.Via;
import social.starling.torture.history.Content;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.History;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Shown;
import social.starling.torture.history.Stored;
import social.starling.torture.history.StreamBegun;

class ReportTest {

  private static final long MS = 1_000_000;

  @TempDir Path dir;

  private final List<Event> events = new ArrayList<>();

  @Test
  void shouldMeasureFromAFaultToTheNextWriteOfItsClusters() {
    post("bob", 1, 0, 10, Outcome.OK, "");
    // Begun before the fault: says nothing.
    post("bob", 2, 90, 130, Outcome.OK, "");
    fault("kill", 100, List.of("alpha"));
    post("carol", 3, 110, 120, Outcome.OK, "");
    post("bob", 4, 120, 300, Outcome.OK, "");
    fault("cut", 400, List.of("alpha", "beta"));
    post("bob", 5, 410, 420, Outcome.OK, "");
    post("carol", 6, 500, 700, Outcome.OK, "");
    fault("kill", 800, List.of("beta"));
    fault("kill", 900, List.of("alpha"));
    post("bob", 7, 910, 920, Outcome.OK, "");
    fault("clock", 950, List.of());

    List<Figures.Kind> kinds = Figures.of(history(1_000)).faults();

    assertThat(kinds)
        .containsExactly(
            new Figures.Kind("clock", 1, 0, 0, 0, 0),
            new Figures.Kind("cut", 1, 1, 300 * MS, 300 * MS, 300 * MS),
            new Figures.Kind("kill", 3, 2, 20 * MS, 200 * MS, 200 * MS));
  }

  @Test
  void shouldCountCallsByHowTheyEndedInEachSecond() {
    post("bob", 1, 100, 110, Outcome.OK, "");
    post("bob", 2, 200, 240, Outcome.OK, "");
    post("bob", 3, 300, 2_100, Outcome.UNKNOWN, "UNKNOWN_OUTCOME");
    call("bob", new Operation.Delete(9), 2_200, 2_210, Outcome.FAILED, "POST_UNKNOWN");
    call("bob", new Operation.Follow("carol"), 2_300, 2_310, Outcome.FAILED, "CLUSTER_DOWN");
    events.add(new StreamBegun("bob", 1, 0, 2_400 * MS));
    events.add(new Shown("bob", 1, 1, 1, 2_500 * MS));

    Figures figures = Figures.of(history(4_000));

    assertThat(figures.operations())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "post", new Figures.Counts(2, 0, 0, 1),
                "delete", new Figures.Counts(0, 1, 0, 0),
                "follow", new Figures.Counts(0, 0, 1, 0)));
    assertThat(figures.total()).isEqualTo(new Figures.Counts(2, 1, 1, 1));
    assertThat(figures.seconds().stream().map(Figures.Second::calls))
        .containsExactly(
            new Figures.Counts(2, 0, 0, 0),
            new Figures.Counts(0, 0, 0, 0),
            new Figures.Counts(0, 1, 1, 1),
            new Figures.Counts(0, 0, 0, 0));
    assertThat(figures.seconds().getFirst().p50()).isBetween(10 * MS, 10 * MS + MS / 50);
    assertThat(figures.seconds().getFirst().max()).isBetween(40 * MS, 40 * MS + MS / 20);
    assertThat(figures.shown()).isEqualTo(1);
    assertThat(figures.streams()).isEqualTo(1);
  }

  @Test
  void shouldWriteOnePageThatNeedsNothingElse() throws Exception {
    post("bob", 1, 100, 110, Outcome.OK, "");
    fault("kill", 500, List.of("alpha"));
    post("bob", 2, 600, 640, Outcome.OK, "");
    List<Violation> violations =
        List.of(
            new Violation("acknowledged", "post 1 of bob \"<script>&\" is lost", 640 * MS, events));
    Path file = dir.resolve("report.html");

    Report.write(history(5_000), violations, Figures.of(history(5_000)), file);

    String html = Files.readString(file);
    assertThat(html)
        .contains("1 violation was found")
        .contains("starling torture --seed 42 --minutes 1")
        .contains("&lt;script&gt;&amp;")
        .contains("alpha-1")
        .contains("posts &quot;text 1&quot; → 1: ok")
        .contains("prefers-color-scheme: dark")
        .doesNotContain("<script")
        .doesNotContain("http")
        .doesNotContain("src=");
    Document svg = picture(html);
    assertThat(count(svg, "fault")).isEqualTo(1);
    assertThat(count(svg, "violation")).isEqualTo(1);
    assertThat(count(svg, "good")).isEqualTo(5);
  }

  @Test
  void shouldKeepThePictureOfALongRunSmall() throws Exception {
    int seconds = 4 * 3_600;
    for (int i = 0; i < seconds; i++) {
      post("bob", i, i * 1_000L, i * 1_000L + 5, i == 7_000 ? Outcome.UNKNOWN : Outcome.OK, "");
    }
    Path file = dir.resolve("report.html");

    Report.write(history(seconds * 1_000L), List.of(), Figures.of(history(seconds * 1_000L)), file);

    String html = Files.readString(file);
    Document svg = picture(html);
    assertThat(html).contains("No promise was broken").contains("worst of 30 seconds");
    assertThat(count(svg, "good")).isEqualTo(480);
    assertThat(count(svg, "bad")).as("the second in which a call failed").isEqualTo(1);
  }

  @Test
  void shouldTellATerminalAndAProgram() {
    post("bob", 1, 100, 110, Outcome.OK, "");
    fault("kill", 500, List.of("alpha"));
    post("bob", 2, 600, 640, Outcome.OK, "");
    List<Violation> violations =
        List.of(new Violation("twice", "it was done twice", 700 * MS, List.of()));
    Figures figures = Figures.of(history(60_000));

    String text = Report.text(history(60_000), violations, figures);
    JsonObject json =
        JsonParser.parseString(Report.json(history(60_000), violations, figures)).getAsJsonObject();

    assertThat(text)
        .startsWith("1 violation was found: 0:01:00.000 of calls, 2 acknowledged, 1 faults.")
        .contains("kill")
        .contains("140 ms")
        .contains("0:00:00.700  twice: it was done twice")
        .contains("again: starling torture --seed 42 --minutes 1");
    assertThat(json.get("seed").getAsLong()).isEqualTo(42);
    assertThat(json.get("complete").getAsBoolean()).isTrue();
    assertThat(
            json.getAsJsonArray("faults").get(0).getAsJsonObject().get("maxMillis").getAsDouble())
        .isEqualTo(140);
    assertThat(json.getAsJsonObject("violationsByChecker").get("twice").getAsInt()).isEqualTo(1);
    assertThat(
            json.getAsJsonObject("operations")
                .getAsJsonObject("post")
                .get("acknowledged")
                .getAsInt())
        .isEqualTo(2);
  }

  @Test
  void shouldNameEveryCheckerInThePage() throws Exception {
    Path file = dir.resolve("report.html");

    Report.write(history(1_000), List.of(), Figures.of(history(1_000)), file);

    assertThat(Files.readString(file)).contains(Checker.names()).contains("no faults");
  }

  private static Document picture(String html) throws Exception {
    String svg = html.substring(html.indexOf("<svg"), html.indexOf("</svg>") + 6);
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }

  private static long count(Document svg, String kind) {
    long count = 0;
    var all = svg.getElementsByTagName("*");
    for (int i = 0; i < all.getLength(); i++) {
      var named = all.item(i).getAttributes().getNamedItem("class");
      count += named != null && named.getNodeValue().equals(kind) ? 1 : 0;
    }
    return count;
  }

  private void post(String user, long id, long begun, long ended, Outcome outcome, String reason) {
    call(
        user,
        new Operation.Post("text " + id, outcome == Outcome.OK ? id : 0),
        begun,
        ended,
        outcome,
        reason);
  }

  private void call(
      String user, Operation operation, long begun, long ended, Outcome outcome, String reason) {
    events.add(new Call(1, user, Via.ROUTER, operation, begun * MS, ended * MS, outcome, reason));
  }

  private void fault(String kind, long at, List<String> clusters) {
    events.add(new Fault(kind, List.of("alpha-1"), "", at * MS, at * MS, clusters));
  }

  private History history(long millis) {
    return new History(
        42,
        "starling torture --seed 42 --minutes 1",
        Instant.EPOCH,
        millis * MS,
        Map.of("bob", "alpha", "carol", "beta"),
        Map.of(1L, new Content("bob", "text 1")),
        events,
        new Stored(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), List.of()));
  }
}
