package social.starling.bench.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class OutageTest {

  private static final long FAULT = 1_000;
  private static final long CAUSED = 1_005;
  private static final long UNTIL = 2_000;

  @Test
  void shouldCountToTheFirstAcknowledgementOfAWriteThatBeganAfterTheFault() {
    Outage outage =
        Outage.of(
            FAULT,
            CAUSED,
            UNTIL,
            List.of(
                // On its way when the master died: it says nothing of the next master.
                acknowledged(990, 1_001),
                acknowledged(1_002, 1_004),
                acknowledged(1_010, 1_150),
                acknowledged(1_020, 1_140)));

    assertThat(outage.next()).hasValue(140);
    assertThat(outage.acknowledged()).isEqualTo(4);
  }

  @Test
  void shouldTellTheLongestTimeWithoutAnyAcknowledgement() {
    Outage outage =
        Outage.of(
            FAULT,
            CAUSED,
            UNTIL,
            List.of(
                acknowledged(990, 1_100), acknowledged(1_110, 1_450), acknowledged(1_460, 1_470)));

    assertThat(outage.gap()).isEqualTo(350);
  }

  @Test
  void shouldTellThatThereWasNoNextWrite() {
    Outage outage =
        Outage.of(FAULT, CAUSED, UNTIL, List.of(failed(1_010, 1_900), acknowledged(900, 1_001)));

    assertThat(outage.next()).isEmpty();
    assertThat(outage.failed()).isEqualTo(1);
    assertThat(outage.slowest()).isEqualTo(890);
  }

  @Test
  void shouldNotLookBeyondItsEnd() {
    Outage outage =
        Outage.of(
            FAULT,
            CAUSED,
            UNTIL,
            List.of(acknowledged(10, 999), acknowledged(1_010, 1_020), failed(1_030, 2_001)));

    assertThat(outage.failed()).isZero();
    assertThat(outage.slowest()).isEqualTo(10);
    assertThat(outage.acknowledged()).isEqualTo(1);
  }

  @Test
  void shouldTakeTheMiddleAsMedian() {
    assertThat(FailoverReport.Summary.of(new double[] {9, 1, 5}))
        .isEqualTo(new FailoverReport.Summary(5, 9));
    assertThat(FailoverReport.Summary.of(new double[] {9, 1, 5, 7}))
        .isEqualTo(new FailoverReport.Summary(6, 9));
  }

  private static Write acknowledged(long begun, long ended) {
    return new Write("a", 1, "", begun, begun, ended, Write.End.ACKNOWLEDGED, "", 1);
  }

  private static Write failed(long begun, long ended) {
    return new Write("a", 1, "", begun, begun, ended, Write.End.UNKNOWN, "UNAVAILABLE", 0);
  }
}
