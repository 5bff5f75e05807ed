package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import social.starling.replication.Configuration;
import social.starling.replication.Role;
import social.starling.replication.Status;
import social.starling.server.member.DamagedVolume.Step;

class DamagedVolumeTest {

  private final DamagedVolume damaged = new DamagedVolume("b", 1_000);

  private Step slaveIn(long epoch, Map<String, String> inSync, long millis) {
    Configuration known = new Configuration(epoch, "a", "a-1", inSync, false, "", "");
    Status seen = new Status(Role.FOLLOWER, known, epoch, "bv", 9, 9, 9, 0, false, 9, 50);
    return damaged.next(seen, true, TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void aRecordedSlaveLeavesAndGivesUpWhatIsNoLongerRecorded() {
    assertThat(slaveIn(4, Map.of("a", "av", "b", "bv"), 0)).isEqualTo(Step.LEAVE);
    assertThat(slaveIn(4, Map.of("a", "av", "b", "bv"), 100)).isEqualTo(Step.NOTHING);
    assertThat(slaveIn(5, Map.of("a", "av"), 200)).isEqualTo(Step.DISCARD);
  }

  @Test
  void aSlaveThatMayBeAboutToBeRecordedGivesNothingUp() {
    assertThat(slaveIn(4, Map.of("a", "av"), 0)).isEqualTo(Step.LEAVE);
    // The master may have counted it and asked, before it heard that it leaves.
    assertThat(slaveIn(4, Map.of("a", "av"), 100)).isEqualTo(Step.NOTHING);
    assertThat(slaveIn(5, Map.of("a", "av", "b", "bv"), 200)).isEqualTo(Step.NOTHING);
    assertThat(slaveIn(6, Map.of("a", "av"), 300)).isEqualTo(Step.DISCARD);
  }

  @Test
  void aSlaveThatNobodyAskedToRecordGivesUpAfterAWhile() {
    assertThat(slaveIn(4, Map.of("a", "av"), 0)).isEqualTo(Step.LEAVE);
    assertThat(slaveIn(4, Map.of("a", "av"), 4_000)).isEqualTo(Step.NOTHING);
    assertThat(slaveIn(4, Map.of("a", "av"), 6_000)).isEqualTo(Step.DISCARD);
  }
}
