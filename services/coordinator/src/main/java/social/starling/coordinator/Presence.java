package social.starling.coordinator;

import java.util.Optional;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.MemberStatus;

/**
 * What a member last said of itself. Immutable.
 *
 * @param hello of its newest session
 * @param status its last heartbeat in that session; empty before the first
 */
record Presence(Hello hello, Optional<MemberStatus> status) {

  Presence with(MemberStatus next) {
    return new Presence(hello, Optional.of(next));
  }

  String instance() {
    return hello.getInstance();
  }

  /** The volume that it has now: it changes when a full copy was installed. */
  String volume() {
    return status
        .map(MemberStatus::getVolume)
        .filter(volume -> !volume.isEmpty())
        .orElse(hello.getVolume());
  }

  Member member() {
    return Member.newBuilder()
        .setName(hello.getMember())
        .setPublicAddress(hello.getPublicAddress())
        .setInternalAddress(hello.getInternalAddress())
        .setInstance(hello.getInstance())
        .setHttpAddress(hello.getHttpAddress())
        .build();
  }
}
