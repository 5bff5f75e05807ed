package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import social.starling.operator.api.SnsClusterStatus;
import social.starling.operator.api.SnsClusterStatus.Hearing;
import social.starling.operator.api.SnsClusterStatus.LastFailover;
import social.starling.operator.api.SnsClusterStatus.MemberState;
import social.starling.operator.api.SnsClusterStatus.Phase;
import social.starling.operator.api.SnsClusterStatus.Role;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.MemberReport;

/** The status of a cluster, as it is seen now. What nobody says any more stays as it was. */
final class Portrait {

  private final Situation situation;
  private final SnsClusterStatus before;
  private final Optional<String> blocked;
  private final int nextSerial;
  private final Instant now;

  Portrait(Situation situation, Optional<String> blocked, int nextSerial, Instant now) {
    this.situation = situation;
    this.before = situation.before();
    this.blocked = blocked;
    this.nextSerial = nextSerial;
    this.now = now.truncatedTo(ChronoUnit.SECONDS);
  }

  SnsClusterStatus status() {
    Phase phase = phase();
    String message = message(phase);
    boolean served = Boolean.TRUE.equals(before.served()) || phase == Phase.Ready;
    Optional<Configuration> known = situation.configuration();
    String master = known.map(Configuration::getMaster).orElse(before.master());
    return new SnsClusterStatus(
        situation.cluster().getMetadata().getGeneration(),
        phase,
        message,
        master,
        master == null
            ? null
            : situation.seats().stream()
                .map(Seat::name)
                .filter(name -> !name.equals(master))
                .findFirst()
                .orElse(null),
        situation.recorded().isPresent()
            ? situation.seats().stream().filter(Seat::inSync).map(Seat::name).toList()
            : before.inSync(),
        situation.recorded().isPresent()
            ? situation.seats().stream().filter(Seat::inSync).count() + "/2"
            : before.copies(),
        known.map(Configuration::getEpoch).orElse(before.epoch()),
        situation.serving().isPresent()
            ? Long.valueOf(situation.serving().get().report().orElseThrow().getStatus().getUsers())
            : before.users(),
        situation.recorded().map(ClusterStatus::getNumber).orElse(before.number()),
        lastFailover(known),
        situation.seats().stream().map(this::member).toList(),
        nextSerial,
        served ? true : null,
        conditions(phase, message));
  }

  private Phase phase() {
    if (situation.cluster().getMetadata().getDeletionTimestamp() != null) {
      return Phase.Deleting;
    }
    if (situation.spec().paused()) {
      return Phase.Paused;
    }
    boolean everServed = before.epoch() != null || situation.configuration().isPresent();
    if (situation.coordination() instanceof Coordination.Silent) {
      return everServed ? Phase.Unknown : Phase.Starting;
    }
    if (situation.configuration().isEmpty()) {
      return blocked.isPresent() ? Phase.Blocked : Phase.Starting;
    }
    Optional<Seat> serving = situation.serving();
    if (serving.isEmpty()) {
      return notServing();
    }
    Seat other = situation.other(serving.get());
    if (blocked.isPresent() && !other.heard()) {
      return other.lost() && other.inSync() ? Phase.Degraded : Phase.Blocked;
    }
    if (upgrading()) {
      return Phase.Upgrading;
    }
    if (other.inSync()) {
      return other.heard() ? Phase.Ready : Phase.Degraded;
    }
    boolean joined = other.before().map(MemberState::joined).orElse(false);
    if (other.installing() || (!joined && other.podIs() != Seat.PodIs.NONE)) {
      return Phase.Cloning;
    }
    return other.heard() ? Phase.Rejoining : Phase.Degraded;
  }

  private Phase notServing() {
    boolean first = !Boolean.TRUE.equals(before.served());
    if (situation.seats().stream().filter(Seat::inSync).anyMatch(Seat::heard)) {
      return first ? Phase.Starting : Phase.FailingOver;
    }
    boolean hopeless =
        situation.seats().stream()
            .filter(Seat::inSync)
            .allMatch(seat -> seat.volume() != Seat.VolumeIs.PRESENT);
    if (hopeless) {
      return Phase.Blocked;
    }
    return first ? Phase.Starting : Phase.Down;
  }

  private boolean upgrading() {
    String revision = situation.revision();
    return situation.seats().stream().anyMatch(seat -> seat.outdated(revision));
  }

  private String message(Phase phase) {
    String plain =
        switch (phase) {
          case Starting ->
              situation.coordination() instanceof Coordination.Silent
                  ? "waits for a coordinator"
                  : "the members start";
          case Ready -> "both members hold everything";
          case Degraded -> "one copy only: " + absent() + " is not heard";
          case Rejoining -> "one copy only: " + absent() + " catches up";
          case Cloning -> "one copy only: " + absent() + " takes a full copy";
          case Upgrading -> upgradeMessage();
          case FailingOver -> "another member takes over";
          case Down -> "no member that could serve is heard";
          case Paused -> "paused: the operator changes nothing";
          case Unknown ->
              situation.disbelieves()
                  ? "the coordinator that answers is behind what was seen before; reads and writes go on"
                  : "no coordinator answers; reads and writes go on";
          case Blocked ->
              "all that was acknowledged is on "
                  + counted()
                  + " alone, not heard; the claim was deleted, and the volume goes when the pod ends."
                  + " If it cannot be brought back, see 'starling admin recover'";
          case Deleting -> "is being deleted";
        };
    return blocked.filter(_ -> phase != Phase.Paused).orElse(plain);
  }

  private String upgradeMessage() {
    if (situation.seats().stream().allMatch(seat -> seat.volume() == Seat.VolumeIs.GOING)) {
      return "members are made anew: waits, for the claims of both were deleted";
    }
    return situation.serving().map(situation::other).filter(other -> !other.inSync()).isPresent()
        ? "members are made anew: waits until " + absent() + " holds everything"
        : "members are made anew, the slave first";
  }

  private String counted() {
    return situation.seats().stream()
        .filter(Seat::inSync)
        .map(Seat::name)
        .collect(Collectors.joining(" and "));
  }

  private String absent() {
    return situation.serving().map(situation::other).map(Seat::name).orElse("the other");
  }

  private LastFailover lastFailover(Optional<Configuration> known) {
    if (known.isEmpty()
        || before.master() == null
        || before.master().equals(known.get().getMaster())) {
      return before.lastFailover();
    }
    return new LastFailover(
        now.toString(),
        before.master(),
        known.get().getMaster(),
        known.get().getEpoch(),
        planned(known.get()));
  }

  /** Of changes in between nothing is known but that there were some. */
  private Boolean planned(Configuration known) {
    if (known.getReleased()) {
      return true;
    }
    return known.getPreviousMaster().equals(before.master()) ? Boolean.FALSE : null;
  }

  private MemberState member(Seat seat) {
    Optional<MemberState> earlier = seat.before();
    String master = situation.configuration().map(Configuration::getMaster).orElse(null);
    boolean recorded = situation.recorded().isPresent();
    return new MemberState(
        seat.name(),
        master == null
            ? earlier.map(MemberState::role).orElse(null)
            : seat.name().equals(master) ? Role.master : Role.slave,
        recorded ? Boolean.valueOf(seat.inSync()) : earlier.map(MemberState::inSync).orElse(null),
        seat.report().map(Portrait::hearing).orElse(earlier.map(MemberState::hearing).orElse(null)),
        seat.report()
            .filter(MemberReport::hasHello)
            .map(Portrait::volume)
            .orElse(earlier.map(MemberState::volume).orElse(null)),
        seat.claim()
            .map(claim -> claim.getMetadata().getUid())
            .orElse(earlier.map(MemberState::claim).orElse(null)),
        seat.node().map(NodeView::name).orElse(earlier.map(MemberState::node).orElse(null)),
        seat.inSync() || earlier.map(MemberState::joined).orElse(false) ? true : null,
        trouble(seat));
  }

  /** What the member says, or what it cannot know; null when there is none. */
  private String trouble(Seat seat) {
    if (!seat.trouble().isEmpty()) {
      return seat.trouble();
    }
    if (seat.volume() != Seat.VolumeIs.GOING || seat.podIs() != Seat.PodIs.RUNNING) {
      return null;
    }
    String goes = "its claim was deleted: the volume goes when its pod ends, and ";
    return situation.recorded().isPresent() && !situation.other(seat).inSync()
        ? goes + "nobody else holds all that was acknowledged"
        : goes + "another takes its place";
  }

  private static String volume(MemberReport report) {
    String now = report.getStatus().getVolume();
    return now.isEmpty() ? report.getHello().getVolume() : now;
  }

  private static Hearing hearing(MemberReport report) {
    return switch (report.getHearing()) {
      case HEARD -> Hearing.Heard;
      case SUSPECTED -> Hearing.Suspected;
      case LOST -> Hearing.Lost;
      case HEARING_UNSPECIFIED, UNRECOGNIZED -> Hearing.Never;
    };
  }

  // -------------------------------------------------------------- conditions

  private List<Condition> conditions(Phase phase, String message) {
    boolean silent = situation.coordination() instanceof Coordination.Silent;
    boolean serves = situation.serving().isPresent();
    boolean whole =
        serves && situation.seats().stream().allMatch(seat -> seat.inSync() && seat.heard());
    boolean progressing =
        switch (phase) {
          case Starting, Rejoining, Cloning, Upgrading, FailingOver, Deleting -> true;
          case Ready, Degraded, Down, Paused, Unknown, Blocked -> false;
        };
    boolean started = situation.configuration().isPresent() || before.epoch() != null;
    return List.of(
        condition("Ready", silent ? "Unknown" : serves ? "True" : "False", phase, message),
        condition("Progressing", progressing ? "True" : "False", phase, message),
        condition(
            "Degraded", silent ? "Unknown" : started && !whole ? "True" : "False", phase, message));
  }

  private Condition condition(String type, String status, Phase phase, String message) {
    Optional<Condition> earlier =
        before.conditions().stream().filter(each -> each.getType().equals(type)).findFirst();
    return new ConditionBuilder()
        .withType(type)
        .withStatus(status)
        .withReason(phase.name())
        .withMessage(message)
        .withObservedGeneration(situation.cluster().getMetadata().getGeneration())
        .withLastTransitionTime(
            earlier
                .filter(each -> each.getStatus().equals(status))
                .map(Condition::getLastTransitionTime)
                .orElse(now.toString()))
        .build();
  }
}
