package social.starling.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.WriteId;

@Timeout(60)
class GeneratorTest {

  private static final Population USERS = new Population("load_", 20, 5);

  private final FakeSns alpha1 = new FakeSns();
  private final FakeSns alpha2 = new FakeSns();
  private GrpcServer server1;
  private GrpcServer server2;
  private Loop loop;

  @BeforeEach
  void start() {
    server1 = GrpcServers.publicServer("127.0.0.1", 0, alpha1);
    server2 = GrpcServers.publicServer("127.0.0.1", 0, alpha2);
    loop = new Loop(2);
  }

  @AfterEach
  void stop() {
    loop.close();
    server1.close();
    server2.close();
  }

  @Test
  void shouldKeepEachClientOfAClosedLoopBusy() throws InterruptedException {
    Recorder recorder = run(plan(8, 0, 50), routed());

    Recorder.Tally posts = recorder.tally(Kind.POST);
    Recorder.Tally timelines = recorder.tally(Kind.TIMELINE);
    assertThat(posts.latency.getTotalCount()).isPositive();
    assertThat(timelines.latency.getTotalCount()).isPositive();
    assertThat(posts.failures).isEmpty();
    assertThat(timelines.items).isEqualTo(timelines.latency.getTotalCount() * 20);
    assertThat(alpha1.users()).allMatch(user -> user.startsWith("load_"));
  }

  @Test
  void shouldMakeExactlyWhatTheRateOfAnOpenLoopSays() throws InterruptedException {
    Recorder recorder = run(plan(0, 200, 100), routed());

    assertThat(recorder.tally(Kind.POST).latency.getTotalCount()).isEqualTo(200);
    // The warm-up is posted too, and not counted.
    assertThat(alpha1.posts()).hasSize(240);
    assertThat(recorder.tally(Kind.TIMELINE).latency.getTotalCount()).isZero();
  }

  @Test
  void shouldNumberTheWritesOfEachSessionWithoutAGap() throws InterruptedException {
    run(plan(8, 0, 100), routed());

    Map<String, Long> last = new HashMap<>();
    for (PostRequest post : alpha1.posts()) {
      WriteId write = post.getWrite();
      assertThat(write.getSequence())
          .isEqualTo(last.getOrDefault(write.getClient(), 0L) + 1)
          .isEqualTo(write.getConfirmed() + 1);
      last.put(write.getClient(), write.getSequence());
    }
    assertThat(last).isNotEmpty();
  }

  @Test
  void shouldGoToTheMasterThatARefusalNames() throws InterruptedException {
    alpha1.refuse(() -> FakeSns.notMaster(address(server2)));

    Recorder recorder = run(plan(4, 0, 100), direct());

    assertThat(recorder.tally(Kind.POST).failures).isEmpty();
    assertThat(alpha1.posts()).isEmpty();
    assertThat(alpha2.posts()).isNotEmpty();
  }

  @Test
  void shouldGoToTheOtherMemberWhenOneIsGone() throws InterruptedException {
    Destinations both = direct();
    server1.close();

    Recorder recorder = run(plan(4, 0, 100), both);

    assertThat(recorder.tally(Kind.POST).failures).isEmpty();
    assertThat(alpha2.posts()).isNotEmpty();
  }

  @Test
  void shouldRepeatWithTheSameIdUntilItIsAnswered() throws InterruptedException {
    AtomicInteger left = new AtomicInteger(3);
    alpha1.refuse(() -> left.getAndDecrement() > 0 ? FakeSns.down() : null);

    Recorder recorder = run(plan(1, 0, 100), routed());

    assertThat(recorder.tally(Kind.POST).failures).isEmpty();
    assertThat(alpha1.posts().getFirst().getWrite().getSequence()).isEqualTo(1);
  }

  @Test
  void shouldCountACallAsFailedWhenItsDeadlinePassedAndReportItsRetries()
      throws InterruptedException {
    alpha1.refuse(FakeSns::down);

    Recorder recorder = run(plan(0, 20, 100), routed(), Duration.ofSeconds(1));

    Recorder.Tally posts = recorder.tally(Kind.POST);
    assertThat(posts.failures).isEqualTo(Map.of("DEADLINE after CLUSTER_DOWN", 20L));
    assertThat(posts.retries).isGreaterThan(20);
    assertThat(posts.latency.getTotalCount()).isZero();
  }

  private Recorder run(Generator.Plan plan, Destinations destinations) throws InterruptedException {
    // So long that it passes on no machine, however busy.
    return run(plan, destinations, Duration.ofSeconds(30));
  }

  private Recorder run(Generator.Plan plan, Destinations destinations, Duration deadline)
      throws InterruptedException {
    Feed feed = new StarlingFeed(loop, USERS, destinations, 20, deadline);
    return new Generator(feed, plan, USERS.size()).run(begins -> {});
  }

  private static Generator.Plan plan(int clients, double rate, int postPercent) {
    return new Generator.Plan(
        clients,
        rate,
        postPercent,
        200,
        // The first operations of a closed loop are measured: they may be the only ones.
        clients > 0 ? Duration.ZERO : Duration.ofMillis(200),
        Duration.ofSeconds(1),
        7);
  }

  private Destinations routed() {
    return Destinations.routed(address(server1), USERS);
  }

  private Destinations direct() {
    return Destinations.all(
        USERS, Destination.members(List.of(address(server1), address(server2)), 0, 1));
  }

  private static String address(GrpcServer server) {
    return "127.0.0.1:" + server.port();
  }
}
