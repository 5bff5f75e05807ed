package social.starling.coordinator;

import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Dead;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.MemberMessage;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Members;
import social.starling.proto.coordinator.v1.Suspicion;

/** A member as far as the coordinator sees it: a session over a real connection. */
final class FakeMember implements AutoCloseable {

  /** What came on the session, with the time of its arrival. */
  record Received(long nanoTime, CoordinatorMessage message) {}

  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final StreamObserver<MemberMessage> out;
  private volatile Throwable end;
  private volatile boolean completed;

  FakeMember(Channel channel, Hello hello) {
    out =
        CoordinationGrpc.newStub(channel)
            .session(
                new StreamObserver<>() {
                  @Override
                  public void onNext(CoordinatorMessage message) {
                    received.add(new Received(System.nanoTime(), message));
                  }

                  @Override
                  public void onError(Throwable error) {
                    end = error;
                  }

                  @Override
                  public void onCompleted() {
                    completed = true;
                  }
                });
    out.onNext(MemberMessage.newBuilder().setHello(hello).build());
  }

  static Hello.Builder hello(String member, String instance, String volume) {
    return Hello.newBuilder()
        .setCluster(member.substring(0, member.indexOf('-')))
        .setMember(member)
        .setInstance(instance)
        .setVolume(volume)
        .setPublicAddress("127.0.0.1:1" + member.charAt(member.length() - 1))
        .setInternalAddress("127.0.0.1:2" + member.charAt(member.length() - 1))
        .setFormat(1);
  }

  synchronized void status(MemberStatus.Builder status) {
    if (isOpen()) {
      out.onNext(MemberMessage.newBuilder().setStatus(status).build());
    }
  }

  /** Sends a heartbeat every 100 ms until the session ends. */
  FakeMember keepBeating() {
    Thread.ofVirtual()
        .start(() -> {
          while (isOpen()) {
            status(MemberStatus.newBuilder());
            LockSupport.parkNanos(100_000_000);
          }
        });
    return this;
  }

  synchronized void send(MemberMessage message) {
    out.onNext(message);
  }

  /** Breaks the session, as a process that dies does. */
  synchronized void die() {
    end = new IllegalStateException("died");
    out.onError(end);
  }

  @Override
  public void close() {
    if (isOpen()) {
      die();
    }
  }

  List<CoordinatorMessage> messages() {
    return received.stream().map(Received::message).toList();
  }

  /** The newest configuration that came. */
  Optional<Configuration> configuration() {
    return messages().stream()
        .filter(CoordinatorMessage::hasConfiguration)
        .map(CoordinatorMessage::getConfiguration)
        .reduce((a, b) -> b);
  }

  Optional<Members> members() {
    return messages().stream()
        .filter(CoordinatorMessage::hasMembers)
        .map(CoordinatorMessage::getMembers)
        .reduce((a, b) -> b);
  }

  /** What was last said to be heard of a member. */
  Optional<Suspicion> heardOf(String member) {
    return messages().stream()
        .filter(CoordinatorMessage::hasSuspicion)
        .map(CoordinatorMessage::getSuspicion)
        .filter(suspicion -> suspicion.getMember().equals(member))
        .reduce((a, b) -> b);
  }

  List<Dead> dead() {
    return messages().stream()
        .filter(CoordinatorMessage::hasDead)
        .map(CoordinatorMessage::getDead)
        .toList();
  }

  FakeMember awaitEpoch(long epoch) {
    return awaitThat(
        "epoch " + epoch, m -> m.configuration().filter(c -> c.getEpoch() == epoch).isPresent());
  }

  /** Waits until the member is heard, or is not: on a slow machine suspected may be lost by now. */
  FakeMember awaitHearing(String member, Hearing hearing) {
    return awaitThat(
        member + " " + hearing,
        m ->
            m.heardOf(member)
                .map(Suspicion::getHearing)
                .filter(
                    now -> now == hearing || hearing == Hearing.SUSPECTED && now == Hearing.LOST)
                .isPresent());
  }

  FakeMember awaitThat(String what, Predicate<FakeMember> condition) {
    await(what)
        .pollInterval(Duration.ofMillis(2))
        .atMost(Duration.ofSeconds(10))
        .until(() -> condition.test(this));
    return this;
  }

  /** Waits for the first message that fits; the nanosecond at which it came. */
  long awaitArrival(Predicate<CoordinatorMessage> condition) {
    awaitThat("message", m -> m.received.stream().anyMatch(r -> condition.test(r.message())));
    return received.stream().filter(r -> condition.test(r.message())).findFirst().get().nanoTime();
  }

  /** Waits until the coordinator has ended the session with an error. */
  Throwable awaitRefusal() {
    awaitThat("refusal", m -> m.end != null);
    return end;
  }

  boolean isOpen() {
    return end == null && !completed;
  }

  boolean isCompleted() {
    return completed;
  }
}
