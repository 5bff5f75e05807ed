package social.starling.client;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** Waits longer than a busy machine takes. */
public final class Patience {

  private Patience() {}

  /** As Awaitility's, for up to 30 s. */
  public static ConditionFactory await() {
    return Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(10));
  }

  /** Makes the first calls of this virtual machine, which take longer than a silent member may. */
  static void warmUp() {
    FakeState state = new FakeState();
    try (FakeMember router = new FakeMember(state);
        StarlingClient client =
            StarlingClient.connect(
                ClientOptions.of("warm")
                    .withRouters(List.of(router.address()))
                    .withDeadline(Duration.ofMinutes(1)))) {
      client.login();
      client.post("up");
    }
  }
}
