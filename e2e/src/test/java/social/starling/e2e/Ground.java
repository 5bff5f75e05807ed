package social.starling.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import social.starling.common.Logging;
import social.starling.e2e.installation.Release;
import social.starling.e2e.installation.Starling;
import social.starling.e2e.load.Traffic;
import social.starling.e2e.machine.Commands;
import social.starling.e2e.machine.DockerCluster;
import social.starling.e2e.machine.Story;

/** What all cases stand on: a cluster with images, and Starling installed there. */
final class Ground implements AutoCloseable {

  /** Time enough for anything on a machine that has none. */
  static final Duration PATIENCE = Duration.ofMinutes(4);

  /** Until a write is acknowledged again, while one copy that could serve is there. */
  static final Duration WRITES = Duration.ofSeconds(90);

  static final String VERSION = System.getProperty("starling.version");

  /** Another name of the same images. */
  static final String NEXT_VERSION = VERSION + "-next";

  private static final String NAME = "starling-e2e";
  private static final Path ROOT = Path.of(System.getProperty("starling.root")).normalize();
  private static final Path TARGET = Path.of(System.getProperty("starling.e2e.target"));
  private static final String KUBECONFIG = System.getProperty("starling.e2e.kubeconfig", "");
  private static final boolean KEEP = Boolean.getBoolean("starling.e2e.keep");
  private static final String PREFIX = System.getProperty("starling.image.prefix");
  private static final Duration SHORT = Duration.ofMinutes(1);
  private static final Duration CALL = Duration.ofSeconds(60);

  private final Story story = new Story();
  private final Measured measured;
  private final DockerCluster machine;
  private final KubernetesClient client;
  private final Starling starling;
  private final Release release;
  private final AtomicInteger turns;

  private Ground(DockerCluster machine, Measured measured) {
    this.machine = machine;
    this.measured = measured;
    Config config =
        new ConfigBuilder(Config.fromKubeconfig(machine.credentials()))
            .withRequestTimeout(30_000)
            .build();
    this.client = new KubernetesClientBuilder().withConfig(config).build();
    this.starling = new Starling(client);
    this.release =
        new Release(machine.kubeconfig(), ROOT.resolve("helm/starling"), values(), PREFIX);
    // Beyond the users of an earlier run on a cluster that was kept.
    this.turns = new AtomicInteger((int) (Instant.now().getEpochSecond() / 60 % 20_000) * 10);
  }

  private static List<Path> values() {
    List<Path> values = new ArrayList<>(List.of(ROOT.resolve("e2e/values.yaml")));
    String more = System.getProperty("starling.e2e.values", "");
    if (!more.isBlank()) {
      values.add(Path.of(more));
    }
    return values;
  }

  /** Makes all of it; takes minutes. */
  static Ground make() {
    require("docker", "helm");
    Logging.configure(Logging.Format.TEXT, Logging.Level.ERROR, "e2e");
    try {
      Files.createDirectories(TARGET);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Story making = new Story();
    making.title("The ground");
    Instant begun = Instant.now();
    DockerCluster machine = cluster(making);
    try {
      if (machine.isOwn()) {
        load(machine);
        making.tell(
            "its nodes have the images, %s after the beginning",
            Story.shown(Duration.between(begun, Instant.now())));
      }
      Ground ground = new Ground(machine, new Measured(TARGET.resolve("figures.json")));
      ground.install();
      return ground;
    } catch (RuntimeException | Error e) {
      if (machine.isOwn() && !KEEP) {
        machine.delete();
      }
      throw e;
    }
  }

  private static void require(String... programs) {
    for (String program : programs) {
      if (!Commands.isThere(program)) {
        throw new IllegalStateException(
            "%s is not on the PATH; the tests on a real cluster need docker, helm, and kind"
                    .formatted(program)
                + " unless starling.e2e.kubeconfig names a cluster that is there");
      }
    }
  }

  private static DockerCluster cluster(Story making) {
    if (!KUBECONFIG.isBlank()) {
      making.tell("the cluster that %s names is taken, with the images that it has", KUBECONFIG);
      return DockerCluster.there(Path.of(KUBECONFIG).toAbsolutePath());
    }
    require("kind");
    DockerCluster machine =
        DockerCluster.of(
            NAME,
            TARGET.resolve("kubeconfig"),
            ROOT.resolve("k8s/kind.yaml"),
            System.getProperty("starling.e2e.node.image", ""));
    making.tell("a cluster of kind is there");
    return machine;
  }

  private static void load(DockerCluster machine) {
    List<String> images =
        Stream.of("coordinator", "server", "synchronizer", "router", "operator", "client")
            .map(image -> PREFIX + image + ":")
            .toList();
    for (String image : images) {
      Commands.succeed(SHORT, List.of("docker", "tag", image + VERSION, image + NEXT_VERSION));
    }
    machine.load(images.stream().map(image -> image + VERSION).toList());
    machine.load(images.stream().map(image -> image + NEXT_VERSION).toList());
  }

  private void install() {
    if (release.isInstalled()) {
      story.tell("Starling was installed before, in the cluster that was kept");
    } else {
      starling.makeNamespace();
      long begun = System.nanoTime();
      release.install(VERSION);
      story.tell("helm install returned");
      try {
        starling.awaitWhole(PATIENCE.multipliedBy(2));
      } catch (RuntimeException | Error e) {
        Diagnostics.write(this, "install");
        throw e;
      }
      Duration took = Duration.ofNanos(System.nanoTime() - begun);
      story.tell("everything is ready %s after helm install", Story.shown(took));
      measured.time("helm install → everything ready, 3 clusters", took);
    }
  }

  Story story() {
    return story;
  }

  Measured measured() {
    return measured;
  }

  DockerCluster machine() {
    return machine;
  }

  Starling starling() {
    return starling;
  }

  Release release() {
    return release;
  }

  /** Where things are written. */
  Path target() {
    return TARGET;
  }

  /** Files of the project. */
  Path root() {
    return ROOT;
  }

  /**
   * Runs {@code ./starling admin}, as a person does who has the cluster's kubeconfig.
   *
   * @return what it said
   */
  String admin(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sh",
                "-c",
                "cd \"$0\" && KUBECONFIG=\"$1\" && export KUBECONFIG && shift && exec \"$@\"",
                TARGET.toString(),
                machine.kubeconfig().toString(),
                ROOT.resolve("starling").toString(),
                "admin"));
    command.addAll(List.of(arguments));
    return Commands.succeed(PATIENCE.multipliedBy(2), command);
  }

  /** Somebody at work in all clusters, whose calls last as long as a fault may. */
  Traffic traffic() throws InterruptedException {
    return traffic(CALL);
  }

  /** Somebody at work in all clusters. */
  Traffic traffic(Duration deadline) throws InterruptedException {
    starling.awaitWhole(PATIENCE);
    int turn = turns.incrementAndGet();
    Traffic traffic =
        new Traffic(
            starling,
            story,
            turn,
            Double.parseDouble(System.getProperty("starling.e2e.rate")),
            deadline,
            TARGET.resolve("history-%d.jsonl".formatted(turn)));
    try {
      traffic.begin();
    } catch (RuntimeException | Error e) {
      traffic.close();
      throw e;
    }
    return traffic;
  }

  /**
   * Ends the process of a pod by SIGKILL, from its node.
   *
   * @return just before it ended
   */
  Instant kill(Pod pod) {
    Long process = machine.processes(Starling.node(pod)).get(Starling.container(pod));
    if (process == null) {
      throw new IllegalStateException(pod.getMetadata().getName() + " has no process");
    }
    return machine.kill(Starling.node(pod), process);
  }

  @Override
  public void close() {
    System.out.printf("%nFigures of this run%n%n%s%n", measured.table());
    client.close();
    if (!machine.isOwn()) {
      story.tell("the cluster is left as it is, with Starling in it");
    } else if (KEEP) {
      story.tell("the cluster %s is kept; kind delete cluster --name %s", NAME, NAME);
    } else {
      machine.delete();
      story.tell("the cluster is deleted");
    }
  }
}
