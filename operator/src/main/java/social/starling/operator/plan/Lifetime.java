package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
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

  static Instant endedAt(Pod pod, Instant now) {
    return Seat.ended(pod)
        .map(ContainerStateTerminated::getFinishedAt)
        .map(Instant::parse)
        .orElse(now);
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
