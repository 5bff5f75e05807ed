package social.starling.operator.model;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.List;
import java.util.stream.Stream;
import social.starling.operator.api.SnsClusterSpec.Placement;

/** What all pods of a cluster have in common. */
final class Pods {

  static final int PUBLIC_PORT = 7000;
  static final int INTERNAL_PORT = 7001;
  static final int HTTP_PORT = 9000;

  private static final long USER = 10001;
  private static final String CREDENTIAL = "/etc/starling/credential";

  private Pods() {}

  /** A container with the flags that every process gets. */
  static ContainerBuilder container(String name, String image, Settings settings) {
    return new ContainerBuilder()
        .withName(name)
        .withImage(image)
        .withImagePullPolicy(settings.imagePullPolicy())
        .withSecurityContext(restricted())
        .withEnv(fieldEnv("POD_IP", "status.podIP"), fieldEnv("POD_UID", "metadata.uid"))
        .withArgs(
            "--host=0.0.0.0",
            "--advertise=$(POD_IP)",
            "--instance=$(POD_UID)",
            "--internal-port=" + INTERNAL_PORT,
            "--http-port=" + HTTP_PORT,
            "--credential=" + CREDENTIAL + "/credential",
            "--coordinators=" + settings.coordinators(),
            "--log-format=" + settings.logFormat(),
            "--log-level=" + settings.logLevel())
        .addNewPort()
        .withName("internal")
        .withContainerPort(INTERNAL_PORT)
        .endPort()
        .addNewPort()
        .withName("http")
        .withContainerPort(HTTP_PORT)
        .endPort()
        .withVolumeMounts(mount("tmp", "/tmp", false), mount("credential", CREDENTIAL, true));
  }

  static VolumeMount mount(String name, String path, boolean readOnly) {
    VolumeMountBuilder mount = new VolumeMountBuilder().withName(name).withMountPath(path);
    return readOnly ? mount.withReadOnly(true).build() : mount.build();
  }

  static List<Volume> volumes(Settings settings) {
    return List.of(
        new VolumeBuilder().withName("tmp").withNewEmptyDir().endEmptyDir().build(),
        new VolumeBuilder()
            .withName("credential")
            .withNewSecret()
            .withSecretName(settings.credentialSecret())
            .withDefaultMode(0440)
            .endSecret()
            .build());
  }

  static PodSecurityContext securityContext() {
    return new PodSecurityContextBuilder()
        .withRunAsNonRoot(true)
        .withRunAsUser(USER)
        .withRunAsGroup(USER)
        .withFsGroup(USER)
        // Else each start of a pod would walk over the whole volume.
        .withFsGroupChangePolicy("OnRootMismatch")
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .build();
  }

  static List<LocalObjectReference> pullSecrets(Settings settings) {
    return settings.imagePullSecrets().stream().map(LocalObjectReference::new).toList();
  }

  /**
   * Whether the process listens at all, which it does once its volume is open. Ten minutes for
   * that: a journal may be long and a node busy, and who is ended on the way begins from the start
   * again. Catching up and copying come after it, and are for readiness to tell.
   */
  static Probe started() {
    return livez(1, 5, 600);
  }

  /**
   * Answers while the process lives; it is ended after two minutes without an answer. Another
   * member has taken over long before, so this only brings the copy back, and a busy node must not
   * look like a process that is stuck.
   */
  static Probe alive() {
    return livez(10, 10, 12);
  }

  private static Probe livez(int periodSeconds, int timeoutSeconds, int failures) {
    return new ProbeBuilder()
        .withNewHttpGet()
        .withPath("/livez")
        .withNewPort(HTTP_PORT)
        .endHttpGet()
        .withPeriodSeconds(periodSeconds)
        .withTimeoutSeconds(timeoutSeconds)
        .withFailureThreshold(failures)
        .build();
  }

  /** {@code grpc.health.v1}, which the process answers as ready or not. */
  static Probe grpc(int port) {
    return new ProbeBuilder()
        .withNewGrpc()
        .withPort(port)
        .endGrpc()
        .withPeriodSeconds(2)
        .withTimeoutSeconds(2)
        .withFailureThreshold(2)
        .build();
  }

  /**
   * What the placement tolerates, and nodes that are lost.
   *
   * @param lostNodeSeconds for how long a pod stays on such a node; null: for good
   */
  static List<Toleration> tolerations(Placement placement, Long lostNodeSeconds) {
    return Stream.concat(
            placement.tolerations().stream(),
            Stream.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
                .map(key ->
                    new TolerationBuilder()
                        .withKey(key)
                        .withOperator("Exists")
                        .withEffect("NoExecute")
                        .withTolerationSeconds(lostNodeSeconds)
                        .build()))
        .toList();
  }

  private static SecurityContext restricted() {
    return new SecurityContextBuilder()
        .withAllowPrivilegeEscalation(false)
        .withReadOnlyRootFilesystem(true)
        .withNewCapabilities()
        .withDrop("ALL")
        .endCapabilities()
        .build();
  }

  private static EnvVar fieldEnv(String name, String path) {
    return new EnvVarBuilder()
        .withName(name)
        .withNewValueFrom()
        .withNewFieldRef()
        .withFieldPath(path)
        .endFieldRef()
        .endValueFrom()
        .build();
  }
}
