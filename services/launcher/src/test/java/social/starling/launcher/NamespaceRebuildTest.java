package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static social.starling.launcher.WrittenVolumes.nameIn;
import static social.starling.launcher.WrittenVolumes.write;

import com.google.gson.JsonObject;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.server.storage.Volume;

/** Volumes as servers write them, read and rebuilt into a mock API server by the real programs. */
@EnableKubernetesMockClient(crud = true, https = false)
@Timeout(300)
class NamespaceRebuildTest {

  private static final String NAMESPACE = "birds";
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  KubernetesMockServer server;
  KubernetesClient client;

  @TempDir Path claims;
  @TempDir Path kept;
  private final List<String> said = new ArrayList<>();
  private MockCluster cluster;

  @BeforeEach
  void install() {
    cluster = new MockCluster(server, claims);
    deployment("starling-coordinator", "starling/coordinator:1", "--init");
    deployment("starling-operator", "starling/operator:1", "--server-image=starling/server:1");
  }

  @Test
  void shouldWriteAStateThatIsLostFromTheVolumesOfServersAtWork() throws Exception {
    WrittenVolumes volumes = new WrittenVolumes(claims);
    String serving;
    try (Volume one = volumes.volume("alpha", 0, 1);
        Volume two = volumes.volume("alpha", 0, 2);
        Volume beta = volumes.volume("beta", 1, 1);
        Volume behind = volumes.volume("beta", 1, 2)) {
      write(one, 3, volumes.own(1, 4, 0, 512), volumes.login(2, nameIn(100, 512)));
      write(two, 3, volumes.own(1, 4, 0, 512), volumes.login(2, nameIn(100, 512)));
      write(beta, 9, volumes.own(1, 4, 512, 1024), volumes.login(2, nameIn(512, 1024)));
      write(behind, 9, volumes.own(1, 4, 512, 1024));
      serving = two.id();
      List.of("alpha-1", "alpha-2", "beta-1", "beta-2").forEach(this::claim);
      member("alpha-1", "starling_open 0.0\nstarling_epoch 3.0\n");
      member("alpha-2", "starling_open 1.0\nstarling_epoch 3.0\n");
      pod("starling-coordinator-x", "coordinator");

      NamespaceRebuild rebuild = rebuild(PATIENCE);
      List<VolumeView> found = rebuild.volumes();
      Rebuilt rebuilt = Rebuilt.of(found);
      assertThat(rebuilt.losses()).isEmpty();
      assertThat(rebuilt.contradictions()).isEmpty();
      assertThat(rebuild.status()).isEmpty();
      rebuild.write(rebuilt);

      GetStatusResponse status = rebuild(PATIENCE).status().orElseThrow();
      assertThat(RebuildCommand.isUsable(status, found)).isTrue();
      Configuration alpha = status.getClusters(0).getConfiguration();
      assertThat(alpha.getMaster()).isEqualTo("alpha-2");
      assertThat(alpha.getEpoch()).isEqualTo(1_000_003);
      assertThat(alpha.getInSyncList())
          .singleElement()
          .satisfies(member -> assertThat(member.getVolume()).isEqualTo(serving));
      assertThat(status.getClusters(1).getConfiguration().getMaster()).isEqualTo("beta-1");
    }
    assertThat(objects())
        .containsExactlyInAnyOrder(
            "starling-state", "starling-slots", "starling-state-alpha", "starling-state-beta");
    assertThat(pods())
        .as("coordinators begin at once")
        .containsExactlyInAnyOrder("alpha-1", "alpha-2");
    assertThat(kept.resolve("rebuilt-coordinator-birds.txt")).content().contains("alpha-2");
  }

  @Test
  void shouldKeepAndReplaceAStateThatIsThereByHalf() throws Exception {
    volumeOfAlpha();
    object("starling-state-alpha", "key", "cluster/alpha");
    NamespaceRebuild rebuild = rebuild(PATIENCE);
    assertThat(rebuild.status()).isEmpty();
    rebuild.write(Rebuilt.of(rebuild.volumes()));

    assertThat(rebuild(PATIENCE).status()).isPresent();
    assertThat(Files.readString(kept.resolve("replaced-coordinator-birds.json")))
        .contains("starling-state-alpha", "cluster/alpha");
    assertThat(said).anySatisfy(s -> assertThat(s).contains("replaced-coordinator-birds.json"));
  }

  @Test
  void shouldLeaveNoStateThatCoordinatorsBeginWithWhenItCannotBeWritten() throws Exception {
    volumeOfAlpha();
    object("starling-state", "format", "1");
    NamespaceRebuild rebuild = rebuild(Duration.ZERO);
    Rebuilt rebuilt = Rebuilt.of(rebuild(PATIENCE).volumes());
    cluster.stuck(RebuildPods.WRITER);
    assertThatThrownBy(() -> rebuild.write(rebuilt))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("so no coordinator begins; do it again")
        .hasMessageContaining("did not end within 0 s");
    assertThat(objects()).isEmpty();
    assertThat(pods()).isEmpty();
  }

  @Test
  void shouldWriteNothingWhenCoordinatorsHaveWrittenSinceTheVolumesWereRead() throws Exception {
    volumeOfAlpha();
    object("starling-state-alpha", "key", "cluster/alpha");
    NamespaceRebuild rebuild = rebuild(PATIENCE);
    Rebuilt rebuilt = Rebuilt.of(rebuild.volumes());
    promote("starling-state-alpha");
    assertThatThrownBy(() -> rebuild.write(rebuilt))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("another member may be master by now; do it again")
        .hasMessageContaining("Nothing was changed.");
    assertThat(objects()).containsExactly("starling-state-alpha");
    assertThat(kept).isEmptyDirectory();
  }

  @Test
  void shouldDeleteNoDocumentThatCoordinatorsWriteAtThatMoment() throws Exception {
    volumeOfAlpha();
    object("starling-state", "format", "1");
    object("starling-state-alpha", "key", "cluster/alpha");
    NamespaceRebuild rebuild = rebuild(PATIENCE);
    Rebuilt rebuilt = Rebuilt.of(rebuild.volumes());
    cluster.beforeDeletion(() -> promote("starling-state-alpha"));
    assertThatThrownBy(() -> rebuild.write(rebuilt))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("do it again. No coordinator begins before that.");
    assertThat(objects()).containsExactly("starling-state-alpha");

    cluster.beforeDeletion(() -> {});
    NamespaceRebuild again = rebuild(PATIENCE);
    again.write(Rebuilt.of(again.volumes()));
    assertThat(rebuild(PATIENCE).status()).isPresent();
  }

  @Test
  void shouldPutBackAMarkerThatAloneIsMissing() throws Exception {
    volumeOfAlpha();
    NamespaceRebuild first = rebuild(PATIENCE);
    first.write(Rebuilt.of(first.volumes()));
    assertThat(rebuild(PATIENCE).unmarked()).isEmpty();
    ConfigMap marker = client.configMaps().inNamespace(NAMESPACE).withName("starling-state").get();
    client.configMaps().inNamespace(NAMESPACE).withName("starling-state").delete();

    NamespaceRebuild rebuild = rebuild(PATIENCE);
    assertThat(RebuildCommand.isUsable(rebuild.unmarked().orElseThrow(), rebuild.volumes()))
        .isTrue();
    assertThat(rebuild.status()).isEmpty();
    pod("starling-coordinator-x", "coordinator");
    rebuild.mark();

    assertThat(rebuild(PATIENCE).status()).isPresent();
    ConfigMap again = client.configMaps().inNamespace(NAMESPACE).withName("starling-state").get();
    assertThat(again.getData()).isEqualTo(marker.getData());
    assertThat(again.getMetadata().getLabels()).isEqualTo(marker.getMetadata().getLabels());
    assertThat(pods()).as("coordinators begin at once").isEmpty();
  }

  @Test
  void shouldSayWhichVolumeCannotBeReached() throws Exception {
    volumeOfAlpha();
    claim("alpha-2");
    cluster.stuck(RebuildPods.reader("alpha-2"));
    Rebuilt rebuilt = Rebuilt.of(rebuild(Duration.ZERO).volumes());
    assertThat(rebuilt.losses())
        .singleElement()
        .asString()
        .contains("alpha-2", "the pod that reads it did not end within 0 s");
    assertThat(pods()).isEmpty();
  }

  @Test
  void shouldNotGuessWhetherAMemberThatRunsServes() throws Exception {
    volumeOfAlpha();
    pod("alpha-1", "server");
    assertThatThrownBy(() -> rebuild(PATIENCE).volumes())
        .isInstanceOf(StartException.class)
        .hasMessageContaining("cannot be asked whether it serves")
        .hasMessageContaining("kubectl -n birds delete pod alpha-1");
  }

  @Test
  void shouldSayWhenNothingIsInstalledOrThereIsNothingToRead() {
    assertThatThrownBy(() -> rebuild(PATIENCE).volumes())
        .hasMessageContaining("no volume of a cluster is found in namespace birds");
    client.apps().deployments().inNamespace(NAMESPACE).withName("starling-operator").delete();
    assertThatThrownBy(() -> rebuild(PATIENCE).volumes())
        .hasMessageContaining("has no Deployment starling-operator: install the chart there first");
  }

  @Test
  void shouldRunItsPodsAsRestrictedAsTheCoordinators() throws Exception {
    volumeOfAlpha();
    NamespaceRebuild rebuild = rebuild(PATIENCE);
    rebuild.write(Rebuilt.of(rebuild.volumes()));
    for (String name : List.of(RebuildPods.reader("alpha-1"), RebuildPods.WRITER)) {
      JsonObject pod = cluster.made(name);
      assertThat(Namespace.text(pod, "spec", "securityContext", "runAsUser")).contains("10001");
      assertThat(Namespace.text(pod, "spec", "restartPolicy")).contains("Never");
      JsonObject container =
          pod.getAsJsonObject("spec").getAsJsonArray("containers").get(0).getAsJsonObject();
      assertThat(Namespace.text(container, "securityContext", "readOnlyRootFilesystem"))
          .contains("true");
      assertThat(Namespace.find(pod, "metadata", "labels", "app.kubernetes.io/name"))
          .as("neither a service nor a network policy takes it for something else")
          .isEmpty();
    }
    assertThat(
            Namespace.text(
                cluster.made(RebuildPods.reader("alpha-1")),
                "spec",
                "automountServiceAccountToken"))
        .contains("false");
    assertThat(Namespace.text(cluster.made(RebuildPods.WRITER), "spec", "serviceAccountName"))
        .contains("starling-coordinator");
  }

  /** As coordinators do when they write. */
  private void promote(String document) {
    client
        .configMaps()
        .inNamespace(NAMESPACE)
        .withName(document)
        .edit(
            map -> new ConfigMapBuilder(map).addToData("version", "" + System.nanoTime()).build());
  }

  private NamespaceRebuild rebuild(Duration patience) throws InterruptedException {
    return new NamespaceRebuild(new Namespace(cluster, NAMESPACE), kept, patience, said::add);
  }

  private void volumeOfAlpha() throws Exception {
    WrittenVolumes volumes = new WrittenVolumes(claims);
    try (Volume one = volumes.volume("alpha", 0, 1)) {
      write(one, 3, volumes.own(1, 4, 0, 1024), volumes.login(2, nameIn(100, 512)));
    }
    claim("alpha-1");
  }

  private List<String> objects() {
    return client.configMaps().inNamespace(NAMESPACE).list().getItems().stream()
        .map(ConfigMap::getMetadata)
        .map(meta -> meta.getName())
        .toList();
  }

  private List<String> pods() {
    return client.pods().inNamespace(NAMESPACE).list().getItems().stream()
        .map(Pod::getMetadata)
        .map(meta -> meta.getName())
        .toList();
  }

  private void object(String name, String key, String value) {
    client
        .configMaps()
        .inNamespace(NAMESPACE)
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(name.equals("starling-state") ? Map.of() : Namespace.STATE)
                .endMetadata()
                .addToData(key, value)
                .build())
        .create();
  }

  private void claim(String member) {
    client
        .persistentVolumeClaims()
        .inNamespace(NAMESPACE)
        .resource(
            new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(member)
                .withLabels(Namespace.MEMBERS)
                .addToLabels(ClaimReader.CLUSTER, member.substring(0, member.lastIndexOf('-')))
                .endMetadata()
                .withNewStatus()
                .withPhase("Bound")
                .endStatus()
                .build())
        .create();
  }

  private void member(String name, String metrics) {
    pod(name, "server");
    cluster.metrics(name, metrics);
  }

  private void pod(String name, String component) {
    client
        .pods()
        .inNamespace(NAMESPACE)
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("app.kubernetes.io/name", "starling")
                .addToLabels("app.kubernetes.io/component", component)
                .endMetadata()
                .withNewSpec()
                .withNodeName("worker")
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .endStatus()
                .build())
        .create();
  }

  private void deployment(String name, String image, String argument) {
    client
        .apps()
        .deployments()
        .inNamespace(NAMESPACE)
        .resource(
            new DeploymentBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNewTemplate()
                .withNewSpec()
                .withServiceAccountName(name)
                .withNewSecurityContext()
                .withRunAsUser(10001L)
                .endSecurityContext()
                .addNewContainer()
                .withName("main")
                .withImage(image)
                .withArgs(argument)
                .withNewSecurityContext()
                .withReadOnlyRootFilesystem(true)
                .endSecurityContext()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build())
        .create();
  }
}
