package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static social.starling.replication.ReadPermit.Answer.NO;
import static social.starling.replication.ReadPermit.Answer.WAIT;
import static social.starling.replication.ReadPermit.Answer.YES;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ReadPermitTest {

  private final ReadPermit permit = new ReadPermit();

  @Test
  void shouldAnswerNothingAtFirst() {
    assertThat(permit.check(0)).isEqualTo(NO);
  }

  @Test
  void shouldAnswerWhileTheLeaseHolds() {
    permit.set(false, 1_000, 500);

    assertThat(permit.check(999)).isEqualTo(YES);
    assertThat(permit.check(1_000)).isEqualTo(WAIT);
  }

  @Test
  void shouldNeedNoLeaseAlone() {
    permit.set(true, 0, 500);

    assertThat(permit.check(1_000_000)).isEqualTo(YES);
  }

  @Test
  void shouldNotAnswerWhatWasReadBeforeItOpened() {
    permit.set(true, 0, 500);

    assertThat(permit.check(499)).isEqualTo(WAIT);
    assertThat(permit.check(500)).isEqualTo(YES);
  }

  @Test
  void shouldAnswerNothingOnceItIsShut() {
    permit.set(true, 0, 500);
    permit.shut();

    assertThat(permit.check(600)).isEqualTo(NO);
  }

  @Property
  void shouldNotCareWhereTheClockBegins(@ForAll long origin) {
    ReadPermit anywhere = new ReadPermit();
    anywhere.set(false, origin + 1_000, origin + 500);

    assertThat(anywhere.check(origin + 499)).isEqualTo(WAIT);
    assertThat(anywhere.check(origin + 500)).isEqualTo(YES);
    assertThat(anywhere.check(origin + 999)).isEqualTo(YES);
    assertThat(anywhere.check(origin + 1_000)).isEqualTo(WAIT);
  }
}
