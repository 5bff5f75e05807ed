package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ReadinessTest {

  private final AtomicReference<Optional<String>> missing =
      new AtomicReference<>(Optional.of("no map yet"));
  private final List<Boolean> changes = new CopyOnWriteArrayList<>();

  @Test
  void shouldTellEachChangeOnceAndWhatIsMissing() {
    try (Readiness readiness = Readiness.start(missing::get, changes::add)) {
      await().until(() -> readiness.trouble().equals(Optional.of("no map yet")));
      assertThat(changes).isEmpty();

      missing.set(Optional.empty());
      await().until(() -> readiness.trouble().isEmpty());
      missing.set(Optional.of("the master is gone"));
      await().until(() -> readiness.trouble().equals(Optional.of("the master is gone")));

      await().untilAsserted(() -> assertThat(changes).containsExactly(true, false));
    }
  }

  @Test
  void shouldNotBeReadyOnceItIsLeaving() {
    missing.set(Optional.empty());
    Readiness readiness = Readiness.start(missing::get, changes::add);
    await().until(() -> readiness.trouble().isEmpty());

    readiness.close();

    assertThat(readiness.trouble()).contains("stopping");
  }

  @Test
  void aProcessServesOnlyWhileItSaysSoAndCanBeReached() {
    GrpcServer server = GrpcServers.publicServer("127.0.0.1", 0);
    ManagedChannel channel = Channels.open("127.0.0.1:" + server.port());
    try {
      server.ready(false);
      assertThat(Readiness.serves(channel, "alpha-1")).isFalse();
      server.ready(true);
      assertThat(Readiness.serves(channel, "alpha-1")).isTrue();
      server.close();
      assertThat(Readiness.serves(channel, "alpha-1")).isFalse();
    } finally {
      server.close();
      channel.shutdownNow();
    }
  }
}
