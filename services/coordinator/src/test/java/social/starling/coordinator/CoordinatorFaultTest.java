package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static social.starling.coordinator.FakeMember.hello;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.coordinator.FaultyStore.Fault;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReportDeadRequest;
import social.starling.proto.coordinator.v1.Shrink;

/** A coordinator whose storage fails or hangs: it says so, stays up, and carries on afterwards. */
class CoordinatorFaultTest {

  /** A store whose changes wait while told to. */
  private record HangingStore(Store store, CountDownLatch[] hang) implements Store {

    @Override
    public List<Document> readAll() {
      return store.readAll();
    }

    @Override
    public Optional<Document> read(String key) {
      return store.read(key);
    }

    @Override
    public boolean compareAndSet(String key, long expectedVersion, byte[] content) {
      CountDownLatch latch = hang[0];
      try {
        if (latch != null) {
          latch.await();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StoreException(StoreException.Kind.FAILED, "interrupted", e);
      }
      return store.compareAndSet(key, expectedVersion, content);
    }

    @Override
    public void watch(Watcher watcher) {
      store.watch(watcher);
    }

    @Override
    public void probe() {
      store.probe();
    }

    @Override
    public void close() {
      store.close();
    }
  }

  @TempDir Path directory;
  private final CountDownLatch[] hang = new CountDownLatch[1];
  private FaultyStore faulty;
  private CoordinatorFixture fixture;
  private FakeMember one;
  private FakeMember two;

  @BeforeEach
  void start() {
    fixture =
        new CoordinatorFixture(
            directory.resolve("state"),
            1,
            store -> faulty = new FaultyStore(new HangingStore(store, hang)));
    fixture.record("alpha");
    one = fixture.member(hello("alpha-1", "i1", "v1")).awaitEpoch(1).keepBeating();
    two = fixture.member(hello("alpha-2", "i2", "v2")).awaitEpoch(1).keepBeating();
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (hang[0] != null) {
      hang[0].countDown();
    }
    fixture.close();
  }

  @Test
  void shouldAnswerTryAgainWhileTheDiskFailsAndCarryOnAfterwards() {
    faulty.fault = Fault.BEFORE;

    assertThatThrownBy(() -> shrink(1))
        .hasMessageContaining("the disk failed as planned")
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.UNAVAILABLE));
    assertThatThrownBy(() -> fixture.record("beta"))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.UNAVAILABLE));
    assertThat(fixture.coordinator().trouble()).hasValue("the disk failed as planned");
    fixture.member(hello("alpha-2", "i2b", "v2")).awaitHearing("alpha-1", Hearing.HEARD);
    assertThat(fixture.admin().getStatus(GetStatusRequest.getDefaultInstance()).getClustersCount())
        .isEqualTo(1);

    faulty.fault = Fault.NONE;
    await().until(() -> fixture.coordinator().trouble().isEmpty());
    shrink(1);
    one.awaitEpoch(2);
    assertThat(fixture.damage).isEmpty();
  }

  @Test
  void shouldPushAChangeOfUnknownOutcomeOnceItIsKnownWithoutBeingAsked() {
    faulty.fault = Fault.AFTER;
    assertThatThrownBy(() -> shrink(1)).isInstanceOf(StatusRuntimeException.class);
    assertThat(one.configuration().get().getEpoch()).isEqualTo(1);
    faulty.fault = Fault.NONE;
    one.awaitEpoch(2);
    two.awaitEpoch(2);
  }

  @Test
  void shouldGoOnTellingOfDeathsAndSilenceWhileTheDiskHangs() {
    hang[0] = new CountDownLatch(1);
    Thread stuck = Thread.ofVirtual().start(() -> shrink(1));
    await().until(() -> stuck.getState() == Thread.State.WAITING);

    assertThatThrownBy(() -> shrink(1))
        .hasMessageContaining("storage")
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.UNAVAILABLE));
    assertThat(fixture.coordinator().trouble()).isPresent();
    fixture
        .admin()
        .reportDead(
            ReportDeadRequest.newBuilder()
                .setCluster("alpha")
                .setMember("alpha-1")
                .setInstance("i1")
                .build());
    two.awaitThat("proof of death", m -> !m.dead().isEmpty());
    two.awaitHearing("alpha-1", Hearing.SUSPECTED);
    fixture.member(hello("alpha-1", "i1-new", "v1")).awaitEpoch(1);

    hang[0].countDown();
    two.awaitEpoch(2);
  }

  @Test
  void shouldAskToBeEndedWhenTheStateCannotBeUnderstood() {
    faulty.fault = Fault.DAMAGED;
    assertThatThrownBy(() -> shrink(1))
        .satisfies(e -> assertThat(code(e)).isEqualTo(Status.Code.UNAVAILABLE));
    assertThat(fixture.damage).isNotEmpty();
  }

  private void shrink(long epoch) {
    fixture
        .coordination()
        .reconfigure(
            ReconfigureRequest.newBuilder()
                .setCluster("alpha")
                .setEpoch(epoch)
                .setMember("alpha-1")
                .setVolume("v1")
                .setInstance("i1")
                .setShrink(Shrink.getDefaultInstance())
                .build());
  }

  private static Status.Code code(Throwable error) {
    return ((StatusRuntimeException) error).getStatus().getCode();
  }
}
