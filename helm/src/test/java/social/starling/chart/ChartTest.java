package social.starling.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.Variable;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.ProcessMain;
import social.starling.coordinator.CoordinatorMain;
import social.starling.operator.OperatorMain;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.model.Companions;
import social.starling.operator.model.Labels;
import social.starling.operator.model.Member;
import social.starling.operator.model.Settings;
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
    assertThat(manifest.get(PodDisruptionBudget.class, "starling-" + component).getSpec())
        .satisfies(budget -> {
          assertThat(budget.getMaxUnavailable().getIntVal()).isEqualTo(1);
          assertThat(budget.getUnhealthyPodEvictionPolicy()).isEqualTo("AlwaysAllow");
        });
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
  void shouldLetInWhoIsNamedAndStarlingItself() {
    Manifest manifest =
        Helm.render(
            "--set",
            "networkPolicy.clients[0].ipBlock.cidr=10.0.0.0/8",
            "--set",
            "networkPolicy.metrics[0].namespaceSelector.matchLabels.team=watchers");
    for (String name : List.of("starling-router", "starling-server")) {
      NetworkPolicy policy = manifest.get(NetworkPolicy.class, name);
      assertThat(from(policy, 7000)).as(name).hasSize(2);
      assertThat(from(policy, 7000).getFirst().getIpBlock().getCidr()).isEqualTo("10.0.0.0/8");
      // A router to a server; the chart's own test to a router.
      assertThat(from(policy, 7000).getLast().getPodSelector().getMatchLabels())
          .containsExactlyEntriesOf(Map.of("app.kubernetes.io/name", "starling"));
    }
    assertThat(manifest.all(NetworkPolicy.class))
        .allSatisfy(policy ->
            assertThat(from(policy, 9000))
                .singleElement()
                .satisfies(peer ->
                    assertThat(peer.getNamespaceSelector().getMatchLabels())
                        .containsEntry("team", "watchers")));
    assertThat(from(Helm.render().get(NetworkPolicy.class, "starling-router"), 7000)).isEmpty();
  }

  @Test
  void shouldGuardThePodsThatThereAre() {
    Manifest manifest = Helm.render();
    for (String component : List.of("coordinator", "router", "operator")) {
      String name = "starling-" + component;
      assertThat(labels(manifest.get(Deployment.class, name)))
          .containsAllEntriesOf(guarded(manifest, name));
    }
    // What the operator makes of what the chart lists.
    SnsCluster cluster =
        Serialization.jsonMapper()
            .convertValue(manifest.generic("SnsCluster").getFirst(), SnsCluster.class);
    cluster.getMetadata().setUid("u");
    Settings settings =
        new Settings(
            Helm.NAMESPACE,
            "c:1",
            "credential",
            "server",
            "synchronizer",
            "Always",
            List.of(),
            Duration.ofSeconds(30),
            "text",
            "info");
    assertThat(Member.pod(cluster, 1, 0, settings).getMetadata().getLabels())
        .containsAllEntriesOf(guarded(manifest, "starling-server"));
    assertThat(Companions.of(cluster, settings))
        .filteredOn(Deployment.class::isInstance)
        .singleElement()
        .satisfies(synchronizer ->
            assertThat(labels((Deployment) synchronizer))
                .containsAllEntriesOf(guarded(manifest, "starling-synchronizer")));
  }

  private static Map<String, String> labels(Deployment deployment) {
    return deployment.getSpec().getTemplate().getMetadata().getLabels();
  }

  private static Map<String, String> guarded(Manifest manifest, String policy) {
    return manifest.get(NetworkPolicy.class, policy).getSpec().getPodSelector().getMatchLabels();
  }

  private static List<NetworkPolicyPeer> from(NetworkPolicy policy, int port) {
    return policy.getSpec().getIngress().stream()
        .filter(rule -> rule.getPorts().getFirst().getPort().getIntVal() == port)
        .flatMap(rule -> rule.getFrom().stream())
        .toList();
  }

  @Test
  void shouldLetOutNothingButNamesAndStarlingItself() {
    Manifest manifest = Helm.render();
    for (String name : List.of("starling-router", "starling-server", "starling-synchronizer")) {
      assertThat(manifest.get(NetworkPolicy.class, name).getSpec().getEgress())
          .as(name)
          .satisfiesExactly(
              names ->
                  assertThat(names.getPorts())
                      .extracting(port -> port.getPort().getIntVal())
                      .containsOnly(53),
              own ->
                  assertThat(own.getTo().getFirst().getPodSelector().getMatchLabels())
                      .containsEntry("app.kubernetes.io/name", "starling"));
    }
    // These talk to the API server, whose address nobody knows beforehand.
    for (String name : List.of("starling-coordinator", "starling-operator")) {
      assertThat(manifest.get(NetworkPolicy.class, name).getSpec().getPolicyTypes())
          .containsExactly("Ingress");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"coordinator", "router", "operator"})
  void shouldPutPodsWhereAndAsTheyAreWanted(String component) {
    String at = component + ".";
    Manifest manifest =
        Helm.render(
            "--set",
            at + "nodeSelector.disk=fast," + at + "priorityClassName=high",
            "--set",
            at + "tolerations[0].key=birds," + at + "tolerations[0].operator=Exists",
            "--set",
            at + "lostNodeSeconds=77," + at + "podLabels.team=birds," + at + "podAnnotations.a=b",
            "--set",
            at + "extraEnv[0].name=TZ," + at + "extraEnv[0].value=UTC",
            "--set",
            at + "extraArgs[0]=--help," + at + "podDisruptionBudget.enabled=false");
    Deployment deployment = manifest.get(Deployment.class, "starling-" + component);
    PodSpec pod = deployment.getSpec().getTemplate().getSpec();
    assertThat(pod.getNodeSelector()).containsEntry("disk", "fast");
    assertThat(pod.getPriorityClassName()).isEqualTo("high");
    assertThat(pod.getTolerations())
        .extracting(Toleration::getKey, Toleration::getTolerationSeconds)
        .containsExactlyInAnyOrder(
            tuple("node.kubernetes.io/not-ready", 77L),
            tuple("node.kubernetes.io/unreachable", 77L),
            tuple("birds", null));
    assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
        .containsEntry("team", "birds")
        .containsEntry("app.kubernetes.io/component", component);
    assertThat(deployment.getSpec().getTemplate().getMetadata().getAnnotations())
        .containsEntry("a", "b");
    Container container = pod.getContainers().getFirst();
    assertThat(container.getEnv()).contains(new EnvVar("TZ", "UTC", null));
    assertThat(container.getArgs()).endsWith("--help");
    assertThat(manifest.find(PodDisruptionBudget.class, "starling-" + component)).isEmpty();
    assertThat(manifest.all(PodDisruptionBudget.class)).hasSize(2);
  }

  @Test
  void shouldBindRolesThatAreThereToAccountsThatAreThere() {
    Manifest manifest = Helm.render("--is-upgrade", "--set", "serviceAccount.annotations.a=b");
    assertThat(manifest.all(ServiceAccount.class))
        .extracting(account -> account.getMetadata().getName())
        .containsExactlyInAnyOrder(
            "starling-coordinator", "starling-operator", "starling-crd-upgrade");
    for (String name : List.of("starling-coordinator", "starling-operator")) {
      assertThat(manifest.get(ServiceAccount.class, name).getMetadata().getAnnotations())
          .as(name)
          .containsEntry("a", "b");
      manifest.get(Role.class, name);
      RoleBinding binding = manifest.get(RoleBinding.class, name);
      assertThat(binding.getRoleRef().getName()).isEqualTo(name);
      bindsOne(binding.getSubjects(), name);
    }
    assertThat(manifest.all(RoleBinding.class)).hasSize(2);
    for (String name : List.of("operator", "crd-upgrade")) {
      manifest.get(ClusterRole.class, "starling-birds-" + name);
      ClusterRoleBinding binding = manifest.get(ClusterRoleBinding.class, "starling-birds-" + name);
      assertThat(binding.getRoleRef().getName()).isEqualTo("starling-birds-" + name);
      bindsOne(binding.getSubjects(), "starling-" + name);
    }
    assertThat(manifest.all(ClusterRoleBinding.class)).hasSize(2);
    manifest
        .pods()
        .forEach((name, pod) ->
            assertThat(pod.getServiceAccountName())
                .isEqualTo(manifest.find(ServiceAccount.class, name).isPresent() ? name : null));
  }

  private static void bindsOne(List<Subject> subjects, String account) {
    assertThat(subjects)
        .singleElement()
        .satisfies(subject -> {
          assertThat(subject.getKind()).isEqualTo("ServiceAccount");
          assertThat(subject.getName()).isEqualTo(account);
          assertThat(subject.getNamespace()).isEqualTo(Helm.NAMESPACE);
        });
  }

  @Test
  void shouldLetTheOperatorDoWhatItDoes() {
    assertThat(Helm.render().get(Role.class, "starling-operator").getRules())
        .flatExtracting(rule ->
            rule.getResources().stream()
                .map(resource ->
                    resource + rule.getResourceNames() + ": " + String.join(" ", rule.getVerbs()))
                .toList())
        .containsExactlyInAnyOrder(
            "snsclusters[]: get list watch update patch",
            "snsclusters/status[]: get update patch",
            "snsclusters/finalizers[]: update",
            "pods[]: get list watch create patch delete",
            "persistentvolumeclaims[]: get list watch create patch delete",
            "services[]: get create patch",
            "deployments[]: get create patch",
            "poddisruptionbudgets[]: get create patch",
            "events[]: get create update patch",
            "leases[]: create",
            "leases[starling-operator]: get update patch");
  }

  @Test
  void shouldLetThoseWhoViewAndEditSeeAndChangeClusters() {
    Manifest manifest = Helm.render();
    assertThat(manifest.get(ClusterRole.class, "starling-birds-view"))
        .satisfies(view -> {
          assertThat(view.getMetadata().getLabels())
              .containsEntry("rbac.authorization.k8s.io/aggregate-to-view", "true");
          assertThat(view.getRules().getFirst().getVerbs()).containsExactly("get", "list", "watch");
        });
    assertThat(manifest.get(ClusterRole.class, "starling-birds-edit"))
        .satisfies(edit -> {
          assertThat(edit.getMetadata().getLabels())
              .containsEntry("rbac.authorization.k8s.io/aggregate-to-edit", "true")
              .containsEntry("rbac.authorization.k8s.io/aggregate-to-admin", "true");
          assertThat(edit.getRules().getFirst().getResources()).containsExactly("snsclusters");
          assertThat(edit.getRules().getFirst().getVerbs())
              .containsExactly("create", "update", "patch", "delete");
        });
    assertThat(
            Helm.render("--set", "rbac.aggregateClusterRoles=false").all(ClusterRole.class).stream()
                .map(role -> role.getMetadata().getName()))
        .doesNotContain("starling-birds-view", "starling-birds-edit");
  }

  @Test
  void shouldTellWhatToDoNext() throws IOException {
    assertThat(Helm.notes())
        .contains("kubectl -n birds wait snscluster --all --for=condition=Ready")
        .contains("kubectl -n birds port-forward svc/starling-router 7000:7000")
        .contains("./starling -u alice --router localhost:7000")
        .contains("helm -n birds test starling")
        .doesNotContain("NODE:");
    assertThat(Helm.notes("--set", "router.service.type=NodePort"))
        .contains("./starling -u alice --router NODE:$PORT")
        .doesNotContain("port-forward");
    assertThat(Helm.notes("--set", "router.service.type=LoadBalancer,router.service.port=443"))
        .contains("./starling -u alice --router ADDRESS:443");
    assertThat(Helm.notes("--set", "router.service.port=7443"))
        .contains("port-forward svc/starling-router 7000:7443");
    assertThat(Helm.notes("--set", "rbac.create=false")).contains("kubectl apply --server-side");
    assertThat(Helm.notes("--set", "rbac.create=false,crds.upgrade=false"))
        .doesNotContain("kubectl apply --server-side");
    assertThat(Helm.notes()).doesNotContain("kubectl apply --server-side");
  }

  @Test
  void shouldGuardClustersWithUsers() {
    ValidatingAdmissionPolicy policy =
        Helm.render().get(ValidatingAdmissionPolicy.class, "starling-birds-deletion");
    assertThat(Helm.render().all(ValidatingAdmissionPolicyBinding.class))
        .singleElement()
        .satisfies(binding -> {
          assertThat(binding.getSpec().getPolicyName()).isEqualTo("starling-birds-deletion");
          assertThat(binding.getSpec().getValidationActions()).containsExactly("Deny");
          assertThat(binding.getSpec().getMatchResources().getNamespaceSelector().getMatchLabels())
              .containsExactlyEntriesOf(Map.of("kubernetes.io/metadata.name", Helm.NAMESPACE));
        });
    assertThat(policy.getSpec().getVariables())
        .extracting(Variable::getExpression)
        .anySatisfy(
            expression -> assertThat(expression).contains("'" + Labels.ALLOW_DELETION + "'"));
    assertThat(policy.getSpec().getMatchConstraints().getResourceRules())
        .singleElement()
        .satisfies(rule -> assertThat(rule.getOperations()).containsExactly("DELETE"));
    assertThat(Helm.render("--set", "admissionPolicy.enabled=false").objects())
        .extracting(HasMetadata::getKind)
        .doesNotContain("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding");
  }

  @Test
  void shouldBringTheDefinitionUpToDateBeforeAnUpgrade() throws Exception {
    Manifest manifest = Helm.render("--is-upgrade");
    ConfigMap carried = manifest.get(ConfigMap.class, "starling-crd-upgrade");
    assertThat(Serialization.<HasMetadata>unmarshal(carried.getData().get("crd.yaml")))
        .isEqualTo(
            Serialization.<HasMetadata>unmarshal(
                Files.readString(Helm.CHART.resolve("crds/snsclusters.starling.social.yaml"))));
    assertThat(carried.getMetadata().getAnnotations()).containsEntry("helm.sh/hook", "pre-upgrade");
    PodSpec pod = manifest.pods().get("starling-crd-upgrade");
    Container container = pod.getContainers().getFirst();
    assertThat(container.getCommand())
        .startsWith("java")
        .endsWith("-cp", "@/app/jib-classpath-file", "social.starling.operator.ApplyCrd");
    assertThat(
            Class.forName(container.getCommand().getLast())
                .getDeclaredMethod("main", String[].class))
        .isNotNull();
    assertThat(container.getArgs()).containsExactly("/crd/crd.yaml");
    assertThat(container.getVolumeMounts())
        .extracting(VolumeMount::getName, VolumeMount::getMountPath)
        .contains(tuple("crd", "/crd"));
    assertThat(pod.getVolumes())
        .filteredOn(volume -> volume.getName().equals("crd"))
        .singleElement()
        .satisfies(volume ->
            assertThat(volume.getConfigMap().getName()).isEqualTo("starling-crd-upgrade"));
    assertThat(
            Helm.render("--set", "crds.upgrade=false")
                .find(ConfigMap.class, "starling-crd-upgrade"))
        .isEmpty();
  }

  @Test
  void shouldMonitorWhenAskedTo() throws IOException {
    assertThat(Helm.render().generic("PodMonitor")).isEmpty();
    Manifest manifest = Helm.render(EVERYTHING);
    Manifest asked =
        Helm.render(
            "--set",
            "monitoring.podMonitor.enabled=true,monitoring.grafanaDashboard.enabled=true",
            "--set",
            "monitoring.podMonitor.labels.a=b,monitoring.podMonitor.interval=1m",
            "--set",
            "monitoring.grafanaDashboard.labels.c=d,monitoring.grafanaDashboard.annotations.e=f");
    assertThat(asked.generic("PodMonitor").getFirst())
        .satisfies(monitor -> {
          assertThat(monitor.getMetadata().getLabels()).containsEntry("a", "b");
          assertThat(monitor.<List<Map<String, Object>>>get("spec", "podMetricsEndpoints"))
              .extracting("interval")
              .containsExactly("1m");
        });
    assertThat(asked.get(ConfigMap.class, "starling-dashboard").getMetadata())
        .satisfies(metadata -> {
          assertThat(metadata.getLabels())
              .containsEntry("grafana_dashboard", "1")
              .containsEntry("c", "d");
          assertThat(metadata.getAnnotations()).containsEntry("e", "f");
        });
    assertThat(manifest.generic("PodMonitor"))
        .singleElement()
        .satisfies(monitor -> {
          assertThat(
                  monitor.<String>get("spec", "selector", "matchLabels", "app.kubernetes.io/name"))
              .isEqualTo("starling");
          assertThat(monitor.<List<Map<String, Object>>>get("spec", "podMetricsEndpoints"))
              .containsExactly(Map.of("port", "http", "path", "/metrics", "interval", "15s"));
        });
    for (String component : List.of("coordinator", "router", "operator")) {
      assertThat(manifest.container("starling-" + component).getPorts())
          .anySatisfy(port -> {
            assertThat(port.getName()).isEqualTo("http");
            assertThat(port.getContainerPort()).isEqualTo(9000);
          });
    }
    ConfigMap dashboard = manifest.get(ConfigMap.class, "starling-dashboard");
    Map<?, ?> read =
        Serialization.jsonMapper().readValue(dashboard.getData().get("starling.json"), Map.class);
    assertThat(read.get("title")).isEqualTo("Starling");
    assertThat((List<?>) read.get("panels")).hasSizeGreaterThan(15);
    String code = sources();
    List<String> metrics =
        Pattern.compile("starling(_[a-z]+)+")
            .matcher(dashboard.getData().get("starling.json"))
            .results()
            .map(MatchResult::group)
            .distinct()
            .toList();
    assertThat(metrics).hasSizeGreaterThan(15);
    assertThat(metrics).filteredOn(metric -> !knows(code, metric)).isEmpty();
  }

  /** Prometheus adds what it counts and in what unit; a synchronizer's begin all alike. */
  private static boolean knows(String code, String metric) {
    String name = metric.replaceFirst("_(count|sum|total|bucket|max)$", "");
    return Stream.of(
            name, name.replaceFirst("_seconds$", ""), name.replaceFirst("^starling_sync_", ""))
        .anyMatch(each -> code.contains('"' + each + '"'));
  }

  private static String sources() throws IOException {
    StringBuilder code = new StringBuilder();
    for (String part : List.of("services", "operator")) {
      try (Stream<Path> files = Files.walk(Helm.ROOT.resolve(part))) {
        for (Path file :
            files.filter(f -> f.toString().matches(".*/src/main/.*\\.java")).toList()) {
          code.append(Files.readString(file));
        }
      }
    }
    return code.toString().replace('.', '_'); // Some are called so, some so.
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
    assertThat(node.getSpec().getExternalTrafficPolicy()).isEqualTo("Cluster");
    assertThat(plain.getSpec().getExternalTrafficPolicy()).isNull();
    Service each = Helm.render().get(Service.class, "starling-routers");
    assertThat(each.getSpec().getClusterIP()).isEqualTo("None");
    assertThat(each.getSpec().getSelector()).isEqualTo(plain.getSpec().getSelector());
    assertThat(each.getSpec().getPorts())
        .extracting(ServicePort::getPort, port -> port.getTargetPort().getStrVal())
        .containsExactly(tuple(7000, "public"));
    Service balanced =
        Helm.render(
                "--set",
                "router.service.type=LoadBalancer,router.service.port=443",
                "--set",
                "router.service.externalTrafficPolicy=Local,router.service.annotations.a=b")
            .get(Service.class, "starling-router");
    assertThat(balanced.getSpec().getExternalTrafficPolicy()).isEqualTo("Local");
    assertThat(balanced.getMetadata().getAnnotations()).containsEntry("a", "b");
    assertThat(balanced.getSpec().getPorts())
        .extracting(ServicePort::getPort, port -> port.getTargetPort().getStrVal())
        .containsExactly(tuple(443, "public"));
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
        "clusterDefaults.storage.size=1.2.3Gi|/clusterDefaults/storage/size",
        "clusterDefaults.storage.size=1ki|/clusterDefaults/storage/size",
        "clusterDefaults.storage.storageClassName=|/clusterDefaults/storage/storageClassName",
        "clusterDefaults.resources.claims[0].name=a|claims",
        "clusterDefaults.timers.heartbeat=0ms|/clusterDefaults/timers/heartbeat",
        "clusterDefaults.timers.silence=200ms|cluster alpha: silence must be at least three",
        "clusterDefaults.timers.lease=150ms|cluster alpha: lease must be at least two",
        "clusters[0].name=a,clusters[0].spec.timers.lease=1s|cluster a: lease must be shorter",
        "clusterDefaults.timers.silence=0100ms|/clusterDefaults/timers/silence",
        "clusterDefaults.storage.size=1Mi|storage of cluster alpha: size must be 256Mi or more",
        "clusterDefaults.storage.size=0|storage of cluster alpha: size must be 256Mi or more, not 0",
        "clusterDefaults.storage.size=-1|/clusterDefaults/storage/size",
        "clusterDefaults.storage.size=268435455|must be 256Mi or more, not 268435455",
        "clusters[0].name=a,clusters[0].spec.storage.size=255Mi|storage of cluster a: size must be",
        "clusters[0].name=a,clusters[0].spec.resources.claims[0].name=b|claims",
        "coordinator.timers.heartbeat=0ms|/coordinator/timers/heartbeat",
        "coordinator.timers.lease=1s|timers of coordinator: lease must be shorter",
        "router.resources.limits.memory=...|/router/resources/limits/memory",
        "router.podDisruptionBudget.maxUnavailable=0%|maxUnavailable",
        "monitoring.podMonitor.interval=0s|/monitoring/podMonitor/interval",
        "coordinator.timers.silence=250ms|timers of coordinator: silence must be at least three",
        "clusters[0].name=one,clusters[1].name=one|one is listed twice",
      })
  void shouldRefuseValuesThatCannotBe(String value, String named) {
    Helm.Outcome outcome = Helm.template("--set", value);
    assertThat(outcome.code()).isNotZero();
    assertThat(outcome.err()).contains(named);
  }

  /** A fraction is a number to others; the definition of SnsCluster takes it only as text. */
  @Test
  void shouldTakeAFractionForAClusterOnlyAsText() {
    Helm.Outcome refused =
        Helm.template("--set-json", "clusterDefaults.resources.requests.cpu=0.5");
    assertThat(refused.code()).isNotZero();
    assertThat(refused.err()).contains("/clusterDefaults/resources/requests/cpu");
    Manifest manifest =
        Helm.render(
            "--set-json",
            "clusterDefaults.resources.requests.cpu=\"0.5\"",
            "--set-json",
            "router.resources.requests.cpu=0.5");
    assertThat(manifest.container("starling-router").getResources().getRequests().get("cpu"))
        .hasToString("0.5");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"256Mi", "0.25Gi", "262144Ki", "268435456", "269M", "268435456000m", "1E"})
  void shouldTakeEverySizeThatIsEnough(String size) {
    assertThat(Helm.render("--set", "clusterDefaults.storage.size=" + size).generic("SnsCluster"))
        .allSatisfy(cluster ->
            assertThat(cluster.<Object>get("spec", "storage", "size")).hasToString(size));
  }

  /** YAML reads them as a number, a truth or nothing where they stand without quotes. */
  @ParameterizedTest
  @CsvSource({"4711,off", "1e3,y", "null,null"})
  void shouldPassOnTextThatLooksLikeSomethingElse(String text, String cluster) {
    Helm.Outcome outcome =
        Helm.template(
            "--is-upgrade",
            "--namespace",
            text,
            "--set-string",
            "tests.user=%1$s,imagePullSecrets[0]=%1$s,credential.existingSecret=%1$s"
                .formatted(text),
            "--set-string",
            "router.priorityClassName=%s,clusters[0].name=%s".formatted(text, cluster));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    for (String each : List.of(text, cluster)) {
      assertThat(outcome.out()).contains(": \"" + each + "\"\n");
      assertThat(outcome.out().lines()).noneMatch(line -> line.matches(".*[:-] " + each));
    }
  }

  @Test
  void shouldCallWhatIsClusterWideByTheWholeNamespace() {
    String longest = "n".repeat(63);
    Manifest manifest = Helm.render("--is-upgrade", "--namespace", longest);
    assertThat(manifest.all(ClusterRole.class))
        .extracting(role -> role.getMetadata().getName())
        .containsExactlyInAnyOrder(
            "starling-" + longest + "-operator",
            "starling-" + longest + "-crd-upgrade",
            "starling-" + longest + "-view",
            "starling-" + longest + "-edit");
  }

  @Test
  void shouldTakeImagesFromWhereTheyAre() {
    String tag = "v1_" + "a".repeat(59) + "-" + "b".repeat(60);
    Manifest manifest =
        Helm.render(
            "--is-upgrade",
            "--set",
            "image.prefix=registry.example:5000/birds/,image.pullPolicy=Always,image.tag=" + tag);
    Map<String, String> images =
        Map.of(
            "starling-coordinator", "coordinator",
            "starling-router", "router",
            "starling-operator", "operator",
            "starling-crd-upgrade", "operator",
            "starling-test", "client");
    String image = "registry.example:5000/birds/%s:" + tag;
    assertThat(manifest.pods())
        .hasSize(images.size())
        .allSatisfy((name, pod) -> {
          Container container = pod.getContainers().getFirst();
          assertThat(container.getImage()).isEqualTo(image.formatted(images.get(name)));
          assertThat(container.getImagePullPolicy()).isEqualTo("Always");
        });
    assertThat(manifest.container("starling-operator").getArgs())
        .contains(
            "--server-image=" + image.formatted("server"),
            "--synchronizer-image=" + image.formatted("synchronizer"),
            "--image-pull-policy=Always");
    assertThat(manifest.objects())
        .allSatisfy(object ->
            assertThat(object.getMetadata().getLabels().get("app.kubernetes.io/version"))
                .as("a label has 63 characters at most, and ends in a letter or digit")
                .isEqualTo("v1_" + "a".repeat(59)));
  }

  @Test
  void shouldTakeValuesThatCanBe() {
    Manifest manifest =
        Helm.render(
            "--set",
            "clusterDefaults.storage.size=300000Ki,clusterDefaults.resources.requests.cpu=0.5",
            "--set",
            "clusterDefaults.timers.silence=3s,clusterDefaults.timers.lease=900ms");
    assertThat(manifest.generic("SnsCluster"))
        .allSatisfy(cluster -> {
          assertThat(cluster.<String>get("spec", "storage", "size")).isEqualTo("300000Ki");
          assertThat(cluster.<String>get("spec", "timers", "silence")).isEqualTo("3s");
        });
  }
}
