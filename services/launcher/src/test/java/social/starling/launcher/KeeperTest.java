package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The life of one service, on virtual time and with processes that die when told. */
@Timeout(20)
class KeeperTest {

  private final World world = new World();
  private final Keeper keeper = new Keeper(Service.server("alpha", "alpha-1"), world);

  @AfterEach
  void release() {
    keeper.release();
  }

  @Test
  void shouldReportADeathBeforeAnythingElse() throws Exception {
    keeper.begin();
    world.nextStarted().die(137);
    world.nextStarted();

    assertThat(world.events)
        .startsWith("start", "report alpha alpha-1 instance-1 at epoch 7")
        .contains("await change of alpha after 7 for PT0.3S");
    assertThat(world.said).contains("alpha-1            was killed by signal 9; starting it again");
  }

  @Test
  void shouldStartAgainOnlyAfterTheChangeThatTheDeathCauses() throws Exception {
    world.change = new CompletableFuture<>();
    keeper.begin();
    world.nextStarted().die(137);

    await().until(() -> world.events.contains("await change of alpha after 7 for PT0.3S"));
    assertThat(world.started).isEmpty();

    world.change.complete(null);
    world.nextStarted();
  }

  @Test
  void shouldLeaveTheProcessorsToTheMemberThatTakesOver() throws Exception {
    world.promotes = true;
    keeper.begin();
    FakeProcess process = world.nextStarted();
    world.clock = world.clock.plusSeconds(60);
    process.die(137);
    world.nextStarted();

    assertThat(world.slept).contains(Keeper.TAKEOVER);
  }

  @Test
  void shouldWaitLongerAndLongerForAProcessThatDiesAtOnce() throws Exception {
    keeper.begin();
    for (int life = 0; life < 9; life++) {
      world.nextStarted().die(1);
    }
    world.nextStarted();

    assertThat(world.slept.stream().filter(time -> time.compareTo(Duration.ofMillis(50)) > 0))
        .extracting(Duration::toMillis)
        .containsExactly(300L, 600L, 1200L, 2400L, 4800L, 9600L, 10_000L, 10_000L);
    assertThat(world.said)
        .contains(
            "alpha-1            ended with exit code 1 again (the last line of its log);"
                + " starting it in 10.00 s");
  }

  @Test
  void shouldNotWaitForAProcessThatHadLived() throws Exception {
    keeper.begin();
    for (int life = 0; life < 5; life++) {
      FakeProcess process = world.nextStarted();
      world.clock = world.clock.plusSeconds(60);
      process.die(137);
    }
    world.nextStarted();

    assertThat(world.slept).allMatch(time -> time.compareTo(Duration.ofMillis(50)) <= 0);
  }

  @Test
  void shouldAdoptWhatRunsAndReportItsDeathToo() throws Exception {
    FakeProcess adopted = new FakeProcess(world.clock);
    world.adoptable = Optional.of(adopted);
    keeper.begin();
    keeper.firstReady().get();
    assertThat(world.events).doesNotContain("start");
    assertThat(world.said).anyMatch(line -> line.startsWith("alpha-1            adopted"));

    adopted.die(OptionalInt.empty());
    world.nextStarted();

    assertThat(world.events).startsWith("report alpha alpha-1 instance-0 at epoch 7");
    assertThat(world.said).contains("alpha-1            died; starting it again");
  }

  @Test
  void shouldStartNothingAfterItWasReleased() throws Exception {
    world.change = new CompletableFuture<>();
    keeper.begin();
    world.nextStarted().die(137);
    await().until(() -> world.events.contains("await change of alpha after 7 for PT0.3S"));

    keeper.release();
    world.change.complete(null);
    keeper.awaitReleased();

    assertThat(world.started).isEmpty();
  }

  @Test
  void shouldNotReportTheDeathOfWhatIsBeingEnded() throws Exception {
    keeper.begin();
    FakeProcess process = world.nextStarted();

    Optional<Running> released = keeper.release();
    process.die(0);
    keeper.awaitReleased();

    assertThat(released).contains(process);
    assertThat(world.events).noneMatch(event -> event.startsWith("report"));
  }

  @Test
  void shouldTellThatAServerRefusedBeforeItWasEverReadyAndGoOnTrying() throws Exception {
    world.ready = false;
    keeper.begin();
    world.nextStarted().die(3);
    world.nextStarted();

    assertThat(keeper.firstReady())
        .failsWithin(Duration.ofSeconds(5))
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("the last line of its log");
  }

  @Test
  void shouldGiveUpACoordinatorThatRefusedBeforeItWasEverReady() throws Exception {
    world.ready = false;
    Keeper coordinator = new Keeper(Service.coordinator(), world);
    coordinator.begin();
    world.nextStarted().die(3);
    coordinator.awaitReleased();

    assertThat(coordinator.firstReady()).isCompletedExceptionally();
    assertThat(world.started).isEmpty();
    assertThat(world.said).isEmpty();
  }

  @Test
  void shouldStartASynchronizerAgainWithoutWaitingForAnybody() throws Exception {
    Keeper synchronizer = new Keeper(Service.synchronizer("alpha"), world);
    synchronizer.begin();
    world.nextStarted().die(137);
    world.nextStarted();
    synchronizer.release();

    assertThat(world.events).containsOnly("start");
  }

  @Test
  void shouldGoOnTryingWhenTheSystemCannotStartAProcess() throws Exception {
    world.failures = 3;
    keeper.begin();
    world.nextStarted();

    assertThat(world.said).contains("alpha-1            cannot be started: no memory");
  }

  private static final class FakeProcess implements Running {

    private final CompletableFuture<OptionalInt> death = new CompletableFuture<>();
    private final Instant started;

    FakeProcess(Instant started) {
      this.started = started;
    }

    void die(int code) {
      die(OptionalInt.of(code));
    }

    void die(OptionalInt code) {
      death.complete(code);
    }

    @Override
    public long pid() {
      return 42;
    }

    @Override
    public Instant started() {
      return started;
    }

    @Override
    public boolean isAlive() {
      return !death.isDone();
    }

    @Override
    public OptionalInt awaitDeath() throws InterruptedException {
      try {
        return death.get();
      } catch (ExecutionException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void terminate() {
      die(143);
    }

    @Override
    public void kill() {
      die(137);
    }
  }

  private static final class World implements Keeper.Surroundings, Keeper.Time, Coordinators {
    volatile long epoch = 7;
    volatile boolean promotes;

    final List<String> events = new CopyOnWriteArrayList<>();
    final List<String> said = new CopyOnWriteArrayList<>();
    final List<Duration> slept = new CopyOnWriteArrayList<>();
    final BlockingQueue<FakeProcess> started = new LinkedBlockingQueue<>();
    volatile Instant clock = Instant.parse("2026-11-22T00:00:00Z");
    volatile Optional<Running> adoptable = Optional.empty();
    volatile CompletableFuture<Void> change = CompletableFuture.completedFuture(null);
    volatile boolean ready = true;
    volatile int failures;
    private volatile int instances;

    FakeProcess nextStarted() throws InterruptedException {
      FakeProcess process = started.poll(10, TimeUnit.SECONDS);
      assertThat(process).as("a process that was started").isNotNull();
      return process;
    }

    @Override
    public Optional<Running> adopt(Service service) {
      return adoptable;
    }

    @Override
    public Running start(Service service, String instance) throws IOException {
      if (failures > 0) {
        failures--;
        throw new IOException("no memory");
      }
      events.add("start");
      instances++;
      FakeProcess process = new FakeProcess(clock);
      started.add(process);
      return process;
    }

    @Override
    public String instance(Service service) {
      return "instance-" + instances;
    }

    @Override
    public boolean isReady(Service service) {
      return ready;
    }

    @Override
    public String address(Service service) {
      return "127.0.0.1:4611";
    }

    @Override
    public Optional<String> lastWords(Service service) {
      return Optional.of("the last line of its log");
    }

    @Override
    public Coordinators coordinators() {
      return this;
    }

    @Override
    public Terminal terminal() {
      return said::add;
    }

    @Override
    public Keeper.Time time() {
      return this;
    }

    @Override
    public Instant now() {
      return clock;
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      slept.add(duration);
      Thread.yield();
    }

    @Override
    public void record(String cluster, List<String> members) {}

    @Override
    public Optional<String> forget(String cluster) {
      return Optional.empty();
    }

    @Override
    public void reportDead(String cluster, String member, String instance) {
      events.add(
          "report %s %s %s at epoch %d".formatted(cluster, member, instance, epoch(cluster)));
    }

    @Override
    public long epoch(String cluster) {
      return epoch;
    }

    @Override
    public String master(String cluster) {
      return "";
    }

    @Override
    public void awaitChange(String cluster, long epoch, Duration atMost)
        throws InterruptedException {
      events.add("await change of %s after %d for %s".formatted(cluster, epoch, atMost));
      try {
        change.get();
        this.epoch += promotes ? 1 : 0;
      } catch (ExecutionException e) {
        throw new AssertionError(e);
      }
    }
  }
}
