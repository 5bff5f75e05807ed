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
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.dsl.ReturnOrWebsocketable;
import io.fabric8.mockwebserver.dsl.TimesOnceableOrHttpHeaderable;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
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
  private Credential credential;
  private KubernetesClient own;
  private Operator operator;

  /** What the operator may still do, here and there, before it is as if it were killed. */
  private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);

  private final AtomicBoolean killed = new AtomicBoolean();

  @BeforeEach
  void start() throws IOException {
    Path file = directory.resolve("credential");
    Files.writeString(file, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    credential = Credential.read(file);
    coordinator = new FakeCoordinator(credential);
    coordinator.reachedWhile(this::lives);
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
    begin();
  }

  private void begin() {
    coordinators = new Coordinators(List.of(coordinator.address()), credential);
    own =
        new KubernetesClientBuilder()
            .withConfig(client.getConfiguration())
            .withHttpClientBuilderConsumer(
                builder -> builder.addOrReplaceInterceptor("kill", new Killer()))
            .build();
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
    stop();
    coordinator.close();
  }

  private void stop() {
    operator.stop();
    coordinators.close();
    own.close();
  }

  /** Another operator, which knows nothing of what the last one was about to do. */
  private void beginAnew() {
    stop();
    left.set(Integer.MAX_VALUE);
    killed.set(false);
    begin();
  }

  /** One thing more is done; false when the operator was killed before it. */
  private boolean lives() {
    if (killed.get() || left.getAndDecrement() <= 0) {
      killed.set(true);
      return false;
    }
    return true;
  }

  /** Lets so many writes of the operator through, and none after that. */
  private final class Killer implements Interceptor {
    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
      if (request.method().equals("GET")) {
        return;
      }
      boolean told = request.uri().getPath().contains("/events");
      if (told ? killed.get() : !lives()) {
        throw new KubernetesClientException("the operator was killed before " + request.uri());
      }
    }
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
    becomeReady();
  }

  private void becomeReady() {
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

    image("starling/server:next");

    await().atMost(SOON).until(() -> isNew("alpha-2", slave));
    assertThat(pod("alpha-2").getSpec().getContainers().getFirst().getImage())
        .isEqualTo("starling/server:next");
    assertThat(pod("alpha-1").getMetadata().getUid()).isEqualTo(master);
    runs("alpha-2");
    await().atMost(SOON).until(() -> coordinator.asked().contains("hand over alpha"));
    assertThat(pod("alpha-1").getMetadata().getUid()).isEqualTo(master);
  }

  /** Seen on a busy machine: what is about to be ended became the only copy meanwhile. */
  @Test
  void sparesAMemberThatBecameMasterAfterThePlanWasMade() {
    ready();
    String first = pod("alpha-1").getMetadata().getUid();
    String second = pod("alpha-2").getMetadata().getUid();
    stop();
    image("starling/server:next");
    coordinator.sayAfterNextAnswer(
        status(
            3,
            List.of("alpha-2"),
            report("alpha-2", Hearing.HEARD, Role.OPEN),
            report("alpha-1", Hearing.HEARD, Role.FOLLOWER)));

    begin();

    await().atMost(SOON).until(() -> isNew("alpha-1", first));
    runs("alpha-1");
    coordinator.say(
        status(
            4,
            List.of("alpha-2", "alpha-1"),
            report("alpha-2", Hearing.HEARD, Role.OPEN),
            report("alpha-1", Hearing.HEARD, Role.FOLLOWER)));
    await().atMost(SOON).until(() -> coordinator.asked().contains("hand over alpha"));
    assertThat(pod("alpha-2").getMetadata().getUid()).isEqualTo(second);
    assertThat(sentences()).noneMatch(sentence -> sentence.startsWith("alpha-2 is ended"));
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

  // ---------------------------------------------------------------- cut short

  @ParameterizedTest
  @MethodSource("deedsOfACreation")
  void aNewClusterIsWholeWhereverTheOperatorWasKilled(int deeds) {
    left.set(deeds);
    make();
    await().atMost(SOON).until(() -> killed.get() || children().count() == 5);
    assertThat(killed).matches(was -> was.get() || deeds > 10);

    beginAnew();

    becomeReady();
    await().atMost(SOON).until(() -> children().count() == 5);
    assertThat(names(pods())).containsExactly("alpha-1", "alpha-2");
    assertThat(names(claims())).containsExactly("alpha-1", "alpha-2");
    assertThat(cluster().getFinalizers()).containsExactly(Labels.FINALIZER);
    assertThat(cluster().getStatus().nextSerial()).isEqualTo(3);
    awaitRole("alpha-1", "master");
    awaitRole("alpha-2", "slave");
  }

  /** Finalizer, status, claims, pods, record, companions, status, and more than there are. */
  static IntStream deedsOfACreation() {
    return IntStream.range(0, 15);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void aVolumeIsReplacedByOneOtherWhereverTheOperatorWasKilled(int deeds) {
    ready();
    coordinator.say(
        status(
            3,
            List.of("alpha-2"),
            report("alpha-2", Hearing.HEARD, Role.OPEN),
            report("alpha-1", Hearing.LOST, Role.OPEN)));
    awaitRole("alpha-2", "master");

    left.set(deeds);
    client.persistentVolumeClaims().inNamespace(NAMESPACE).withName("alpha-1").delete();
    client.pods().inNamespace(NAMESPACE).withName("alpha-1").withGracePeriod(0).delete();
    await().atMost(SOON).until(() -> killed.get() || pod("alpha-3") != null);
    assertThat(killed).matches(was -> was.get() || deeds > 3);

    beginAnew();

    // A number that was reserved for nobody is not used again.
    await().atMost(SOON).until(() -> pods().size() == 2 && claims().size() == 2);
    String fresh = names(pods()).getLast();
    assertThat(fresh).isIn("alpha-3", "alpha-4");
    runs(fresh);
    coordinator.say(
        status(
            4,
            List.of("alpha-2", fresh),
            report("alpha-2", Hearing.HEARD, Role.OPEN),
            report(fresh, Hearing.HEARD, Role.FOLLOWER)));
    awaitPhase(Phase.Ready);
    assertThat(names(pods())).containsExactly("alpha-2", fresh);
    assertThat(names(claims())).containsExactly("alpha-2", fresh);
  }

  @ParameterizedTest
  @MethodSource("deedsOfAnUpgrade")
  void anUpgradeIsFinishedWhereverTheOperatorWasKilled(int deeds) {
    ready();
    awaitRole("alpha-1", "master");

    left.set(deeds);
    image("starling/server:next");
    awaitAsTheWorldGoesOn(() -> killed.get() || upgraded());
    assertThat(killed).matches(was -> was.get() || deeds > 7);

    beginAnew();

    awaitAsTheWorldGoesOn(this::upgraded);
    awaitPhase(Phase.Ready);
    assertThat(names(pods())).containsExactly("alpha-1", "alpha-2");
    assertThat(names(claims())).containsExactly("alpha-1", "alpha-2");
    awaitRole("alpha-1", "slave");
    awaitRole("alpha-2", "master");
  }

  /** Both are ended and made anew, with a handover in between, and labels and status each time. */
  static IntStream deedsOfAnUpgrade() {
    return IntStream.range(0, 14);
  }

  /** The nodes run what they are given, and the master hands over when it is asked to. */
  private void awaitAsTheWorldGoesOn(BooleanSupplier end) {
    await()
        .atMost(SOON)
        .ignoreExceptionsInstanceOf(KubernetesClientException.class)
        .until(() -> {
          pods().stream()
              .filter(pod -> !runs(pod))
              .forEach(pod -> runs(pod.getMetadata().getName()));
          if (coordinator.asked().contains("hand over alpha")
              && coordinator.cluster("alpha").getConfiguration().getEpoch() == 2) {
            coordinator.say(
                status(
                    3,
                    List.of("alpha-1", "alpha-2"),
                    report("alpha-2", Hearing.HEARD, Role.OPEN),
                    report("alpha-1", Hearing.HEARD, Role.FOLLOWER)));
          }
          return end.getAsBoolean();
        });
  }

  private static boolean runs(Pod pod) {
    return pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase());
  }

  private boolean upgraded() {
    return pods().size() == 2
        && pods().stream()
            .allMatch(pod ->
                runs(pod)
                    && pod.getSpec()
                        .getContainers()
                        .getFirst()
                        .getImage()
                        .equals("starling/server:next"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void aRemovalIsFinishedWhereverTheOperatorWasKilled(int deeds) {
    ready();
    coordinator.say(
        status(
            3,
            List.of("alpha-1", "alpha-2"),
            deserted(report("alpha-1", Hearing.HEARD, Role.OPEN)),
            deserted(report("alpha-2", Hearing.HEARD, Role.FOLLOWER))));
    await().atMost(SOON).until(() -> cluster().getStatus().users() == 0);

    left.set(deeds);
    client.resource(cluster()).delete();
    await().atMost(SOON).until(() -> killed.get() || cluster() == null);
    assertThat(killed).matches(was -> was.get() || deeds > 3);

    beginAnew();

    await().atMost(SOON).until(() -> cluster() == null);
    assertThat(coordinator.cluster("alpha")).isNull();
    assertThat(claims()).isEmpty();
  }

  private static MemberReport deserted(MemberReport report) {
    MemberReport.Builder changed = report.toBuilder();
    changed.getStatusBuilder().setUsers(0);
    return changed.build();
  }

  private boolean isNew(String name, String before) {
    Pod pod = pod(name);
    return pod != null && !pod.getMetadata().getUid().equals(before);
  }

  private List<Pod> pods() {
    return client.pods().inNamespace(NAMESPACE).list().getItems();
  }

  private List<PersistentVolumeClaim> claims() {
    return client.persistentVolumeClaims().inNamespace(NAMESPACE).list().getItems();
  }

  private static List<String> names(List<? extends HasMetadata> objects) {
    return objects.stream().map(object -> object.getMetadata().getName()).sorted().toList();
  }

  // ---------------------------------------------------------------- refused

  @Test
  void saysThatTheCoordinatorsDoNotRecordAClusterAndTriesAgain() {
    coordinator.refuse(Status.RESOURCE_EXHAUSTED.withDescription("there are 64 clusters already"));
    make();

    await().atMost(SOON).until(() -> told().contains("RecordRefused"));
    assertThat(sentences()).contains("there are 64 clusters already");
    coordinator.refuse(Status.OK);
    becomeReady();
  }

  @Test
  void saysThatAnObjectCannotBeMadeAndTriesAgain() {
    refuse(server.expect().post().withPath(path("pods")), "exceeded quota: pods=0", 2);
    make();

    await().atMost(SOON).until(() -> told().contains("CreationRefused"));
    assertThat(sentences()).contains("Pod alpha-1: exceeded quota: pods=0");
    becomeReady();
  }

  @Test
  void saysThatAVolumeCannotGrowAndDoesTheRest() {
    ready();
    refuse(
        server.expect().patch().withPath(path("persistentvolumeclaims/alpha-1")),
        "only dynamically provisioned pvc can be resized",
        100);

    change(spec ->
        new SnsClusterSpec(
            new SnsClusterSpec.Storage(new Quantity("2Gi"), spec.storage().storageClassName()),
            spec.resources(),
            spec.placement(),
            spec.timers(),
            spec.minInSync(),
            false,
            spec.image()));

    await().atMost(SOON).until(() -> told().contains("GrowthRefused"));
    assertThat(sentences()).contains("alpha-1: only dynamically provisioned pvc can be resized");
    await().atMost(SOON).until(() -> size("alpha-2").equals(new Quantity("2Gi")));
    assertThat(size("alpha-1")).isNotEqualTo(new Quantity("2Gi"));
  }

  private Quantity size(String claim) {
    return claim(claim).getSpec().getResources().getRequests().get("storage");
  }

  @Test
  void saysThatAHandoverIsRefusedAndAsksAgain() {
    ready();
    String slave = pod("alpha-2").getMetadata().getUid();
    image("starling/server:next");
    await().atMost(SOON).until(() -> isNew("alpha-2", slave));
    coordinator.refuse(Status.FAILED_PRECONDITION.withDescription("alpha-2 is behind"));
    runs("alpha-2");

    await().atMost(SOON).until(() -> told().contains("HandoverRefused"));
    assertThat(sentences()).contains("alpha-2 is behind");
    await()
        .atMost(SOON)
        .until(() -> coordinator.asked().stream().filter("hand over alpha"::equals).count() > 1);
  }

  private static String path(String what) {
    return "/api/v1/namespaces/" + NAMESPACE + "/" + what;
  }

  private static void refuse(
      ReturnOrWebsocketable<TimesOnceableOrHttpHeaderable<Void>> expectation,
      String why,
      int times) {
    expectation
        .andReturn(403, new StatusBuilder().withCode(403).withMessage(why).build())
        .times(times);
  }

  private List<String> sentences() {
    return client.v1().events().inNamespace(NAMESPACE).list().getItems().stream()
        .map(Event::getMessage)
        .toList();
  }

  private void image(String image) {
    change(spec ->
        new SnsClusterSpec(
            spec.storage(),
            spec.resources(),
            spec.placement(),
            spec.timers(),
            spec.minInSync(),
            false,
            image));
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
