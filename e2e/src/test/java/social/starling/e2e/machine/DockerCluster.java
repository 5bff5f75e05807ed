package social.starling.e2e.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A cluster whose nodes, a control plane and two workers, are containers of the local docker: one
 * of kind of these tests' own, or one that somebody has made. Thread-safe.
 */
public final class DockerCluster {

  private static final Duration CREATION = Duration.ofMinutes(6);
  private static final Duration LOADING = Duration.ofMinutes(8);
  private static final Duration SHORT = Duration.ofSeconds(60);
  private static final long TICKS_A_SECOND = 100;

  /** What runc says then. */
  private static final String CANNOT_FREEZE = "unable to freeze";

  /**
   * A process of a container, as its node's kernel sees it.
   *
   * @param started when
   * @param cpu used since then
   * @param memory bytes, resident
   */
  public record Usage(Instant started, Duration cpu, long memory) {}

  /** Of kind's cluster; empty when it is somebody's. */
  private final String name;

  private final Path kubeconfig;

  private DockerCluster(String name, Path kubeconfig) {
    this.name = name;
    this.kubeconfig = kubeconfig;
  }

  /** One that is there, of kind or minikube, with the images; it is left there. */
  public static DockerCluster there(Path kubeconfig) {
    if (!Files.isReadable(kubeconfig)) {
      throw new IllegalArgumentException(
          "%s, named by starling.e2e.kubeconfig, cannot be read".formatted(kubeconfig));
    }
    return new DockerCluster("", kubeconfig);
  }

  /**
   * Makes one of kind; one that was kept is taken as it is.
   *
   * @param nodeImage empty for kind's own default
   */
  public static DockerCluster of(
      String name, Path kubeconfig, Path configuration, String nodeImage) {
    DockerCluster cluster = new DockerCluster(name, kubeconfig);
    if (cluster.exists()) {
      Commands.succeed(
          SHORT,
          List.of("kind", "export", "kubeconfig", "--name", name, "--kubeconfig", "" + kubeconfig));
      return cluster;
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                "kind",
                "create",
                "cluster",
                "--name",
                name,
                "--config",
                configuration.toString(),
                "--kubeconfig",
                kubeconfig.toString(),
                "--wait",
                "5m"));
    if (!nodeImage.isBlank()) {
      command.addAll(List.of("--image", nodeImage));
    }
    Commands.succeed(CREATION, command);
    return cluster;
  }

  private boolean exists() {
    return Commands.succeed(SHORT, List.of("kind", "get", "clusters"))
        .lines()
        .anyMatch(name::equals);
  }

  /** How its API server is reached, and as whom. */
  public Path kubeconfig() {
    return kubeconfig;
  }

  /** The same, as text. */
  public String credentials() {
    try {
      return Files.readString(kubeconfig);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether it is these tests' own. */
  public boolean isOwn() {
    return !name.isEmpty();
  }

  /** Brings images of the local docker to the nodes that take pods, of a cluster of its own. */
  public void load(List<String> images) {
    String workers =
        Commands.succeed(SHORT, List.of("kind", "get", "nodes", "--name", name))
            .lines()
            .filter(node -> !node.endsWith("control-plane"))
            .collect(Collectors.joining(","));
    List<String> command =
        new ArrayList<>(
            List.of("kind", "load", "docker-image", "--name", name, "--nodes", workers));
    command.addAll(images);
    Commands.succeed(LOADING, command);
  }

  /**
   * Stops every process of a node where it stands; nothing of it answers any more.
   *
   * <p>With cgroups of version 1, docker gives up after some tenths of a second and lets the node
   * go on when a process of it cannot be stopped, as one that waits for its disk. To try again is
   * the caller's (opencontainers/runc, pull request 4388).
   *
   * @return whether it stands; otherwise all of it goes on
   */
  public boolean pause(String node) {
    List<String> command = List.of("docker", "pause", node);
    Commands.Outcome outcome = Commands.run(SHORT, command);
    if (outcome.code() == 0) {
      return true;
    }
    if (outcome.err().contains(CANNOT_FREEZE)) {
      return false;
    }
    throw Commands.failure(command, outcome);
  }

  /**
   * Takes that back; nothing when it is not paused. Also of a case that took too long and was
   * interrupted: the next ones need the node.
   */
  public void unpause(String node) {
    boolean interrupted = Thread.interrupted();
    try {
      List<String> inspect = List.of("docker", "inspect", "--format", "{{.State.Paused}}", node);
      if (Commands.succeed(SHORT, inspect).strip().equals("true")) {
        Commands.succeed(SHORT, List.of("docker", "unpause", node));
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Ids of the containers' first processes on a node, by container.
   *
   * <p>By ctr: crictl is not on every node image.
   */
  public Map<String, Long> processes(String node) {
    Map<String, Long> processes = new TreeMap<>();
    exec(node, "ctr --namespace=k8s.io tasks list")
        .lines()
        .skip(1)
        .map(line -> line.strip().split("\\s+"))
        .filter(fields -> fields.length >= 3 && fields[2].equals("RUNNING"))
        .forEach(fields -> processes.put(fields[0], Long.valueOf(fields[1])));
    return processes;
  }

  /**
   * Ends a process at once, by SIGKILL.
   *
   * @return just before it was done; nodes share this machine's clock
   */
  public Instant kill(String node, long process) {
    String nanos = exec(node, "date +%%s%%N && kill -9 %d".formatted(process)).strip();
    long since = Long.parseLong(nanos);
    return Instant.ofEpochSecond(since / 1_000_000_000, since % 1_000_000_000);
  }

  /** What processes of a node have used, by id; those that are gone are left out. */
  public Map<Long, Usage> usage(String node, List<Long> processes) {
    StringBuilder script =
        new StringBuilder("echo now $(date +%s%N) $(cut -d' ' -f1 /proc/uptime);");
    for (long process : processes) {
      script.append(
          """
          s=$(cat /proc/%1$d/stat) && m=$(sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' \
          /proc/%1$d/status) && echo "%1$d ${m:-0} ${s##*) }";\
          """
              .formatted(process));
    }
    script.append("true");
    List<String> lines = exec(node, script.toString()).lines().toList();
    String[] now = lines.getFirst().split(" ");
    long nanos = Long.parseLong(now[1]);
    long booted = nanos - (long) (Double.parseDouble(now[2]) * 1e9);
    Map<Long, Usage> usage = new TreeMap<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(" ");
      // After the name: state, ppid, … utime and stime are 12 and 13 from there, starttime 20.
      long ticks = Long.parseLong(fields[2 + 11]) + Long.parseLong(fields[2 + 12]);
      long started = booted + ticks(Long.parseLong(fields[2 + 19])).toNanos();
      usage.put(
          Long.valueOf(fields[0]),
          new Usage(
              Instant.ofEpochSecond(0, started), ticks(ticks), Long.parseLong(fields[1]) * 1024));
    }
    return usage;
  }

  private static Duration ticks(long ticks) {
    return Duration.ofNanos(ticks * (TimeUnit.SECONDS.toNanos(1) / TICKS_A_SECOND));
  }

  private static String exec(String node, String script) {
    return Commands.succeed(SHORT, List.of("docker", "exec", node, "sh", "-c", script));
  }

  /** Takes away one of its own. */
  public void delete() {
    Commands.succeed(
        CREATION,
        List.of("kind", "delete", "cluster", "--name", name, "--kubeconfig", "" + kubeconfig));
  }
}
