package social.starling.router;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Member;

/**
 * A cluster, as the map has it.
 *
 * @param epoch of its configuration; 0 when none has been made yet
 * @param master name of the member; empty while the epoch is 0
 * @param down whether no coordinator hears a member that could serve
 */
record ClusterRoute(
    String name, long epoch, String master, List<MemberRoute> members, boolean down) {

  static ClusterRoute of(ClusterEntry entry) {
    Configuration configuration = entry.getConfiguration();
    List<MemberRoute> members = new ArrayList<>();
    for (Member member : entry.getMembersList()) {
      members.add(new MemberRoute(member.getName(), member.getPublicAddress()));
    }
    return new ClusterRoute(
        entry.getName(),
        configuration.getEpoch(),
        configuration.getMaster(),
        List.copyOf(members),
        entry.getDown());
  }

  /** The member named as master; empty when there is none, or its address is not known. */
  Optional<MemberRoute> masterRoute() {
    return members.stream().filter(m -> m.name().equals(master) && m.known()).findFirst();
  }

  /** Members with an address, the master first. */
  List<MemberRoute> masterFirst() {
    List<MemberRoute> known = new ArrayList<>();
    masterRoute().ifPresent(known::add);
    for (MemberRoute member : members) {
      if (member.known() && !known.contains(member)) {
        known.add(member);
      }
    }
    return List.copyOf(known);
  }

  /** This route, with the addresses of an older one where this one has none. */
  ClusterRoute withAddressesOf(ClusterRoute older) {
    List<MemberRoute> merged = new ArrayList<>();
    for (MemberRoute member : members) {
      merged.add(
          member.known()
              ? member
              : older.members().stream()
                  .filter(m -> m.name().equals(member.name()))
                  .findFirst()
                  .orElse(member));
    }
    return new ClusterRoute(name, epoch, master, List.copyOf(merged), down);
  }

  ClusterRoute withDown(boolean changed) {
    return new ClusterRoute(name, epoch, master, members, changed);
  }
}
