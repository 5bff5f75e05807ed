package social.starling.e2e;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import social.starling.e2e.load.Traffic;
import social.starling.torture.history.History;

/** Cases during which people are at work, and after which all that they saw is checked. */
@ExtendWith(OnGround.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AtWork {

  Traffic traffic;

  @BeforeAll
  void begin(Ground ground) throws InterruptedException {
    traffic = traffic(ground);
  }

  /** Begins the work. */
  Traffic traffic(Ground ground) throws InterruptedException {
    return ground.traffic();
  }

  @AfterAll
  void finish(Ground ground) throws InterruptedException, IOException {
    try (Traffic all = traffic) {
      if (all != null) {
        finished(ground, all.finish());
      }
    }
  }

  /** What else is to be said or checked then, of all that people did and saw. */
  void finished(Ground ground, History history) {}
}
