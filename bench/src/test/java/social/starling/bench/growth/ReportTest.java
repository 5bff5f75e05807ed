package social.starling.bench.growth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.StartException;

class ReportTest {

  @TempDir Path folder;

  @Test
  void shouldReportWhatThePartsLeft() throws Exception {
    results("size", "memory-users", false).write(folder);
    results("followed", "timeline", true).write(folder);

    String text = Report.write(folder);

    assertThat(text)
        .contains("== followed", "== size", "two processors", "One thing is missing.")
        .contains("50.000   40.000 to 60.000, 3 runs")
        .contains("grows with the power 1.00 of the number from 200 on")
        .contains("100.000 per 1,000 users on average");
    assertThat(text.indexOf("== followed")).isLessThan(text.indexOf("== size"));
    assertThat(folder.resolve("growth.txt")).hasContent(text);
    assertThat(folder.resolve("timeline.svg")).exists();
    assertThat(folder.resolve("memory-users.svg")).exists();
  }

  @Test
  void shouldSayWhichFileIsNotUnderstood() throws Exception {
    Files.writeString(folder.resolve("state.json"), "{");

    assertThatThrownBy(() -> Report.write(folder))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("state.json is not understood");
  }

  private static Results results(String part, String curve, boolean logarithmic) {
    return new Results(
        part,
        "2026-11-22T11:00:00Z",
        3,
        List.of("two processors"),
        List.of(
            new Curve(
                curve,
                "Title",
                "users",
                "MiB",
                logarithmic,
                List.of(
                    new Curve.Series(
                        "line", List.of(new Point(500, 50, 40, 60, 3), Point.of(5_000, 500)))))),
        List.of("One thing is missing."));
  }
}
