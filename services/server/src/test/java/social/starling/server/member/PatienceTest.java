package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import social.starling.replication.Configuration;
import social.starling.replication.Role;
import social.starling.replication.Status;

class PatienceTest {

  private static long patience(Role role, long lastIndex, long commitIndex) {
    return Member.patience(
        new Status(
            role, Configuration.NONE, 1, "v", lastIndex, lastIndex, commitIndex, 0, false, 0, 0));
  }

  @Test
  void whoWritesAloneDoesNotWait() {
    assertThat(Member.patience(null)).isZero();
    assertThat(patience(Role.OPEN, 0, 0)).isZero();
    assertThat(patience(Role.OPEN, 7, 7)).isZero();
  }

  @Test
  void writesWaitAMomentForOthersWhileSomeAreUnderWay() {
    assertThat(patience(Role.OPEN, 8, 7)).isBetween(100_000L, 2_000_000L);
  }

  @Test
  void writesThatAreRefusedAnywayDoNotWait() {
    assertThat(patience(Role.WAITING, 8, 7)).isZero();
    assertThat(patience(Role.CLOSED, 8, 7)).isZero();
    assertThat(patience(Role.FOLLOWER, 8, 7)).isZero();
  }
}
