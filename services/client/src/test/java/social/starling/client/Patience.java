package social.starling.client;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** Waits longer than a busy machine takes. */
public final class Patience {

  private Patience() {}

  /** As Awaitility's, for up to 30 s. */
  public static ConditionFactory await() {
    return Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(10));
  }
}
