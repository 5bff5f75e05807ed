package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import social.starling.operator.model.Labels;

/** How long a pod that ended had lived, and why it ended. */
final class Lifetime {

  private static final int MAX_ATTEMPTS = 1000;

  private Lifetime() {}

  /** How often in a row the pods before this one ended soon. */
  static int attempts(Pod pod) {
    try {
      int written = Labels.annotation(pod, Labels.ATTEMPTS).map(Integer::parseInt).orElse(0);
      return Math.clamp(written, 0, MAX_ATTEMPTS);
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  static boolean endedSoon(Pod pod, Duration soon) {
    Optional<ContainerStateTerminated> end = Seat.ended(pod);
    if (end.isEmpty() || end.get().getStartedAt() == null || end.get().getFinishedAt() == null) {
      return true;
    }
    Instant started = Instant.parse(end.get().getStartedAt());
    return Duration.between(started, Instant.parse(end.get().getFinishedAt())).compareTo(soon) < 0;
  }

  /**
   * When the pod ended, as far as its node says: of one that was evicted, say, only when its
   * conditions changed last. Long ago when nobody says, or when the node's clock is ahead: whoever
   * counts from there must not wait for a time that never comes.
   */
  static Instant endedAt(Pod pod, Instant now) {
    return Seat.ended(pod)
        .map(ContainerStateTerminated::getFinishedAt)
        .or(() -> lastChange(pod))
        .map(Instant::parse)
        .filter(end -> !end.isAfter(now))
        .orElse(Instant.EPOCH);
  }

  private static Optional<String> lastChange(Pod pod) {
    if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
      return Optional.empty();
    }
    return pod.getStatus().getConditions().stream()
        .map(PodCondition::getLastTransitionTime)
        .filter(Objects::nonNull)
        .max(Comparator.comparing(Instant::parse));
  }

  /** For people. */
  static String why(Pod pod) {
    Optional<ContainerStateTerminated> end = Seat.ended(pod);
    if (end.isEmpty()) {
      String reason = pod.getStatus().getReason();
      return reason == null ? pod.getStatus().getPhase() : reason;
    }
    String reason = end.get().getReason() == null ? "ended" : end.get().getReason();
    return "%s, exit code %d".formatted(reason, end.get().getExitCode());
  }
}
