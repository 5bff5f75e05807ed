package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ClockWatchTest {

  private static final long YEAR = Duration.ofDays(365).toMillis();

  private final ClockWatch watch = new ClockWatch();
  private long wall = 1_770_000_000_000L;
  private long now = -5;

  private Duration steadyAfter(Duration passed, long jumpMillis) {
    now += passed.toNanos();
    wall += passed.toMillis() + jumpMillis;
    return Duration.ofNanos(watch.steadyNanos(wall, now));
  }

  @Test
  void aClockThatIsCorrectedALittleIsSteady() {
    steadyAfter(Duration.ZERO, 0);

    assertThat(steadyAfter(Duration.ofMinutes(30), 2_000)).isEqualTo(Duration.ofMinutes(30));
    assertThat(steadyAfter(Duration.ofMinutes(30), -3_000)).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void aClockThatJumpsAheadAndBackIsSteadySinceItCameBack() {
    steadyAfter(Duration.ZERO, 0);
    steadyAfter(Duration.ofHours(2), 0);

    assertThat(steadyAfter(Duration.ofMillis(250), YEAR)).isZero();
    assertThat(steadyAfter(Duration.ofMinutes(10), 0)).isEqualTo(Duration.ofMinutes(10));
    assertThat(steadyAfter(Duration.ofMillis(250), -YEAR)).isZero();
    assertThat(steadyAfter(Duration.ofMinutes(1), 0)).isEqualTo(Duration.ofMinutes(1));
  }
}
