package social.starling.coordinator;

import static social.starling.coordinator.Refusal.Kind.UNAVAILABLE;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Role;
import social.starling.proto.replication.v1.MemberAdminGrpc;
import social.starling.proto.replication.v1.ReleaseSlotsRequest;
import social.starling.proto.replication.v1.ReleaseSlotsResponse;

/** The masters at the addresses that they told in their sessions. */
record RemoteMasters(Sessions sessions, Credential credential) implements Masters {

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  @Override
  public boolean canAsk(RecordedCluster cluster) {
    MemberKey master = master(cluster);
    return sessions.hearing(master) == Hearing.HEARD
        && sessions.presence(master).flatMap(Presence::status).filter(s -> open(s)).isPresent();
  }

  private static boolean open(MemberStatus status) {
    return status.getRole() == Role.OPEN;
  }

  @Override
  public Released release(RecordedCluster cluster, long version, BitSet slots) {
    MemberKey master = master(cluster);
    String address =
        sessions
            .presence(master)
            .map(presence -> presence.hello().getInternalAddress())
            .filter(known -> !known.isEmpty())
            .orElseThrow(() ->
                Refusal.of(
                    UNAVAILABLE,
                    "the master of cluster %s is not heard: its address is not known",
                    cluster.name()));
    ManagedChannel channel = null;
    try {
      channel = Channels.open(address, credential.clientInterceptor());
      ReleaseSlotsResponse answer =
          MemberAdminGrpc.newBlockingStub(channel)
              .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
              .releaseSlots(
                  ReleaseSlotsRequest.newBuilder()
                      .setVersion(version)
                      .setSlots(bytes(slots))
                      .build());
      return new Released(bits(answer.getReleased()), bits(answer.getUsed()));
    } catch (StatusRuntimeException | IllegalArgumentException e) {
      throw Refusal.of(
          UNAVAILABLE,
          "%s of cluster %s at %s could not be asked for slots: %s",
          master.member(),
          cluster.name(),
          address,
          e.getMessage());
    } finally {
      if (channel != null) {
        channel.shutdownNow();
      }
    }
  }

  private static MemberKey master(RecordedCluster cluster) {
    return new MemberKey(cluster.name(), cluster.configuration().getMaster());
  }

  /** 128 bytes: bit (slot % 8) of byte (slot / 8). */
  static ByteString bytes(BitSet slots) {
    return ByteString.copyFrom(Arrays.copyOf(slots.toByteArray(), Slots.COUNT / Byte.SIZE));
  }

  static BitSet bits(ByteString bytes) {
    BitSet slots = BitSet.valueOf(bytes.toByteArray());
    slots.clear(Slots.COUNT, Math.max(Slots.COUNT, slots.length()));
    return slots;
  }
}
