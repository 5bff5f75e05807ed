package social.starling.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.ProcessMain;
import social.starling.coordinator.CoordinatorMain;
import social.starling.operator.OperatorMain;
import social.starling.router.RouterMain;

class ChartTest {

  private static final String KEEP = "helm.sh/resource-policy";
  private static final String[] EVERYTHING = {
    "--is-upgrade",
    "--set",
    "monitoring.podMonitor.enabled=true,monitoring.grafanaDashboard.enabled=true",
    "--set",
    "imagePullSecrets={registry},router.service.type=NodePort,router.service.nodePort=30700",
  };

  @BeforeAll
  static void needsHelm() {
    Helm.assumeThere();
  }

  @Test
  void shouldPassTheStrictLinter() {
    Helm.Outcome outcome = Helm.run(List.of("lint", "--strict", Helm.CHART.toString()));
    assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
  }

  @Test
  void shouldNameTheProjectsVersion() throws IOException {
    assertThat(Files.readString(Helm.CHART.resolve("Chart.yaml")))
        .contains("\nappVersion: " + System.getProperty("starling.version") + "\n");
  }

  @Test
  void shouldCarryTheGeneratedDefinition() throws IOException {
    String name = "snsclusters.starling.social.yaml";
    assertThat(Helm.CHART.resolve("crds").resolve(name))
        .as("cp k8s/crds/%s helm/starling/crds/".formatted(name))
        .hasContent(Files.readString(Helm.ROOT.resolve("k8s/crds").resolve(name)));
  }

  @Test
  void shouldMakeAClusterForEachThatIsListedAndNeverTakeOneAway() {
    Manifest manifest =
        Helm.render(
            "--set",
            "clusters[0].name=one,clusters[1].name=two,clusters[1].spec.storage.size=5Gi",
            "--set",
            "clusterDefaults.minInSync=2");
    assertThat(manifest.generic("SnsCluster"))
        .extracting(cluster -> cluster.getMetadata().getName())
        .containsExactlyInAnyOrder("one", "two");
    assertThat(manifest.generic("SnsCluster"))
        .allSatisfy(cluster -> {
          assertThat(cluster.getMetadata().getAnnotations()).containsEntry(KEEP, "keep");
          assertThat(cluster.<Integer>get("spec", "minInSync")).isEqualTo(2);
        });
    GenericKubernetesResource two = manifest.generic("SnsCluster").getLast();
    assertThat(two.<String>get("spec", "storage", "size")).isEqualTo("5Gi");
    assertThat(manifest.container("starling-coordinator").getArgs())
        .contains("--expected-clusters=2");
  }

  @Test
  void shouldExpectAsManyClustersAsItIsTold() {
    assertThat(
            Helm.render("--set", "expectedClusters=7").container("starling-coordinator").getArgs())
        .contains("--expected-clusters=7");
  }

  @Test
  void shouldGiveEachProcessFlagsThatItKnows() {
    Manifest manifest = Helm.render(EVERYTHING);
    Map.of(
            "starling-coordinator", CoordinatorMain.class,
            "starling-router", RouterMain.class,
            "starling-operator", OperatorMain.class)
        .forEach((deployment, main) -> {
          List<String> args = manifest.container(deployment).getArgs();
          ProcessMain.commandLine(main).parseArgs(args.toArray(String[]::new));
        });
  }

  @Test
  void shouldTellEverybodyOfTheServiceThatKnowsEachCoordinator() {
    Manifest manifest = Helm.render();
    Service service = manifest.get(Service.class, "starling-coordinator");
    assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
    assertThat(service.getSpec().getPublishNotReadyAddresses()).isTrue();
    String flag = "--coordinators=starling-coordinator." + Helm.NAMESPACE + ".svc:7001";
    assertThat(manifest.container("starling-router").getArgs()).contains(flag);
    assertThat(manifest.container("starling-operator").getArgs()).contains(flag);
    assertThat(manifest.get(Deployment.class, "starling-coordinator").getSpec().getReplicas())
        .isEqualTo(2);
  }

  @Test
  void shouldRunEveryPodAsTheRestrictedStandardAsks() {
    Map<String, PodSpec> pods = Helm.render(EVERYTHING).pods();
    assertThat(pods)
        .containsOnlyKeys(
            "starling-coordinator",
            "starling-crd-upgrade",
            "starling-operator",
            "starling-router",
            "starling-test");
    pods.forEach((name, pod) -> {
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).as(name).isTrue();
      assertThat(pod.getSecurityContext().getRunAsUser()).as(name).isEqualTo(10001L);
      assertThat(pod.getSecurityContext().getSeccompProfile().getType())
          .as(name)
          .isEqualTo("RuntimeDefault");
      assertThat(pod.getHostNetwork()).as(name).isNull();
      assertThat(pod.getEnableServiceLinks()).as(name).isFalse();
      assertThat(pod.getImagePullSecrets()).as(name).hasSize(1);
      assertThat(pod.getVolumes()).allSatisfy(v -> assertThat(v.getHostPath()).as(name).isNull());
      for (Container container : pod.getContainers()) {
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getSecurityContext().getPrivileged()).isNull();
        assertThat(container.getSecurityContext().getCapabilities().getDrop())
            .containsExactly("ALL");
        assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
        assertThat(container.getResources().getLimits()).containsKey("memory");
        assertThat(container.getImage()).endsWith(":" + System.getProperty("starling.version"));
      }
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"coordinator", "router", "operator"})
  void shouldProbeAndGuardEachDeployment(String component) {
    Manifest manifest = Helm.render();
    Container container = manifest.container("starling-" + component);
    assertThat(container.getStartupProbe()).isNotNull();
    assertThat(container.getReadinessProbe()).isNotNull();
    assertThat(container.getLivenessProbe()).isNotNull();
    assertThat(patience(container.getStartupProbe())).as("a busy node").isGreaterThanOrEqualTo(300);
    assertThat(patience(container.getLivenessProbe())).as("stuck").isGreaterThanOrEqualTo(120);
    assertThat(container.getLivenessProbe().getHttpGet().getPath())
        .as("readiness is not liveness")
        .isEqualTo("/livez");
    Map<String, String> labels =
        manifest
            .get(Deployment.class, "starling-" + component)
            .getSpec()
            .getTemplate()
            .getMetadata()
            .getLabels();
    assertThat(labels)
        .containsAllEntriesOf(
            manifest
                .get(PodDisruptionBudget.class, "starling-" + component)
                .getSpec()
                .getSelector()
                .getMatchLabels());
    assertThat(
            Helm.render("--set", component + ".replicas=1")
                .find(PodDisruptionBudget.class, "starling-" + component))
        .as("a budget for one pod would stop every drain")
        .isEmpty();
  }

  private static int patience(Probe probe) {
    return probe.getPeriodSeconds() * probe.getFailureThreshold();
  }

  /**
   * What a scheduler makes of it on one node, on two, and with one of two lost, is not tested here.
   */
  @ParameterizedTest
  @ValueSource(strings = {"coordinator", "router", "operator"})
  void shouldPutNoTwoOfOneRevisionOnANodeWhileAnotherTakesPods(String component) {
    PodSpec pod = Helm.render().pods().get("starling-" + component);
    TopologySpreadConstraint nodes = pod.getTopologySpreadConstraints().getFirst();
    assertThat(nodes.getTopologyKey()).isEqualTo("kubernetes.io/hostname");
    assertThat(nodes.getMaxSkew()).isEqualTo(1);
    assertThat(nodes.getWhenUnsatisfiable()).isEqualTo("DoNotSchedule");
    assertThat(nodes.getNodeTaintsPolicy()).as("a lost node has none").isEqualTo("Honor");
    assertThat(nodes.getMatchLabelKeys()).as("rollouts").containsExactly("pod-template-hash");
    assertThat(nodes.getLabelSelector().getMatchLabels())
        .containsEntry("app.kubernetes.io/component", component);
    assertThat(pod.getAffinity()).as("nothing that a single node cannot fulfil").isNull();

    String own =
        component
            + ".topologySpreadConstraints[0].maxSkew=2,"
            + component
            + ".topologySpreadConstraints[0].topologyKey=rack,"
            + component
            + ".topologySpreadConstraints[0].whenUnsatisfiable=ScheduleAnyway";
    assertThat(
            Helm.render("--set", own)
                .pods()
                .get("starling-" + component)
                .getTopologySpreadConstraints())
        .extracting(TopologySpreadConstraint::getTopologyKey)
        .containsExactly("rack");
  }

  @Test
  void shouldProbeByGrpcWhatServesGrpc() {
    Manifest manifest = Helm.render();
    assertThat(manifest.container("starling-coordinator").getStartupProbe().getGrpc().getPort())
        .isEqualTo(7001);
    assertThat(manifest.container("starling-router").getReadinessProbe().getGrpc().getPort())
        .isEqualTo(7000);
  }

  @Test
  void shouldAllowNoMoreThanIsNeeded() {
    Manifest manifest = Helm.render(EVERYTHING);
    List<PolicyRule> everyRule =
        Stream.concat(
                manifest.all(Role.class).stream().flatMap(r -> r.getRules().stream()),
                manifest.all(ClusterRole.class).stream().flatMap(r -> r.getRules().stream()))
            .toList();
    assertThat(everyRule)
        .allSatisfy(rule -> {
          assertThat(rule.getVerbs()).doesNotContain("*", "deletecollection", "escalate", "bind");
          assertThat(rule.getResources()).doesNotContain("*", "secrets", "pods/exec");
          assertThat(rule.getApiGroups()).doesNotContain("*");
        });
    assertThat(manifest.get(Role.class, "starling-coordinator").getRules())
        .flatExtracting(PolicyRule::getResources)
        .containsExactlyInAnyOrder("configmaps", "persistentvolumeclaims");
    assertThat(manifest.get(Role.class, "starling-coordinator").getRules())
        .flatExtracting(PolicyRule::getVerbs)
        .doesNotContain("delete");
    assertThat(manifest.get(ClusterRole.class, "starling-birds-operator").getRules())
        .flatExtracting(PolicyRule::getResources)
        .containsExactly("nodes");
    assertThat(manifest.get(ClusterRole.class, "starling-birds-crd-upgrade").getRules())
        .allSatisfy(rule ->
            assertThat(rule.getResourceNames()).containsExactly("snsclusters.starling.social"));
    assertThat(Helm.render("--set", "rbac.create=false").objects())
        .extracting(HasMetadata::getKind)
        .doesNotContain("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Job");
  }

  @Test
  void shouldGiveTheRouterAndTheTestNoAccount() {
    Map<String, PodSpec> pods = Helm.render().pods();
    assertThat(pods.get("starling-router").getAutomountServiceAccountToken()).isFalse();
    assertThat(pods.get("starling-test").getAutomountServiceAccountToken()).isFalse();
  }

  @Test
  void shouldMakeACredentialThatIsKeptOrTakeTheOneThatIsThere() {
    Secret made = Helm.render().get(Secret.class, "starling-credential");
    assertThat(made.getMetadata().getAnnotations()).containsEntry(KEEP, "keep");
    assertThat(made.getData().get("credential")).hasSizeGreaterThan(60);
    Manifest given = Helm.render("--set", "credential.existingSecret=mine");
    assertThat(given.all(Secret.class)).isEmpty();
    assertThat(given.pods().get("starling-router").getVolumes())
        .anySatisfy(
            v -> assertThat(v.getSecret()).hasFieldOrPropertyWithValue("secretName", "mine"));
    assertThat(given.container("starling-operator").getArgs()).contains("--credential-secret=mine");
  }

  @Test
  void shouldLetInWhatIsNeeded() {
    Manifest manifest = Helm.render();
    assertThat(manifest.all(NetworkPolicy.class))
        .extracting(policy -> policy.getMetadata().getName())
        .containsExactlyInAnyOrder(
            "starling-coordinator",
            "starling-operator",
            "starling-router",
            "starling-server",
            "starling-synchronizer");
    assertThat(
            manifest
                .get(NetworkPolicy.class, "starling-coordinator")
                .getSpec()
                .getIngress()
                .getFirst()
                .getFrom())
        .singleElement()
        .satisfies(peer ->
            assertThat(peer.getPodSelector().getMatchLabels())
                .containsExactlyEntriesOf(Map.of("app.kubernetes.io/name", "starling")));
    assertThat(Helm.render("--set", "networkPolicy.enabled=false").all(NetworkPolicy.class))
        .isEmpty();
  }

  @Test
  void shouldGuardClustersWithUsers() {
    ValidatingAdmissionPolicy policy =
        Helm.render().get(ValidatingAdmissionPolicy.class, "starling-birds-deletion");
    assertThat(policy.getSpec().getMatchConstraints().getResourceRules())
        .singleElement()
        .satisfies(rule -> assertThat(rule.getOperations()).containsExactly("DELETE"));
    assertThat(
            Helm.render("--set", "admissionPolicy.enabled=false")
                .all(ValidatingAdmissionPolicy.class))
        .isEmpty();
  }

  @Test
  void shouldBringTheDefinitionUpToDateBeforeAnUpgrade() throws IOException {
    Manifest manifest = Helm.render("--is-upgrade");
    ConfigMap carried = manifest.get(ConfigMap.class, "starling-crd-upgrade");
    assertThat(Serialization.<HasMetadata>unmarshal(carried.getData().get("crd.yaml")))
        .isEqualTo(
            Serialization.<HasMetadata>unmarshal(
                Files.readString(Helm.CHART.resolve("crds/snsclusters.starling.social.yaml"))));
    assertThat(carried.getMetadata().getAnnotations()).containsEntry("helm.sh/hook", "pre-upgrade");
    assertThat(
            Helm.render("--set", "crds.upgrade=false")
                .find(ConfigMap.class, "starling-crd-upgrade"))
        .isEmpty();
  }

  @Test
  void shouldMonitorWhenAskedTo() throws IOException {
    assertThat(Helm.render().generic("PodMonitor")).isEmpty();
    Manifest manifest = Helm.render(EVERYTHING);
    assertThat(manifest.generic("PodMonitor")).hasSize(1);
    ConfigMap dashboard = manifest.get(ConfigMap.class, "starling-dashboard");
    Map<?, ?> read =
        Serialization.jsonMapper().readValue(dashboard.getData().get("starling.json"), Map.class);
    assertThat(read.get("title")).isEqualTo("Starling");
    assertThat((List<?>) read.get("panels")).hasSizeGreaterThan(15);
  }

  @Test
  void shouldPutLabelsOnEverything() {
    Manifest manifest =
        Helm.render("--set", "commonLabels.team=birds,commonAnnotations.note=hello");
    assertThat(manifest.objects())
        .allSatisfy(object -> {
          assertThat(object.getMetadata().getLabels())
              .containsEntry("app.kubernetes.io/part-of", "starling")
              .containsEntry("team", "birds");
          assertThat(object.getMetadata().getAnnotations()).containsEntry("note", "hello");
        });
  }

  @Test
  void shouldOfferTheRouterAsAskedFor() {
    Service plain = Helm.render().get(Service.class, "starling-router");
    assertThat(plain.getSpec().getType()).isEqualTo("ClusterIP");
    assertThat(plain.getSpec().getPorts().getFirst().getNodePort()).isNull();
    Service node = Helm.render(EVERYTHING).get(Service.class, "starling-router");
    assertThat(node.getSpec().getPorts().getFirst().getNodePort()).isEqualTo(30700);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "coordinator.replicas=0|/coordinator/replicas",
        "log.level=loud|/log/level",
        "clusters[0].name=Alpha|/clusters/0/name",
        "clusters[0].name=1st|/clusters/0/name",
        "clusters[0].name=alpha-master|/clusters/0/name",
        "clusters[0].name=starling-router|/clusters/0/name",
        "clusters[0].size=1Gi|size",
        "clusterDefaults.timers.silence=soon|/clusterDefaults/timers/silence",
        "clusterDefaults.minInSync=3|/clusterDefaults/minInSync",
        "router.servcie.type=NodePort|servcie",
        "router.service.type=Ingress|/router/service/type",
        "image.pullPolicy=Sometimes|/image/pullPolicy",
        "image.tag=a:b|/image/tag",
        "operator.podDisruptionBudget.maxUnavailable=some|maxUnavailable",
        "tests.user=not a name|/tests/user",
        "expectedClusters=0|/expectedClusters",
      })
  void shouldRefuseValuesThatCannotBe(String value, String named) {
    Helm.Outcome outcome = Helm.template("--set", value);
    assertThat(outcome.code()).isNotZero();
    assertThat(outcome.err()).contains(named);
  }
}
