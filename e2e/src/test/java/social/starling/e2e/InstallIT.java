package social.starling.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import social.starling.client.ClientOptions;
import social.starling.client.EventStream;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.TimelineEvent;
import social.starling.e2e.installation.Component;
import social.starling.e2e.installation.Release;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.machine.DockerCluster;

/** What one {@code helm install} brings. */
@Order(1)
@ExtendWith(OnGround.class)
class InstallIT {

  private static final Duration IDLE = Duration.ofSeconds(30);
  private static final Duration CALL = Duration.ofSeconds(60);
  private static final int POSTS = 20;

  @Test
  @Order(1)
  void usersOfAllClustersReadEachOther(Ground ground) {
    Starling starling = ground.starling();
    Function<String, String> homes = starling.homes();
    List<String> names =
        starling.clusterNames().stream()
            .map(cluster ->
                IntStream.range(0, 10_000)
                    .mapToObj(i -> "bird" + i)
                    .filter(name -> homes.apply(name).equals(cluster))
                    .findFirst()
                    .orElseThrow())
            .toList();
    Map<String, StarlingClient> users = new TreeMap<>();
    try {
      for (String name : names) {
        StarlingClient user =
            StarlingClient.connect(
                ClientOptions.of(name).withRouters(starling.routers()).withDeadline(CALL));
        users.put(name, user);
        user.login();
      }
      for (StarlingClient user : users.values()) {
        for (String other : names) {
          if (!other.equals(user.user())) {
            follow(user, other);
          }
        }
      }
      for (String reader : names) {
        read(ground, users, reader);
      }
      ground
          .story()
          .tell("%s follow each other; each stream showed all posts of the others", names);
    } finally {
      users.values().forEach(StarlingClient::close);
    }
  }

  // A name is known in another cluster a moment after it was registered.
  private static void follow(StarlingClient user, String other) {
    Awaitility.await()
        .atMost(CALL)
        .ignoreExceptions()
        .until(() -> {
          if (!user.listFollowing(100, "").names().contains(other)) {
            user.follow(other);
          }
          return true;
        });
  }

  private static void read(Ground ground, Map<String, StarlingClient> users, String reader) {
    try (EventStream stream = users.get(reader).stream(0)) {
      assertThat(stream.next()).isInstanceOf(TimelineEvent.BacklogEnd.class);
      for (int i = 0; i < POSTS; i++) {
        for (StarlingClient author : users.values()) {
          if (!author.user().equals(reader)) {
            long begun = System.nanoTime();
            Post post = author.post("post %d for %s".formatted(i, reader));
            assertThat(stream.next())
                .isInstanceOfSatisfying(
                    TimelineEvent.Posted.class, shown -> assertThat(shown.post()).isEqualTo(post));
            ground
                .measured()
                .time(
                    "post → shown by a stream in another cluster",
                    Duration.ofNanos(System.nanoTime() - begun));
            assertThat(author.posts(author.user(), PostPage.newest(1))).containsExactly(post);
          }
        }
      }
    }
  }

  @Test
  @Order(2)
  void theChartsOwnTestPostsAndReads(Ground ground) {
    String said = ground.release().test();

    ground.story().tell("helm test: %s", Release.pod(said));
    assertThat(said).contains("and read again").contains("Phase:          Succeeded");
  }

  static Stream<Path> objects() throws IOException {
    Path root = Path.of(System.getProperty("starling.root"));
    try (Stream<Path> files = Files.list(root.resolve("operator/src/test/resources/validation"))) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("objects")
  @Order(3)
  void whatCannotBeIsRefusedWithItsMessage(Path file, Ground ground) throws IOException {
    String yaml = Files.readString(file);
    GenericKubernetesResource object =
        Serialization.unmarshal(yaml, GenericKubernetesResource.class);
    var request = ground.starling().client().resource(object).inNamespace("default").dryRun();

    if (file.getFileName().toString().startsWith("invalid")) {
      String expected = yaml.lines().findFirst().orElseThrow().substring(2);
      assertThatThrownBy(request::create)
          .isInstanceOfSatisfying(
              KubernetesClientException.class,
              refused -> {
                assertThat(refused.getCode()).isEqualTo(422);
                assertThat(refused).hasMessageContaining(expected);
                ground.story().tell("%s: refused: %s", file.getFileName(), expected);
              });
    } else {
      assertThat(request.create()).isNotNull();
      ground.story().tell("%s: taken", file.getFileName());
    }
  }

  @ParameterizedTest(name = "{index}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"spec":{"storage":{"size":"512Mi"}}}               | size cannot shrink
          {"spec":{"storage":{"storageClassName":"other"}}}   | storageClassName cannot be changed
          """)
  @Order(4)
  void whatCannotChangeIsRefusedWithItsMessage(String change, String message, Ground ground) {
    String cluster = ground.starling().clusterNames().getFirst();
    assertThatThrownBy(() ->
            ground
                .starling()
                .cluster(cluster)
                .dryRun()
                .patch(PatchContext.of(PatchType.JSON_MERGE), change))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining(message);
    ground.story().tell("%s: refused: %s", change, message);
  }

  /** Started how long after its process, by the clock of its node. */
  @Test
  @Order(5)
  void operatorsStartAndOneLeads(Ground ground) {
    Starling starling = ground.starling();
    Map<Long, DockerCluster.Usage> usage = usage(ground);
    for (Pod pod : starling.pods(Component.OPERATOR)) {
      String log =
          starling
              .client()
              .pods()
              .inNamespace(Starling.NAMESPACE)
              .withName(pod.getMetadata().getName())
              .usingTimestamps()
              .getLog();
      DockerCluster.Usage process = usage.get(process(ground, pod));
      boolean leads = pod.getMetadata().getName().equals(starling.leader().getMetadata().getName());
      String word = leads ? "\"leads\"" : "\"leader\"";
      List<String> told = log.lines().filter(line -> line.contains(word)).toList();
      assertThat(told).as("lines of %s with %s", pod.getMetadata().getName(), word).isNotEmpty();
      String first = told.getFirst();
      Instant time = Instant.parse(first.substring(0, first.indexOf(' ')));
      Duration took = Duration.between(process.started(), time);
      ground
          .story()
          .tell(
              "operator %s %s %d ms after its process began, %d MiB",
              pod.getMetadata().getName(),
              leads ? "led" : "knew who leads",
              took.toMillis(),
              process.memory() >> 20);
      ground.measured().time("operator: process → works, or knows who leads", took);
      ground.measured().value("operator: memory", "MiB RSS", process.memory() >> 20);
    }
    assertThat(starling.leader()).isNotNull();
  }

  @Test
  @Order(6)
  void anIdleInstallationNeedsLittle(Ground ground) {
    ground.starling().awaitWhole(Ground.PATIENCE);
    Map<Long, DockerCluster.Usage> before = usage(ground);
    Instant begun = Instant.now();
    // Not a wait for something to happen: it is what is measured.
    Awaitility.await().pollDelay(IDLE).atMost(IDLE.multipliedBy(4)).until(() -> true);
    Map<Long, DockerCluster.Usage> after = usage(ground);
    double seconds = Duration.between(begun, Instant.now()).toMillis() / 1000.0;

    double allCpu = 0;
    double allMemory = 0;
    Map<String, double[]> kinds = new TreeMap<>();
    for (Pod pod : ground.starling().pods()) {
      long process = process(ground, pod);
      double cpu = after.get(process).cpu().minus(before.get(process).cpu()).toMillis() / seconds;
      double memory = after.get(process).memory() / 1048576.0;
      double[] sum =
          kinds.computeIfAbsent(
              pod.getMetadata().getLabels().get("app.kubernetes.io/component"), _ -> new double[3]);
      sum[0]++;
      sum[1] += cpu;
      sum[2] += memory;
      allCpu += cpu;
      allMemory += memory;
    }
    kinds.forEach((kind, sum) ->
        ground
            .story()
            .tell(
                "%d %s: %.0f m CPU and %.0f MiB each",
                (int) sum[0], kind, sum[1] / sum[0], sum[2] / sum[0]));
    ground.measured().value("whole installation, idle: CPU", "m", allCpu);
    ground.measured().value("whole installation, idle: memory", "MiB RSS", allMemory);
    double servers = kinds.get("server")[2] / kinds.get("server")[0];
    ground.measured().value("server, idle: memory", "MiB RSS", servers);
    // What the chart asks for as limits; beyond it a process would have been ended.
    assertThat(servers).isLessThan(512);
  }

  private static long process(Ground ground, Pod pod) {
    Long process = ground.machine().processes(Starling.node(pod)).get(Starling.container(pod));
    return process;
  }

  private static Map<Long, DockerCluster.Usage> usage(Ground ground) {
    Map<Long, DockerCluster.Usage> usage = new HashMap<>();
    Map<String, List<Pod>> byNode =
        ground.starling().pods().stream().collect(Collectors.groupingBy(Starling::node));
    byNode.forEach((node, pods) -> {
      Map<String, Long> processes = ground.machine().processes(node);
      usage.putAll(
          ground
              .machine()
              .usage(node, pods.stream().map(Starling::container).map(processes::get).toList()));
    });
    return usage;
  }
}
