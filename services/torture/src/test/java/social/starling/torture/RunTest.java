package social.starling.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import social.starling.torture.nemesis.Kind;

class RunTest {

  @Test
  void shouldNameTheWholeCommandThatMakesARunAgain() {
    assertThat(settings(Duration.ofSeconds(90), 60, EnumSet.of(Kind.KILL, Kind.CUT)).again())
        .isEqualTo(
            "starling torture --seed 7 --minutes 1.5 --clusters 2 --rate 60 --faults kill,cut");
  }

  @Test
  void shouldNotNameFaultsWhenAllAreAskedFor() {
    assertThat(settings(Duration.ofMinutes(10), 0.5, EnumSet.allOf(Kind.class)).again())
        .isEqualTo("starling torture --seed 7 --minutes 10 --clusters 2 --rate 0.5");
  }

  private static Run.Settings settings(Duration length, double rate, Set<Kind> kinds) {
    return new Run.Settings(
        Path.of("run"), 7, length, List.of("alpha", "beta"), rate, kinds, 25_000);
  }
}
