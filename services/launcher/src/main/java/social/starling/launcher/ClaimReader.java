package social.starling.launcher;

import static social.starling.launcher.Namespace.nameOf;
import static social.starling.launcher.Namespace.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Reads the volumes of a namespace: a pod for each, on the node where the volume is, runs the
 * program that does it and ends. It works beside servers that run, and when none does.
 */
final class ClaimReader {

  static final String CLUSTER = "starling.social/cluster";

  private static final int AT_ONCE = 4;
  private static final int HTTP_PORT = 9000;
  private static final Duration LOOK = Duration.ofMillis(500);

  private final Namespace namespace;
  private final RebuildPods pods;
  private final Duration patience;

  /**
   * @param patience how long a pod may take from being made to its end
   */
  ClaimReader(Namespace namespace, RebuildPods pods, Duration patience) {
    this.namespace = namespace;
    this.pods = pods;
    this.patience = patience;
  }

  /** Reads the volumes of all claims of members. What cannot be read says so. */
  List<VolumeView> read() throws InterruptedException {
    Map<String, JsonObject> running =
        namespace.pods(Namespace.MEMBERS).stream()
            .filter(pod -> text(pod, "status", "phase").filter("Running"::equals).isPresent())
            .collect(Collectors.toMap(Namespace::nameOf, Function.identity()));
    List<VolumeView> views = new ArrayList<>();
    try (ExecutorService readers = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<VolumeView>> reading = new ArrayList<>();
      for (JsonObject claim : namespace.claims()) {
        Optional<JsonObject> pod = Optional.ofNullable(running.get(nameOf(claim)));
        reading.add(readers.submit(() -> read(claim, pod)));
      }
      for (Future<VolumeView> each : reading) {
        views.add(each.get());
      }
      return views;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StartException refusal) {
        throw refusal;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private VolumeView read(JsonObject claim, Optional<JsonObject> running)
      throws InterruptedException {
    String member = nameOf(claim);
    String cluster = Namespace.label(claim, CLUSTER).orElse("");
    if (text(claim, "status", "phase").filter("Pending"::equals).isPresent()) {
      return VolumeView.unused(cluster, member, Path.of(member));
    }
    // Asked first: who serves now has at least what is read of its volume afterwards.
    OptionalLong openEpoch = running.isPresent() ? openEpoch(member) : OptionalLong.empty();
    String pod = RebuildPods.reader(member);
    namespace.removePod(pod);
    try {
      namespace.createPod(
          pods.read(member, running.flatMap(used -> text(used, "spec", "nodeName"))));
      End end = await(namespace, pod, patience);
      if (!end.succeeded()) {
        return VolumeView.unknown(
            cluster, member, Path.of(member), "the pod that reads it %s".formatted(end.why()));
      }
      String line =
          namespace
              .log(pod)
              .orElse("")
              .lines()
              .filter(l -> l.startsWith("{"))
              .findFirst()
              .orElse("");
      return VolumeView.read(cluster, member, Path.of(member), line, openEpoch);
    } finally {
      namespace.removePod(pod);
    }
  }

  /** The epoch in which a running member serves; empty when it does not serve. */
  private OptionalLong openEpoch(String member) throws InterruptedException {
    try {
      return namespace
          .ask(member, HTTP_PORT, "/metrics")
          .map(OpenEpoch::in)
          .orElse(OptionalLong.empty());
    } catch (StartException e) {
      // Whoever it is, it must not go on being written to while another is made master.
      throw new StartException(
          ExitCode.FAILED,
          ("the pod %s counts as running, and cannot be asked whether it serves (%s); try again, or end"
                  + " it first: kubectl -n %s delete pod %s, with --force if its node is lost")
              .formatted(member, e.getMessage(), namespace.name(), member),
          e);
    }
  }

  /**
   * How a pod's program ended.
   *
   * @param why what is wrong, as the end of a sentence; empty when it succeeded
   */
  record End(boolean succeeded, String why) {}

  /** Waits until a pod's program ended. */
  static End await(Namespace namespace, String pod, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Optional<JsonObject> found = namespace.pod(pod);
      if (found.isEmpty()) {
        return new End(false, "was deleted");
      }
      String phase = text(found.get(), "status", "phase").orElse("");
      if (phase.equals("Succeeded")) {
        return new End(true, "");
      }
      if (phase.equals("Failed")) {
        String log = namespace.log(pod).orElse("").strip();
        return new End(false, "failed: " + (log.isEmpty() ? reason(found.get()) : log));
      }
      if (System.nanoTime() - deadline > 0) {
        return new End(
            false,
            "did not end within %d s: %s".formatted(patience.toSeconds(), reason(found.get())));
      }
      Thread.sleep(LOOK);
    }
  }

  /** What Kubernetes says about a pod that does not get anywhere. */
  private static String reason(JsonObject pod) {
    List<String> reasons = new ArrayList<>();
    text(pod, "status", "message").ifPresent(reasons::add);
    each(pod, "conditions")
        .filter(condition -> text(condition, "status").filter("False"::equals).isPresent())
        .flatMap(condition -> text(condition, "message").stream())
        .forEach(reasons::add);
    each(pod, "containerStatuses")
        .flatMap(status -> text(status, "state", "waiting", "reason").stream())
        .forEach(reasons::add);
    return reasons.isEmpty() ? "nothing is said of it" : String.join("; ", reasons);
  }

  private static Stream<JsonObject> each(JsonObject pod, String list) {
    return Namespace.find(pod, "status", list).stream()
        .filter(JsonElement::isJsonArray)
        .flatMap(array -> array.getAsJsonArray().asList().stream())
        .map(JsonElement::getAsJsonObject);
  }
}
