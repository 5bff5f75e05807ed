package social.starling.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import social.starling.common.Channels;
import social.starling.common.Identity;
import social.starling.common.Metrics;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.WriteId;

/** A real router between a client and fake members and coordinators. */
final class RouterFixture implements AutoCloseable {

  static final Patience QUICK =
      new Patience(
          Duration.ofMillis(1500),
          Duration.ofMillis(400),
          Duration.ofMillis(1500),
          Duration.ofMillis(700),
          Duration.ofMillis(200),
          Duration.ofMillis(600),
          Duration.ofMillis(300));

  final PrometheusMeterRegistry registry = Metrics.registry("router", Map.of());
  final FakeCluster cluster = new FakeCluster();
  final FakeMember one = new FakeMember("alpha-1", cluster);
  final FakeMember two = new FakeMember("alpha-2", cluster);
  final RouterProcess router;
  private final List<FakeCoordinator> coordinators;
  private final List<ManagedChannel> channels = new ArrayList<>();

  RouterFixture(Patience patience, FakeCoordinator... coordinators) {
    this.coordinators = List.of(coordinators);
    this.router =
        RouterProcess.start(
            new RouterProcess.Settings(
                "127.0.0.1",
                0,
                0,
                Arrays.stream(coordinators).map(FakeCoordinator::address).toList(),
                FakeCoordinator.CREDENTIAL,
                patience),
            registry);
  }

  /** One coordinator, two members, the first of them master at epoch 1. */
  static RouterFixture withMaster() {
    RouterFixture fixture = new RouterFixture(QUICK, new FakeCoordinator());
    fixture.two.mood = FakeMember.Mood.NOT_MASTER;
    fixture.push(FakeCoordinator.alpha(1, fixture.one, fixture.two));
    fixture.awaitReady();
    return fixture;
  }

  FakeCoordinator coordinator() {
    return coordinators.getFirst();
  }

  /** Tells all coordinators, and waits until the router has heard it. */
  void push(ClusterMap map) {
    long before = router.router().routes().current().version();
    coordinators.forEach(coordinator -> coordinator.push(map));
    await().until(() -> router.router().routes().current().version() > before);
  }

  void awaitReady() {
    await().untilAsserted(() -> assertThat(router.readiness().trouble()).isEmpty());
  }

  /** A user whose slot is in the lower half, or in the upper one. */
  static String userOf(boolean lowerHalf) {
    return IntStream.range(0, 1000)
        .mapToObj(i -> "user" + i)
        .filter(name -> Slots.of(name) < 512 == lowerHalf)
        .findFirst()
        .orElseThrow();
  }

  Channel as(String user) {
    return channel(Identity.as(user));
  }

  ManagedChannel channel(ClientInterceptor... interceptors) {
    ManagedChannel channel = Channels.open("127.0.0.1:" + router.publicPort(), interceptors);
    channels.add(channel);
    return channel;
  }

  static PostRequest request(long sequence, String text) {
    return PostRequest.newBuilder()
        .setWrite(WriteId.newBuilder().setClient("c").setSequence(sequence))
        .setText(text)
        .build();
  }

  Post post(String text) {
    return post(text, 10_000);
  }

  Post post(String text, long deadlineMillis) {
    return SnsGrpc.newBlockingStub(as("alice"))
        .withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS)
        .post(request(1, text))
        .getPost();
  }

  StatusRuntimeException failure(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      return e;
    }
    throw new AssertionError("the call should have failed");
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    router.close();
    one.close();
    two.close();
    coordinators.forEach(FakeCoordinator::close);
  }
}
