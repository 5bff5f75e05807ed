package social.starling.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RecorderTest {

  private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long FROM = 1_000 * MS;
  private static final long TO = 11_000 * MS;

  private final Recorder recorder = new Recorder(FROM, TO);

  /**
   * One operation per millisecond for ten seconds; the server stands still for one of them. Counted
   * from when each was sent, one operation would have been slow; counted from when each was to
   * begin, a tenth of them was, for half a second on average.
   */
  @Test
  void shouldShowAStallInEveryOperationThatItHeldUp() {
    Schedule schedule = new Schedule(FROM, 1_000, TO - FROM);
    long stallBegins = FROM + 5_000 * MS;
    long stallEnds = stallBegins + 1_000 * MS;

    while (!schedule.isOver()) {
      long due = schedule.take();
      long sent = due >= stallBegins && due < stallEnds ? stallEnds : due;
      recorder.answered(Kind.POST, due, sent + MS, 0, 1);
    }

    var latency = recorder.tally(Kind.POST).latency;
    assertThat(latency.getTotalCount()).isEqualTo(10_000);
    assertThat(latency.getValueAtPercentile(89) / (double) MS).isCloseTo(1, within(0.1));
    assertThat(latency.getValueAtPercentile(95) / (double) MS).isCloseTo(501, within(5.0));
    assertThat(latency.getMaxValue() / (double) MS).isCloseTo(1_001, within(2.0));
  }

  @Test
  void shouldLeaveOutTheWarmUp() {
    recorder.answered(Kind.TIMELINE, FROM - 1, FROM + MS, 3, 20);
    recorder.failed(Kind.TIMELINE, FROM - 1, 1, "CLUSTER_DOWN");

    Recorder.Tally tally = recorder.tally(Kind.TIMELINE);
    assertThat(tally.latency.getTotalCount()).isZero();
    assertThat(tally.retries).isZero();
    assertThat(tally.failures).isEmpty();
  }

  @Test
  void shouldCountThroughputByWhenAnswersArrived() {
    recorder.answered(Kind.POST, FROM - MS, FROM, 0, 1);
    recorder.answered(Kind.POST, FROM, TO - 1, 0, 1);
    recorder.answered(Kind.POST, TO - 1, TO, 0, 1);

    assertThat(recorder.tally(Kind.POST).answeredInWindow).isEqualTo(2);
    assertThat(recorder.tally(Kind.POST).latency.getTotalCount()).isEqualTo(2);
  }

  @Test
  void shouldCountFailuresByReasonAndNotAsAnswers() {
    recorder.failed(Kind.POST, FROM, 4, "DEADLINE after CLUSTER_DOWN");
    recorder.failed(Kind.POST, FROM, 2, "DEADLINE after CLUSTER_DOWN");
    recorder.failed(Kind.POST, FROM, 0, "USER_UNKNOWN");

    Recorder.Tally tally = recorder.tally(Kind.POST);
    assertThat(tally.failures)
        .containsEntry("DEADLINE after CLUSTER_DOWN", 2L)
        .containsEntry("USER_UNKNOWN", 1L);
    assertThat(tally.retries).isEqualTo(6);
    assertThat(tally.latency.getTotalCount()).isZero();
  }

  @Test
  void shouldKeepKindsApart() {
    recorder.answered(Kind.POST, FROM, FROM + MS, 0, 1);

    assertThat(recorder.tally(Kind.TIMELINE).latency.getTotalCount()).isZero();
    assertThat(Report.lines(recorder, 10)).extracting(Report.Line::kind).containsExactly("post");
  }
}
