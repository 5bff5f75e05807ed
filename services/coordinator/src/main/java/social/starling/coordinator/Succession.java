package social.starling.coordinator;

import static social.starling.coordinator.Refusal.Kind.CONFLICT;
import static social.starling.coordinator.Refusal.Kind.FORBIDDEN;

import java.util.List;

/**
 * Who may take whose place in a recorded cluster. Pure.
 *
 * <p>One member goes and another comes; the one that stays is told, and fills the volume of the new
 * one. The one that goes must not be in sync: then nothing that was acknowledged is on its volume
 * alone, and no request of an earlier time can bring it back, for it is no member any more.
 */
final class Succession {

  private Succession() {}

  /**
   * Checks a change of members.
   *
   * @param version of the members that the caller knows; 0 for who knows none
   * @throws Refusal when it must not be
   */
  static void check(RecordedCluster current, List<String> members, long version) {
    List<String> going =
        current.members().stream().filter(member -> !members.contains(member)).toList();
    if (version == 0 || version != current.membersVersion() || going.size() != 1) {
      throw Refusal.of(
          CONFLICT,
          "cluster %s is recorded with the members %s (version %d), not with %s",
          current.name(),
          String.join(" and ", current.members()),
          current.membersVersion(),
          String.join(" and ", members));
    }
    if (current.volumeInSync(going.getFirst()).isPresent()) {
      throw Refusal.of(
          FORBIDDEN,
          "%s is in sync at epoch %d, so no other member takes its place",
          going.getFirst(),
          current.epoch());
    }
  }
}
