package social.starling.coordinator;

import io.grpc.ManagedChannel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Timing;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.RecordClusterRequest;

/** A coordinator on a loopback port with a real store, and those who talk to it. */
final class CoordinatorFixture implements AutoCloseable {

  static final Credential CREDENTIAL = Credential.of("a-credential-of-tests");
  private static final Timing TIMING = Timing.DEFAULT;

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final List<StoreException> damage = new ArrayList<>();
  private final Path directory;
  private final StateDirectory state;
  private final Coordinator coordinator;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final ManagedChannel channel;

  CoordinatorFixture(Path directory) {
    this(directory, 1, UnaryOperator.identity());
  }

  CoordinatorFixture(Path directory, int expectedClusters, UnaryOperator<Store> wrap) {
    this.directory = directory;
    state = StateDirectory.open(directory, true);
    coordinator =
        new Coordinator(
            new Coordinator.Settings("127.0.0.1", 0, expectedClusters, TIMING),
            wrap.apply(state.store()),
            CREDENTIAL,
            meters,
            damage::add);
    coordinator.start();
    channel = channel();
  }

  /** A connection of its own. */
  ManagedChannel channel() {
    ManagedChannel opened =
        Channels.open("127.0.0.1:" + coordinator.port(), CREDENTIAL.clientInterceptor());
    channels.add(opened);
    return opened;
  }

  AdminGrpc.AdminBlockingStub admin() {
    return AdminGrpc.newBlockingStub(channel).withDeadlineAfter(15, TimeUnit.SECONDS);
  }

  CoordinationGrpc.CoordinationBlockingStub coordination() {
    return CoordinationGrpc.newBlockingStub(channel).withDeadlineAfter(15, TimeUnit.SECONDS);
  }

  int record(String cluster) {
    return admin()
        .recordCluster(
            RecordClusterRequest.newBuilder()
                .setName(cluster)
                .addMembers(cluster + "-1")
                .addMembers(cluster + "-2")
                .build())
        .getNumber();
  }

  FakeMember member(Hello.Builder hello) {
    return new FakeMember(channel(), hello.build());
  }

  Coordinator coordinator() {
    return coordinator;
  }

  /** What a process that is killed and started again on the same directory does. */
  CoordinatorFixture restart() throws InterruptedException {
    close();
    return new CoordinatorFixture(directory);
  }

  @Override
  public void close() throws InterruptedException {
    channels.forEach(ManagedChannel::shutdownNow);
    coordinator.close();
    state.close();
  }
}
