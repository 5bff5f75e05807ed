package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import social.starling.common.Timing;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerReport;
import social.starling.proto.coordinator.v1.SynchronizerStatus;

/** Sessions of synchronizers in virtual time, with streams that only remember. */
class SynchronizersTest {

  private long now = 1;
  private final AtomicInteger maps = new AtomicInteger();
  private final Synchronizers synchronizers =
      new Synchronizers(Timing.DEFAULT, () -> now, maps::incrementAndGet);

  private final class Process {
    final TestStream<ClusterMap> stream = new TestStream<>();
    final Synchronizers.Session session = synchronizers.greet(new Outbox<>(stream, 1));

    Process open(String cluster, String instance, String address) {
      synchronizers.open(
          session,
          SynchronizerHello.newBuilder()
              .setCluster(cluster)
              .setInstance(instance)
              .setInternalAddress(address)
              .build(),
          name -> !name.equals("unknown"));
      return this;
    }

    void beat() {
      synchronizers.heard(session, SynchronizerStatus.getDefaultInstance());
    }
  }

  @Test
  void shouldBeInTheMapFromItsHelloUntilItsSessionEnds() {
    assertThat(synchronizers.address("alpha")).isEmpty();
    Process one = new Process().open("alpha", "i1", "a:1");
    assertThat(synchronizers.address("alpha")).isEqualTo("a:1");
    assertThat(maps).hasValue(1);
    one.beat();
    assertThat(maps).hasValue(1);
    synchronizers.ended(one.session);
    assertThat(synchronizers.address("alpha")).isEmpty();
    assertThat(maps).hasValue(2);
    synchronizers.ended(one.session);
    assertThat(maps).hasValue(2);
  }

  @Test
  void shouldCountTheNewestSessionOfACluster() {
    Process old = new Process().open("alpha", "i1", "a:1");
    Process young = new Process().open("alpha", "i2", "a:2");
    assertThat(old.stream.code()).isEqualTo(Status.Code.ABORTED);
    assertThat(synchronizers.address("alpha")).isEqualTo("a:2");
    old.beat();
    synchronizers.ended(old.session);
    assertThat(synchronizers.address("alpha")).isEqualTo("a:2");
    assertThat(young.stream.error).isNull();
    assertThat(synchronizers.count()).isEqualTo(1);
  }

  @Test
  void shouldStayInTheMapWhileItIsSilentButNotLost() {
    Process one = new Process().open("alpha", "i1", "a:1");
    tick(1_500);
    assertThat(synchronizers.report("alpha").orElseThrow().getHearing())
        .isEqualTo(Hearing.SUSPECTED);
    assertThat(synchronizers.address("alpha")).isEqualTo("a:1");
    tick(2_000);
    assertThat(synchronizers.address("alpha")).isEmpty();
    assertThat(maps).hasValue(2);
    one.beat();
    assertThat(synchronizers.address("alpha")).isEqualTo("a:1");
    assertThat(maps).hasValue(3);
  }

  @Test
  void shouldReportWhatItSaidLast() {
    assertThat(synchronizers.report("alpha")).isEmpty();
    Process one = new Process().open("alpha", "i1", "a:1");
    assertThat(synchronizers.report("alpha").orElseThrow().hasStatus()).isFalse();
    synchronizers.heard(
        one.session,
        SynchronizerStatus.newBuilder()
            .addPeers(PeerProgress.newBuilder().setCluster("beta").setLag(7))
            .build());
    tick(300);
    SynchronizerReport report = synchronizers.report("alpha").orElseThrow();
    assertThat(report.getHello().getInstance()).isEqualTo("i1");
    assertThat(report.getStatus().getPeers(0).getLag()).isEqualTo(7);
    assertThat(report.getHearing()).isEqualTo(Hearing.HEARD);
    assertThat(report.getHeardMillisAgo()).isEqualTo(300);
  }

  @Test
  void shouldEndTheSessionOfAForgottenClusterAndRefuseAnUnknownOne() {
    Process one = new Process().open("alpha", "i1", "a:1");
    synchronizers.forgotten("alpha");
    assertThat(one.stream.code()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(synchronizers.address("alpha")).isEmpty();
    assertThat(synchronizers.report("alpha")).isEmpty();
    Process stranger = new Process();
    assertThatThrownBy(() -> stranger.open("unknown", "i1", "a:1"))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.UNKNOWN));
  }

  @Test
  void shouldCutWhoDoesNotSayWhoItIsAndRefuseTooMany() {
    Process silent = new Process();
    tick(5_100);
    assertThat(silent.stream.code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    for (int i = 0; i < 256; i++) {
      new Process();
    }
    assertThatThrownBy(Process::new)
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.EXHAUSTED));
  }

  @Test
  void shouldEndEverySessionWhenItCloses() {
    Process one = new Process().open("alpha", "i1", "a:1");
    Process two = new Process();
    synchronizers.close();
    assertThat(one.stream.completed).isTrue();
    assertThat(two.stream.completed).isTrue();
  }

  /** Lets time pass without this coordinator standing still. */
  private void tick(int millis) {
    for (int passed = 0; passed < millis; passed += 100) {
      now += Duration.ofMillis(100).toNanos();
      synchronizers.tick();
    }
  }
}
