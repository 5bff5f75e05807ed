package social.starling.torture.nemesis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NemesisTest {

  private static Strike strike(Kind kind, String cluster) {
    return new Strike(
        kind,
        List.of(cluster + "-1"),
        "",
        List.of(cluster),
        Duration.ZERO,
        Duration.ZERO,
        Strike.NOTHING,
        () -> true,
        Strike.NOTHING);
  }

  @Test
  void theTwoVolumesOfAClusterAreNeverTakenAtOnce() {
    Strike lost = strike(Kind.LOSE, "alpha");

    assertThat(Nemesis.conflict(lost, strike(Kind.DISK_ERROR, "alpha"))).isTrue();
    assertThat(Nemesis.conflict(strike(Kind.DISK_ERROR, "alpha"), lost)).isTrue();
    assertThat(Nemesis.conflict(lost, strike(Kind.DISK_ERROR, "beta"))).isFalse();
    assertThat(Nemesis.conflict(lost, strike(Kind.LOSE, "beta"))).isTrue();
    assertThat(Nemesis.conflict(lost, strike(Kind.KILL, "alpha"))).isFalse();
  }

  @Test
  void noTwoFaultsUndoEachOther() {
    assertThat(Nemesis.conflict(strike(Kind.CUT, "alpha"), strike(Kind.DELAY, "beta"))).isTrue();
    assertThat(Nemesis.conflict(strike(Kind.DISK_HANG, "alpha"), strike(Kind.CLOCK, "beta")))
        .isTrue();
    assertThat(Nemesis.conflict(strike(Kind.CUT, "alpha"), strike(Kind.DISK_HANG, "alpha")))
        .isFalse();
    assertThat(Nemesis.conflict(strike(Kind.KILL, "alpha"), strike(Kind.KILL, "alpha"))).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void everyKindIsChosenSometimes(Kind kind) {
    assertThat(kind.weight()).isPositive();
    assertThat(kind.word()).matches("[a-z]+(-[a-z]+)?");
  }
}
