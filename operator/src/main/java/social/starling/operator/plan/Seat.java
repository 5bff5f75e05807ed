package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;
import social.starling.operator.api.SnsClusterStatus.MemberState;
import social.starling.operator.model.Labels;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.Role;

/**
 * One of the two places of a cluster, with the member that has it.
 *
 * @param name of the member
 * @param serial of the member
 * @param pod of that name
 * @param claim of that name
 * @param report what the coordinators say of the member
 * @param inSync whether they count its volume
 * @param before its part of the status that was written last
 * @param node where its pod or its volume is
 */
record Seat(
    String name,
    int serial,
    Optional<Pod> pod,
    Optional<PersistentVolumeClaim> claim,
    Optional<MemberReport> report,
    boolean inSync,
    Optional<MemberState> before,
    Optional<NodeView> node) {

  enum VolumeIs {
    /** There has never been one. */
    NEW,
    PRESENT,
    /** Its claim is being deleted: it goes as soon as no pod uses it. */
    GOING,
    GONE
  }

  enum PodIs {
    NONE,
    /** Waits for a node, an image or a volume. */
    STARTING,
    RUNNING,
    /** Told to end. */
    ENDING,
    ENDED
  }

  VolumeIs volume() {
    if (claim.isEmpty()) {
      return hadVolume() ? VolumeIs.GONE : VolumeIs.NEW;
    }
    if (claim.get().getStatus() != null && "Lost".equals(claim.get().getStatus().getPhase())) {
      return VolumeIs.GONE;
    }
    return claim.get().getMetadata().getDeletionTimestamp() == null
        ? VolumeIs.PRESENT
        : VolumeIs.GOING;
  }

  /** Once it had one, a new one under its name would be an empty one that takes its place. */
  private boolean hadVolume() {
    return inSync
        || before.map(MemberState::claim).isPresent()
        || report.filter(MemberReport::hasHello).isPresent();
  }

  PodIs podIs() {
    if (pod.isEmpty()) {
      return PodIs.NONE;
    }
    String phase = pod.get().getStatus() == null ? null : pod.get().getStatus().getPhase();
    if (ended(pod.get()).isPresent() || "Failed".equals(phase) || "Succeeded".equals(phase)) {
      return PodIs.ENDED;
    }
    if (pod.get().getMetadata().getDeletionTimestamp() != null) {
      return PodIs.ENDING;
    }
    return "Running".equals(phase) ? PodIs.RUNNING : PodIs.STARTING;
  }

  /** How the pod's process ended, if its node says that it did. */
  static Optional<ContainerStateTerminated> ended(Pod pod) {
    if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
      return Optional.empty();
    }
    return pod.getStatus().getContainerStatuses().stream()
        .filter(container -> container.getName().equals(Labels.SERVER))
        .map(ContainerStatus::getState)
        .filter(state -> state != null && state.getTerminated() != null)
        .map(state -> state.getTerminated())
        .findFirst();
  }

  /**
   * The same, if the end was seen: of a container that it cannot find a node only says that it must
   * have ended.
   */
  static boolean provenDead(Pod pod) {
    return ended(pod).filter(end -> !"ContainerStatusUnknown".equals(end.getReason())).isPresent();
  }

  boolean heard() {
    return report.filter(member -> member.getHearing() == Hearing.HEARD).isPresent();
  }

  boolean open() {
    return heard() && report.get().getStatus().getRole() == Role.OPEN;
  }

  /**
   * Whether it says itself that it is master, in a later epoch than the coordinators that were
   * asked know of. Who was master before and does not know yet that it is not says an earlier one.
   */
  boolean leadsAfter(long epoch) {
    return heard()
        && report.get().getStatus().getEpoch() > epoch
        && (open() || report.get().getStatus().getRole() == Role.WAITING);
  }

  boolean installing() {
    return heard() && report.get().getStatus().getRole() == Role.INSTALLING;
  }

  String trouble() {
    return report.map(member -> member.getStatus().getTrouble()).orElse("");
  }

  /** Nothing can run on its volume any longer, as far as is known here. */
  boolean lost() {
    boolean unused = podIs() == PodIs.NONE || podIs() == PodIs.ENDED;
    return volume() == VolumeIs.GONE || (volume() == VolumeIs.GOING && unused) || nodeLost();
  }

  boolean nodeLost() {
    return node.filter(NodeView::lost).isPresent();
  }

  boolean outdated(String revision) {
    return pod.filter(
            made -> !Labels.annotation(made, Labels.REVISION).equals(Optional.of(revision)))
        .isPresent();
  }

  boolean ready() {
    return podIs() == PodIs.RUNNING
        && pod.get().getStatus().getConditions() != null
        && pod.get().getStatus().getConditions().stream()
            .anyMatch(condition ->
                condition.getType().equals("Ready") && condition.getStatus().equals("True"));
  }
}
