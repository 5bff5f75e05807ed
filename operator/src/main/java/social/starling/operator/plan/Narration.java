package social.starling.operator.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import social.starling.operator.api.SnsClusterStatus;
import social.starling.operator.api.SnsClusterStatus.LastFailover;
import social.starling.operator.api.SnsClusterStatus.MemberState;
import social.starling.operator.api.SnsClusterStatus.Phase;
import social.starling.operator.plan.Action.Importance;

/** What has changed since the last status, as events: for what the operator saw, not did. */
final class Narration {

  private final Situation situation;
  private final SnsClusterStatus before;
  private final SnsClusterStatus after;
  private final List<Action.Tell> events = new ArrayList<>();

  Narration(Situation situation, SnsClusterStatus after) {
    this.situation = situation;
    this.before = situation.before();
    this.after = after;
  }

  List<Action.Tell> events() {
    masterChanged();
    after.members().forEach(this::memberChanged);
    phaseChanged();
    return events;
  }

  private void masterChanged() {
    LastFailover last = after.lastFailover();
    if (last != null && !last.equals(before.lastFailover())) {
      if (Boolean.TRUE.equals(last.planned())) {
        tell(Importance.Normal, "HandedOver", last.from() + " handed over to " + last.to());
      } else if (last.planned() == null) {
        tell(
            Importance.Normal,
            "MasterChanged",
            "%s is master in place of %s at epoch %d"
                .formatted(last.to(), last.from(), last.epoch()));
      } else {
        tell(
            Importance.Warning,
            "Promoted",
            "%s took over from %s at epoch %d".formatted(last.to(), last.from(), last.epoch()));
      }
    }
  }

  private void memberChanged(MemberState member) {
    Optional<MemberState> earlier =
        before.members().stream().filter(each -> each.name().equals(member.name())).findFirst();
    boolean was = earlier.map(MemberState::inSync).orElse(false);
    boolean is = Boolean.TRUE.equals(member.inSync());
    boolean served = Boolean.TRUE.equals(before.served());
    if (!was && is && served) {
      boolean again = earlier.map(MemberState::joined).orElse(false);
      tell(
          Importance.Normal,
          again ? "Rejoined" : "Cloned",
          member.name()
              + (again ? " is back and holds everything" : " has taken a full copy")
              + ": two copies");
    } else if (was && !is) {
      tell(
          Importance.Warning,
          "LeftOut",
          member.name() + " does not hold everything any more: one copy only");
    }
    boolean wasNoted =
        earlier.map(MemberState::trouble).equals(Optional.ofNullable(member.trouble()));
    if (member.trouble() != null && !wasNoted) {
      tell(Importance.Warning, "MemberTrouble", member.name() + ": " + member.trouble());
    }
  }

  private void phaseChanged() {
    Phase phase = after.phase();
    boolean same = phase == before.phase();
    switch (phase) {
      case Ready -> {
        if (!Boolean.TRUE.equals(before.served())) {
          tell(Importance.Normal, "Ready", "serves, with two copies");
        } else if (before.phase() == Phase.Upgrading) {
          tell(Importance.Normal, "Upgraded", "both members are as the spec says");
        }
      }
      case Upgrading -> once(same, Importance.Normal, "Upgrading");
      case Paused -> once(same, Importance.Normal, "Paused");
      case Down -> once(same, Importance.Warning, "Down");
      case Unknown -> once(same, Importance.Warning, "CoordinatorsSilent");
      case Degraded -> once(same, Importance.Warning, "Degraded");
      case Blocked ->
          once(same && after.message().equals(before.message()), Importance.Warning, "Blocked");
      case Deleting -> once(same, Importance.Normal, "Deleting");
      case Starting, Rejoining, Cloning, FailingOver -> {}
    }
    if (before.phase() == Phase.Paused && phase != Phase.Paused) {
      tell(Importance.Normal, "Resumed", "the operator cares for it again");
    }
  }

  private void once(boolean already, Importance importance, String reason) {
    if (!already) {
      tell(importance, reason, after.message());
    }
  }

  private void tell(Importance importance, String reason, String message) {
    events.add(new Action.Tell(importance, reason, message));
  }
}
