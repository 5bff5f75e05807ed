package social.starling.operator.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.grpc.Status;
import io.javaoperatorsdk.operator.Operator;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Credential;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.api.SnsClusterSpec;
import social.starling.operator.api.SnsClusterStatus.Phase;
import social.starling.operator.coordination.Coordinators;
import social.starling.operator.coordination.FakeCoordinator;
import social.starling.operator.model.Labels;
import social.starling.operator.model.Settings;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Role;

/**
 * The whole operator, with the SDK, against the mock of an API server and a coordinator that says
 * what it is told. The test is the kubelet.
 */
@EnableKubernetesMockClient(crud = true)
@Timeout(120)
class OperatorOnMockTest {

  private static final String NAMESPACE = "starling";
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private KubernetesMockServer server;
  private KubernetesClient client;
  private FakeCoordinator coordinator;
  private Coordinators coordinators;
  private KubernetesClient own;
  private Operator operator;

  @BeforeEach
  void start() throws IOException {
    Path file = directory.resolve("credential");
    Files.writeString(file, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Credential credential = Credential.read(file);
    coordinator = new FakeCoordinator(credential);
    coordinators = new Coordinators(List.of(coordinator.address()), credential);
    client
        .resource(
            new NodeBuilder()
                .withNewMetadata()
                .withName("worker-1")
                .endMetadata()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build())
        .create();
    own = new KubernetesClientBuilder().withConfig(client.getConfiguration()).build();
    begin();
  }

  private void begin() {
    Settings settings =
        new Settings(
            NAMESPACE,
            coordinator.address().toString(),
            "starling-credential",
            "starling/server:test",
            "starling/synchronizer:test",
            "IfNotPresent",
            List.of(),
            Duration.ofSeconds(30),
            "text",
            "info");
    ClusterReconciler reconciler =
        new ClusterReconciler(
            own,
            coordinators,
            settings,
            Clock.systemUTC(),
            "operator-1",
            new SimpleMeterRegistry());
    operator =
        new Operator(options ->
            options
                .withKubernetesClient(own)
                .withCloseClientOnStop(false)
                .withUseSSAToPatchPrimaryResource(false));
    operator.register(reconciler, options -> options.settingNamespace(NAMESPACE));
    operator.start();
    coordinators.start(reconciler::wake);
    await().atMost(SOON).until(coordinators::heard);
  }

  @AfterEach
  void end() {
    operator.stop();
    coordinators.close();
    coordinator.close();
    own.close();
  }

  // ---------------------------------------------------------------- given

  private void make() {
    SnsCluster cluster = new SnsCluster();
    cluster.setMetadata(
        new ObjectMetaBuilder()
            .withName("alpha")
            .withNamespace(NAMESPACE)
            .withGeneration(1L)
            .build());
    cluster.setSpec(SnsClusterSpec.DEFAULT);
    client.resource(cluster).create();
  }

  private SnsCluster cluster() {
    return client.resources(SnsCluster.class).inNamespace(NAMESPACE).withName("alpha").get();
  }

  private Pod pod(String name) {
    return client.pods().inNamespace(NAMESPACE).withName(name).get();
  }

  private PersistentVolumeClaim claim(String name) {
    return client.persistentVolumeClaims().inNamespace(NAMESPACE).withName(name).get();
  }

  private void runs(String name) {
    await().atMost(SOON).until(() -> pod(name) != null && claim(name) != null);
    client
        .resource(
            new PersistentVolumeClaimBuilder(claim(name))
                .withNewStatus()
                .withPhase("Bound")
                .endStatus()
                .build())
        .updateStatus();
    PodBuilder running =
        new PodBuilder(pod(name))
            .editSpec()
            .withNodeName("worker-1")
            .endSpec()
            .withNewStatus()
            .withPhase("Running")
            .addNewCondition()
            .withType("Ready")
            .withStatus("True")
            .endCondition()
            .endStatus();
    client.resource(running.build()).update();
    client.resource(running.build()).updateStatus();
  }

  private static MemberReport report(String name, Hearing hearing, Role role) {
    return MemberReport.newBuilder()
        .setName(name)
        .setHearing(hearing)
        .setHello(Hello.newBuilder().setVolume("v-" + name))
        .setStatus(MemberStatus.newBuilder().setRole(role).setUsers(3))
        .build();
  }

  private static ClusterStatus status(
      long epoch, List<String> inSync, MemberReport master, MemberReport slave) {
    Configuration.Builder configuration =
        Configuration.newBuilder().setCluster("alpha").setEpoch(epoch).setMaster(master.getName());
    inSync.forEach(name ->
        configuration.addInSync(InSyncMember.newBuilder().setMember(name).setVolume("v-" + name)));
    return ClusterStatus.newBuilder()
        .setName("alpha")
        .setMembersVersion(1)
        .setConfiguration(configuration)
        .addMembers(master)
        .addMembers(slave)
        .build();
  }

  private void ready() {
    make();
    runs("alpha-1");
    runs("alpha-2");
    await().atMost(SOON).until(() -> coordinator.cluster("alpha") != null);
    coordinator.say(
        status(
            2,
            List.of("alpha-1", "alpha-2"),
            report("alpha-1", Hearing.HEARD, Role.OPEN),
            report("alpha-2", Hearing.HEARD, Role.FOLLOWER)));
    awaitPhase(Phase.Ready);
  }

  private void awaitPhase(Phase phase) {
    await()
        .atMost(SOON)
        .until(() ->
            cluster() != null
                && cluster().getStatus() != null
                && cluster().getStatus().phase() == phase);
  }

  private void awaitRole(String name, String role) {
    await()
        .atMost(SOON)
        .until(() -> Labels.label(pod(name), Labels.ROLE).equals(Optional.of(role)));
  }

  private List<String> told() {
    return client.v1().events().inNamespace(NAMESPACE).list().getItems().stream()
        .map(Event::getReason)
        .toList();
  }

  private Stream<? extends HasMetadata> children() {
    return Stream.of(
            client.services().inNamespace(NAMESPACE).list().getItems(),
            client.apps().deployments().inNamespace(NAMESPACE).list().getItems(),
            client.policy().v1().podDisruptionBudget().inNamespace(NAMESPACE).list().getItems())
        .flatMap(List::stream);
  }

  // ---------------------------------------------------------------- the tests

  @Test
  void makesEverythingOfANewClusterAndRecordsIt() {
    ready();

    assertThat(children().map(each -> each.getKind() + " " + each.getMetadata().getName()))
        .containsExactlyInAnyOrder(
            "Service alpha",
            "Service alpha-master",
            "Service alpha-members",
            "PodDisruptionBudget alpha",
            "Deployment alpha-synchronizer");
    assertThat(coordinator.asked()).contains("record alpha [alpha-1, alpha-2] after 0");
    assertThat(cluster().getFinalizers()).containsExactly(Labels.FINALIZER);
    assertThat(cluster().getStatus().copies()).isEqualTo("2/2");
    assertThat(cluster().getStatus().users()).isEqualTo(3);
    awaitRole("alpha-1", "master");
    awaitRole("alpha-2", "slave");
    assertThat(told()).contains("MemberCreated", "Recorded", "Ready");
  }

  @Test
  void reportsAProcessThatEndedAndMakesItsPodAnew() {
    ready();
    String before = pod("alpha-1").getMetadata().getUid();

    Pod ended =
        new PodBuilder(pod("alpha-1"))
            .editStatus()
            .withPhase("Failed")
            .addNewContainerStatus()
            .withName("server")
            .withNewState()
            .withNewTerminated()
            .withExitCode(137)
            .withReason("OOMKilled")
            .endTerminated()
            .endState()
            .endContainerStatus()
            .endStatus()
            .build();
    client.resource(ended).updateStatus();

    await()
        .atMost(SOON)
        .until(
            () -> pod("alpha-1") != null && !pod("alpha-1").getMetadata().getUid().equals(before));
    assertThat(coordinator.asked()).contains("dead alpha-1 " + before);
    assertThat(claim("alpha-1")).isNotNull();
    await().atMost(SOON).until(() -> told().contains("MemberEnded"));
  }

  @Test
  void makesADeletedPodAnewWithoutADeathBeingProven() {
    ready();

    client.pods().inNamespace(NAMESPACE).withName("alpha-2").withGracePeriod(0).delete();

    await().atMost(SOON).until(() -> pod("alpha-2") != null);
    assertThat(coordinator.asked()).noneMatch(asked -> asked.startsWith("dead"));
  }

  @Test
  void movesTheLabelWhenAnotherMemberTookOver() {
    ready();
    awaitRole("alpha-1", "master");

    ClusterStatus.Builder promoted =
        status(
            3,
            List.of("alpha-2"),
            report("alpha-2", Hearing.HEARD, Role.OPEN),
            report("alpha-1", Hearing.SUSPECTED, Role.OPEN))
            .toBuilder();
    promoted.getConfigurationBuilder().setPreviousMaster("alpha-1");
    coordinator.say(promoted.build());

    awaitRole("alpha-2", "master");
    awaitRole("alpha-1", "slave");
    await().atMost(SOON).until(() -> told().contains("Promoted"));
    await().atMost(SOON).until(() -> Objects.equals(cluster().getStatus().master(), "alpha-2"));
    assertThat(cluster().getStatus().lastFailover().from()).isEqualTo("alpha-1");
  }

  @Test
  void replacesAVolumeThatIsGone() {
    ready();
    coordinator.say(
        status(
            3,
            List.of("alpha-2"),
            report("alpha-2", Hearing.HEARD, Role.OPEN),
            report("alpha-1", Hearing.LOST, Role.OPEN)));
    awaitRole("alpha-2", "master");

    client.persistentVolumeClaims().inNamespace(NAMESPACE).withName("alpha-1").delete();
    client.pods().inNamespace(NAMESPACE).withName("alpha-1").withGracePeriod(0).delete();

    await().atMost(SOON).until(() -> pod("alpha-3") != null && claim("alpha-3") != null);
    assertThat(coordinator.asked())
        .anyMatch(asked ->
            asked.startsWith("record alpha [")
                && asked.contains("alpha-3")
                && asked.contains("alpha-2")
                && asked.endsWith("after 1"));
    assertThat(claim("alpha-1")).isNull();
    assertThat(cluster().getStatus().nextSerial()).isEqualTo(4);
  }

  @Test
  void doesNothingWhilePaused() {
    ready();
    change(spec ->
        new SnsClusterSpec(
            spec.storage(),
            spec.resources(),
            spec.placement(),
            spec.timers(),
            spec.minInSync(),
            true,
            spec.image()));
    awaitPhase(Phase.Paused);

    client.pods().inNamespace(NAMESPACE).withName("alpha-2").withGracePeriod(0).delete();
    change(spec -> spec);
    await().during(Duration.ofSeconds(2)).atMost(SOON).until(() -> pod("alpha-2") == null);

    change(_ -> SnsClusterSpec.DEFAULT);
    await().atMost(SOON).until(() -> pod("alpha-2") != null);
  }

  @Test
  void upgradesTheSlaveFirstAndThenHasTheMasterHandOver() {
    ready();
    String master = pod("alpha-1").getMetadata().getUid();
    String slave = pod("alpha-2").getMetadata().getUid();

    change(spec ->
        new SnsClusterSpec(
            spec.storage(),
            spec.resources(),
            spec.placement(),
            spec.timers(),
            spec.minInSync(),
            false,
            "starling/server:next"));

    await()
        .atMost(SOON)
        .until(
            () -> pod("alpha-2") != null && !pod("alpha-2").getMetadata().getUid().equals(slave));
    assertThat(pod("alpha-2").getSpec().getContainers().getFirst().getImage())
        .isEqualTo("starling/server:next");
    assertThat(pod("alpha-1").getMetadata().getUid()).isEqualTo(master);
    runs("alpha-2");
    await().atMost(SOON).until(() -> coordinator.asked().contains("hand over alpha"));
    assertThat(pod("alpha-1").getMetadata().getUid()).isEqualTo(master);
  }

  @Test
  void keepsADeletedClusterWhileTheCoordinatorsRefuseToForgetIt() {
    ready();
    coordinator.refuse(Status.FAILED_PRECONDITION.withDescription("users live in alpha"));

    client.resource(cluster()).delete();

    await().atMost(SOON).until(() -> told().contains("DeletionRefused"));
    assertThat(cluster()).isNotNull();
    assertThat(claim("alpha-1")).isNotNull();

    coordinator.refuse(Status.OK);
    await().atMost(SOON).until(() -> cluster() == null);
    assertThat(coordinator.cluster("alpha")).isNull();
  }

  @Test
  void repairsWhatSomebodyChanged() {
    ready();

    client.apps().deployments().inNamespace(NAMESPACE).withName("alpha-synchronizer").delete();
    change(spec -> spec);

    await()
        .atMost(SOON)
        .until(() ->
            client.apps().deployments().inNamespace(NAMESPACE).withName("alpha-synchronizer").get()
                != null);
  }

  /** As a person does it, with a new generation, which the mock does not give. */
  private void change(UnaryOperator<SnsClusterSpec> change) {
    SnsCluster cluster = cluster();
    cluster.setSpec(change.apply(cluster.getSpec()));
    cluster.getMetadata().setGeneration(cluster.getMetadata().getGeneration() + 1);
    cluster.getMetadata().setAnnotations(Map.of());
    client.resource(cluster).update();
  }
}
