package social.starling.coordinator;

import static social.starling.coordinator.Refusal.Kind.FORBIDDEN;
import static social.starling.coordinator.Refusal.Kind.UNAVAILABLE;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.SwitchoverResponse;
import social.starling.proto.replication.v1.HandoverRequest;
import social.starling.proto.replication.v1.HandoverResponse;
import social.starling.proto.replication.v1.MemberAdminGrpc;

/** Asks masters to hand over. Thread-safe. */
final class Switchovers {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Registry registry;
  private final Sessions sessions;
  private final Credential credential;

  Switchovers(Registry registry, Sessions sessions, Credential credential) {
    this.registry = registry;
    this.sessions = sessions;
    this.credential = credential;
  }

  /**
   * Asks the master of a cluster to hand over, and waits until the other member is named.
   *
   * @throws Refusal with a sentence when that cannot be or does not come about within 10 s
   */
  SwitchoverResponse run(String name) {
    long begun = System.nanoTime();
    Configuration before = registry.known(name).configuration();
    String other = otherInSync(before);
    String address = addressOfMaster(before);
    HandoverResponse answer = ask(before, address);
    if (!answer.getDone()) {
      throw Refusal.of(
          FORBIDDEN, "%s does not hand over: %s", before.getMaster(), answer.getMessage());
    }
    Configuration after = awaitNewer(name, before.getEpoch(), begun);
    if (after.getEpoch() <= before.getEpoch() || !after.getMaster().equals(other)) {
      throw Refusal.of(
          UNAVAILABLE,
          "%s did not become master of %s within %d s; the master is %s at epoch %d",
          other,
          name,
          PATIENCE.toSeconds(),
          after.getMaster(),
          after.getEpoch());
    }
    return SwitchoverResponse.newBuilder()
        .setConfiguration(after)
        .setMillis((System.nanoTime() - begun) / 1_000_000)
        .build();
  }

  private static String otherInSync(Configuration configuration) {
    return configuration.getInSyncList().stream()
        .map(InSyncMember::getMember)
        .filter(member -> !member.equals(configuration.getMaster()))
        .findFirst()
        .orElseThrow(() ->
            Refusal.of(
                FORBIDDEN,
                "cluster %s has nobody to hand over to: no other member is in sync",
                configuration.getCluster()));
  }

  private String addressOfMaster(Configuration configuration) {
    MemberKey master = new MemberKey(configuration.getCluster(), configuration.getMaster());
    return sessions
        .presence(master)
        .map(presence -> presence.hello().getInternalAddress())
        .filter(address -> !address.isEmpty())
        .orElseThrow(() ->
            Refusal.of(
                UNAVAILABLE,
                "the master %s of %s is not heard: its address is not known",
                master.member(),
                master.cluster()));
  }

  private HandoverResponse ask(Configuration configuration, String address) {
    ManagedChannel channel = null;
    try {
      channel = Channels.open(address, credential.clientInterceptor());
      return MemberAdminGrpc.newBlockingStub(channel)
          .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .handover(HandoverRequest.getDefaultInstance());
    } catch (StatusRuntimeException | IllegalArgumentException e) {
      throw Refusal.of(
          UNAVAILABLE,
          "the master %s at %s could not be asked to hand over: %s",
          configuration.getMaster(),
          address,
          e.getMessage());
    } finally {
      if (channel != null) {
        channel.shutdownNow();
      }
    }
  }

  private Configuration awaitNewer(String name, long epoch, long begun) {
    try {
      Duration left = PATIENCE.minusNanos(System.nanoTime() - begun);
      return registry.awaitNewer(name, epoch, left);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(UNAVAILABLE, "the coordinator is stopping");
    }
  }
}
