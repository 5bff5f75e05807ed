package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {

  private static Options with(long heartbeat, long silence, long lease, int minInSync) {
    return new Options(
        "a", "b", "a-1", 1, heartbeat, silence, lease, minInSync, 1_000, 1_000, 1_000, 1_000);
  }

  @Test
  void shouldWaitLongerThanALeaseByMoreThanClocksDifferInRate() {
    Options options = Options.defaults("a", "b", "a-1", 1);
    double slowest = 0.95;
    double fastest = 1.05;

    assertThat(options.grace() / fastest).isGreaterThan(options.lease() / slowest);
  }

  @Test
  void shouldRefuseTimesThatCannotWorkTogether() {
    assertThatThrownBy(() -> with(0, 10, 5, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> with(3, 10, 5, 1)).hasMessageContaining("lease >= 2 heartbeats");
    assertThatThrownBy(() -> with(2, 5, 5, 1)).hasMessageContaining("silence > lease");
  }

  @Test
  void shouldRefuseACopyCountThatTwoMembersCannotGive() {
    assertThatThrownBy(() -> with(1, 10, 5, 0)).hasMessageContaining("minInSync is 0");
    assertThatThrownBy(() -> with(1, 10, 5, 3)).hasMessageContaining("minInSync is 3");
  }

  @Test
  void shouldRefuseAMemberThatIsItsOwnPeer() {
    assertThatThrownBy(() -> Options.defaults("a", "a", "a-1", 1)).hasMessageContaining("own peer");
  }

  @Test
  void shouldRefuseAClusterNumberThatIdsCannotHold() {
    assertThatThrownBy(() -> Options.defaults("a", "b", "a-1", 1_024))
        .hasMessageContaining("1024");
  }

  @Test
  void shouldRefuseBoundsThatStopEverything() {
    assertThatThrownBy(
            () -> new Options("a", "b", "a-1", 1, 1, 10, 5, 1, 1_000, 0, 1_000, 1_000))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldRefuseAJournalStateThatContradictsItself() {
    assertThatThrownBy(() -> new JournalState("v", 0, 5, 1, 10, 0, 0, List.of(), 4))
        .hasMessageContaining("base 5, applied 4");
    assertThatThrownBy(() -> new JournalState("v", 0, 0, 0, 10, 0, 0, List.of(), 11))
        .hasMessageContaining("applied 11, last 10");
  }
}
