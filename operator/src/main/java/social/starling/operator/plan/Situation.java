package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.api.SnsClusterSpec;
import social.starling.operator.api.SnsClusterStatus;
import social.starling.operator.api.SnsClusterStatus.MemberState;
import social.starling.operator.model.Labels;
import social.starling.operator.model.Member;
import social.starling.operator.model.Names;
import social.starling.operator.model.Settings;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.MemberReport;

/** An observation, put in order. */
final class Situation {

  private static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";

  private final Observation seen;
  private final Settings settings;
  private final String name;
  private final SnsClusterStatus before;
  private final Coordination coordination;
  private final Optional<ClusterStatus> recorded;
  private final List<Seat> seats;
  private final int nextSerial;

  Situation(Observation seen, Settings settings) {
    this.seen = seen;
    this.settings = settings;
    this.name = seen.cluster().getMetadata().getName();
    this.before =
        seen.cluster().getStatus() == null ? SnsClusterStatus.NONE : seen.cluster().getStatus();
    this.coordination = believed(seen.coordination());
    this.recorded =
        coordination instanceof Coordination.Recorded known
            ? Optional.of(known.status())
            : Optional.empty();
    int used = highestSerial();
    List<String> members = members();
    this.nextSerial = members.isEmpty() ? used + 3 : used + 1;
    this.seats =
        (members.isEmpty()
                ? List.of(Names.member(name, used + 1), Names.member(name, used + 2))
                : members)
            .stream().map(this::seat).toList();
  }

  SnsCluster cluster() {
    return seen.cluster();
  }

  SnsClusterSpec spec() {
    return cluster().getSpec() == null ? SnsClusterSpec.DEFAULT : cluster().getSpec();
  }

  Observation seen() {
    return seen;
  }

  String name() {
    return name;
  }

  SnsClusterStatus before() {
    return before;
  }

  Coordination coordination() {
    return coordination;
  }

  /** What the coordinators say; empty when they are silent, or do not know the cluster. */
  Optional<ClusterStatus> recorded() {
    return recorded;
  }

  /** The current one; empty when there has never been any. */
  Optional<Configuration> configuration() {
    return recorded.map(ClusterStatus::getConfiguration).filter(known -> known.getEpoch() > 0);
  }

  /** Both places. */
  List<Seat> seats() {
    return seats;
  }

  Seat other(Seat seat) {
    return seats.get(0).name().equals(seat.name()) ? seats.get(1) : seats.get(0);
  }

  Optional<Seat> master() {
    return configuration()
        .flatMap(
            known -> seats.stream().filter(s -> s.name().equals(known.getMaster())).findFirst());
  }

  /** The member that serves now. */
  Optional<Seat> serving() {
    return master().filter(Seat::open);
  }

  /** The lowest serial that nothing has ever had. */
  int nextSerial() {
    return nextSerial;
  }

  String revision() {
    return Member.revision(cluster(), settings);
  }

  /** Pods of members that have no place any more. */
  List<Pod> formerPods() {
    return seen.pods().stream().filter(pod -> !hasPlace(pod.getMetadata().getName())).toList();
  }

  List<PersistentVolumeClaim> formerClaims() {
    return seen.claims().stream()
        .filter(claim -> !hasPlace(claim.getMetadata().getName()))
        .toList();
  }

  /** Whether a claim was there before this object: it was made for another one of its name. */
  boolean isOlder(PersistentVolumeClaim claim) {
    String made = claim.getMetadata().getCreationTimestamp();
    String since = cluster().getMetadata().getCreationTimestamp();
    return made != null && since != null && Instant.parse(made).isBefore(Instant.parse(since));
  }

  /** Who came after the members of now is none of those who were before. */
  private boolean hasPlace(String member) {
    int newest = seats.stream().mapToInt(Seat::serial).max().orElse(0);
    return serial(member) > newest || seats.stream().anyMatch(seat -> seat.name().equals(member));
  }

  /** A coordinator behind what was seen before has not read what is stored for a while. */
  private Coordination believed(Coordination said) {
    if (!(said instanceof Coordination.Recorded known)) {
      return said;
    }
    int newest =
        known.status().getMembersList().stream().mapToInt(m -> serial(m.getName())).max().orElse(0);
    int seenBefore = before.members().stream().mapToInt(m -> serial(m.name())).max().orElse(0);
    boolean behind =
        before.epoch() != null
            && (newest < seenBefore
                || known.status().getConfiguration().getEpoch() < before.epoch());
    return behind ? new Coordination.Silent() : said;
  }

  /** Somebody answers, and is not believed. */
  boolean disbelieves() {
    return coordination instanceof Coordination.Silent
        && !(seen.coordination() instanceof Coordination.Silent);
  }

  /**
   * Who the members are: the coordinators decide. While nothing is recorded, the status of the last
   * time; without one, the claims that are there, the newest ones; else nobody yet.
   */
  private List<String> members() {
    if (recorded.isPresent()) {
      return recorded.get().getMembersList().stream().map(MemberReport::getName).toList();
    }
    if (before.members().size() == 2) {
      return before.members().stream().map(MemberState::name).toList();
    }
    List<String> volumes =
        seen.claims().stream()
            .map(claim -> claim.getMetadata().getName())
            .filter(claim -> Names.serial(name, claim).isPresent())
            .sorted((a, b) -> serial(b) - serial(a))
            .limit(2)
            .sorted((a, b) -> serial(a) - serial(b))
            .toList();
    return volumes.size() == 2 ? volumes : List.of();
  }

  private int highestSerial() {
    Stream<String> names =
        Stream.of(
                seen.pods().stream().map(pod -> pod.getMetadata().getName()),
                seen.claims().stream().map(claim -> claim.getMetadata().getName()),
                before.members().stream().map(MemberState::name),
                recorded.stream()
                    .flatMap(r -> r.getMembersList().stream())
                    .map(MemberReport::getName))
            .flatMap(each -> each);
    int highest = names.mapToInt(this::serial).max().orElse(0);
    return Math.max(highest, before.nextSerial() == null ? 0 : before.nextSerial() - 1);
  }

  private int serial(String member) {
    return Names.serial(name, member).orElse(0);
  }

  private Seat seat(String member) {
    Optional<Pod> pod = seen.pods().stream().filter(p -> named(p, member)).findFirst();
    Optional<PersistentVolumeClaim> claim =
        seen.claims().stream().filter(c -> named(c, member)).findFirst();
    return new Seat(
        member,
        serial(member),
        pod,
        claim,
        recorded.stream()
            .flatMap(known -> known.getMembersList().stream())
            .filter(report -> report.getName().equals(member))
            .findFirst(),
        recorded.stream()
            .flatMap(known -> known.getConfiguration().getInSyncList().stream())
            .anyMatch(entry -> entry.getMember().equals(member)),
        before.members().stream().filter(state -> state.name().equals(member)).findFirst(),
        node(pod, claim)
            .map(at -> NodeView.of(at, seen.nodes(), settings.replaceAfter(), seen.now())));
  }

  /** That of the pod; of one that finds no node, that of its volume: it may be bound to it. */
  private static Optional<String> node(Optional<Pod> pod, Optional<PersistentVolumeClaim> claim) {
    return pod.map(p -> p.getSpec() == null ? null : p.getSpec().getNodeName())
        .or(() ->
            claim
                .filter(_ -> pod.filter(Situation::unschedulable).isPresent())
                .flatMap(c -> Labels.annotation(c, SELECTED_NODE)));
  }

  private static boolean unschedulable(Pod pod) {
    return pod.getStatus() != null
        && pod.getStatus().getConditions() != null
        && pod.getStatus().getConditions().stream()
            .anyMatch(condition ->
                condition.getType().equals("PodScheduled")
                    && "Unschedulable".equals(condition.getReason()));
  }

  private static boolean named(HasMetadata object, String name) {
    return object.getMetadata().getName().equals(name);
  }

  List<String> memberNames() {
    return seats.stream().map(Seat::name).toList();
  }
}
