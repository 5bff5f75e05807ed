package social.starling.bench.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import social.starling.bench.failover.Checker.Stored;

/** Each kind of violation is planted and must be told. */
class CheckerTest {

  private static final String AUTHOR = "alice";

  private final List<Write> written = new ArrayList<>();
  private final List<Stored> stored = new ArrayList<>();

  @Test
  void shouldFindNothingWrongWithWhatWasAcknowledgedAndIsThere() {
    acknowledged(1, 11);
    acknowledged(2, 12);
    stored(11, 1);
    stored(12, 2);

    assertThat(violations()).isEmpty();
  }

  @Test
  void shouldAllowAnUnknownOutcomeToBeThereOrNot() {
    acknowledged(1, 11);
    tried(2, Write.End.UNKNOWN);
    tried(3, Write.End.UNKNOWN);
    acknowledged(4, 14);
    stored(11, 1);
    stored(13, 3);
    stored(14, 4);

    assertThat(violations()).isEmpty();
  }

  @Test
  void shouldTellAnAcknowledgedPostThatIsLost() {
    acknowledged(1, 11);
    acknowledged(2, 12);
    stored(11, 1);

    assertThat(violations()).containsExactly("alice: post 2 was acknowledged and is lost");
  }

  @Test
  void shouldTellAPostThatIsThereTwice() {
    acknowledged(1, 11);
    stored(11, 1);
    stored(12, 1);

    assertThat(violations()).containsExactly("alice: post 1 is there twice");
  }

  @Test
  void shouldTellAnUnknownOutcomeThatIsThereTwice() {
    tried(1, Write.End.UNKNOWN);
    stored(11, 1);
    stored(12, 1);

    assertThat(violations()).containsExactly("alice: post 1 is there twice");
  }

  @Test
  void shouldTellPostsInAnotherOrder() {
    acknowledged(1, 12);
    acknowledged(2, 11);
    stored(11, 2);
    stored(12, 1);

    assertThat(violations()).containsExactly("alice: post 1 stands after post 2");
  }

  @Test
  void shouldTellIdsThatDoNotRise() {
    acknowledged(1, 12);
    acknowledged(2, 11);
    stored(12, 1);
    stored(11, 2);

    assertThat(violations()).containsExactly("alice: post 2 has id 11, the one before it 12");
  }

  @Test
  void shouldTellAnIdThatIsNotTheAcknowledgedOne() {
    acknowledged(1, 11);
    stored(12, 1);

    assertThat(violations()).containsExactly("alice: post 1 has id 12, acknowledged was 11");
  }

  @Test
  void shouldTellAPostThatNobodyWroteAndOneThatWasRefused() {
    tried(1, Write.End.REFUSED);
    stored(11, 1);
    stored.add(new Stored(12, "what nobody wrote"));

    assertThat(violations())
        .containsExactly(
            "alice: post 1 was refused and is there", "alice: post 12 was never written");
  }

  @Test
  void shouldTellABoundedNumber() {
    for (int i = 1; i <= 1_000; i++) {
      acknowledged(i, 10 + i);
    }

    assertThat(violations()).hasSize(Checker.MOST);
  }

  private List<String> violations() {
    return Checker.violations(AUTHOR, written, stored);
  }

  private void acknowledged(int sequence, long id) {
    written.add(write(sequence, Write.End.ACKNOWLEDGED, id));
  }

  private void tried(int sequence, Write.End end) {
    written.add(write(sequence, end, 0));
  }

  private void stored(long id, int sequence) {
    stored.add(new Stored(id, "text " + sequence));
  }

  private static Write write(int sequence, Write.End end, long id) {
    return new Write(AUTHOR, sequence, "text " + sequence, 0, 0, 0, end, "", id);
  }
}
