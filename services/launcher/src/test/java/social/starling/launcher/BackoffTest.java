package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {

  private final Backoff backoff = new Backoff();

  @Test
  void shouldNotWaitAfterALifeOfSomeLength() {
    assertThat(backoff.afterDeath(Backoff.SHORT_LIFE)).isZero();
    assertThat(backoff.afterDeath(Duration.ofHours(1))).isZero();
  }

  @Test
  void shouldWaitLongerAfterEachShortLifeUpToTenSeconds() {
    assertThat(IntStream.range(0, 9).mapToObj(i -> backoff.afterDeath(Duration.ZERO)))
        .extracting(Duration::toMillis)
        .containsExactly(0L, 300L, 600L, 1200L, 2400L, 4800L, 9600L, 10_000L, 10_000L);
  }

  @Test
  void shouldForgetShortLivesAfterALongOne() {
    backoff.afterDeath(Duration.ZERO);
    backoff.afterDeath(Duration.ZERO);
    backoff.afterDeath(Duration.ofMinutes(1));

    assertThat(backoff.afterDeath(Duration.ZERO)).isZero();
    assertThat(backoff.afterDeath(Duration.ZERO)).isEqualTo(Backoff.FIRST);
  }
}
