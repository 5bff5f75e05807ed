package social.starling.bench.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import social.starling.bench.failover.Fallible;
import social.starling.bench.failover.Fault;
import social.starling.bench.failover.Poster;
import social.starling.bench.installation.Signal;
import social.starling.bench.peer.Awaited;
import social.starling.bench.peer.Usages;

/**
 * A master, its replica and three sentinels, which promote the replica when the master has not
 * answered for {@link #SILENCE}. Used by one thread; {@link #masterPort} and {@link #isAlone} by
 * any.
 *
 * <p>A server that was killed is started again as a replica when the other is master, by this
 * process: Sentinel does not start servers. A new master answers writes alone until then.
 */
public final class RedisGroup implements Fallible, AutoCloseable {

  /** Sentinel's down-after-milliseconds: as Starling's silence. */
  public static final Duration SILENCE = Duration.ofSeconds(1);

  private static final int SENTINELS = 3;
  private static final String SWITCH = "+switch-master";

  private final RedisPrograms programs;
  private final RedisClient client = failing();
  private final List<RedisNode> servers = new ArrayList<>();
  private final List<RedisNode> sentinels = new ArrayList<>();
  private final List<Runnable> switchListeners = new CopyOnWriteArrayList<>();
  private final Map<Integer, Integer> authors = new HashMap<>();
  private int nextAuthor;
  private String fsync;
  private RedisNode failed;
  private volatile int masterPort;
  private volatile boolean alone;

  /**
   * @param folder is made; nothing else is written
   * @param fsync "always" or "everysec"
   * @param nextAuthor the first id of an author who is no user
   */
  public RedisGroup(RedisPrograms programs, Path folder, String fsync, int nextAuthor) {
    this.programs = programs;
    this.fsync = fsync;
    this.nextAuthor = nextAuthor;
    servers.add(new RedisNode(folder.resolve("server-1")));
    servers.add(new RedisNode(folder.resolve("server-2")));
    for (int i = 1; i <= SENTINELS; i++) {
      sentinels.add(new RedisNode(folder.resolve("sentinel-" + i)));
    }
  }

  /** A client whose commands fail when their connection breaks, instead of waiting for another. */
  private static RedisClient failing() {
    RedisClient client = RedisClient.create();
    client.setOptions(ClientOptions.builder().autoReconnect(false).build());
    return client;
  }

  /** Starts all of them, empty. */
  public void start() throws InterruptedException {
    RedisNode first = servers.getFirst();
    masterPort = first.port();
    first.startServer(programs.server(), fsync, 0);
    servers.getLast().startServer(programs.server(), fsync, masterPort);
    awaitReplica();
    for (RedisNode sentinel : sentinels) {
      sentinel.startSentinel(programs.sentinel(), masterPort, SILENCE);
    }
    await("sentinels that know each other", () -> sentinels.stream().allMatch(this::isReady));
    sentinels.forEach(this::listen);
  }

  /** Changes how both servers bring what they have appended to the disk. */
  public void fsync(String policy) {
    fsync = policy;
    for (RedisNode server : servers) {
      try (StatefulRedisConnection<String, String> connection = client.connect(server.uri())) {
        connection.sync().configSet("appendfsync", policy);
      }
    }
  }

  /** What it says of itself. */
  public String version() {
    try (StatefulRedisConnection<String, String> connection = client.connect(master())) {
      return field(connection.sync().info("server"), "redis_version");
    }
  }

  /** Where the master is, as the sentinels said last. */
  public RedisURI master() {
    return node(masterPort).uri();
  }

  /** Whether the master has no replica now, and a write cannot wait for one. */
  boolean isAlone() {
    return alone;
  }

  /** Has something run when another server has become master. */
  void onSwitch(Runnable listener) {
    switchListeners.add(listener);
  }

  /** Processor seconds so far, by process. */
  public Map<String, Double> cpuSeconds() {
    Map<String, Double> seconds = new LinkedHashMap<>();
    seconds.put("master", Usages.cpuSeconds(node(masterPort).child().pid()));
    seconds.put("replica", Usages.cpuSeconds(other().child().pid()));
    seconds.put(
        "sentinels",
        sentinels.stream().mapToDouble(node -> Usages.cpuSeconds(node.child().pid())).sum());
    return seconds;
  }

  public long memoryBytes() {
    return Stream.concat(servers.stream(), sentinels.stream())
        .mapToLong(node -> Usages.memoryBytes(node.child().pid()))
        .sum();
  }

  public long volumeBytes() {
    return Usages.diskBytes(servers.stream().map(RedisNode::folder).toList());
  }

  @Override
  public Poster poster(int writer) {
    // A new author each time: what an earlier one has posted is not in the way.
    authors.put(writer, nextAuthor);
    return new RedisPoster(this, client, nextAuthor++);
  }

  @Override
  public List<Stored> stored(int writer) {
    try (StatefulRedisConnection<String, String> connection = client.connect(master())) {
      return Keys.posts(connection.sync(), authors.get(writer));
    }
  }

  @Override
  public Signal.Sent cause(Fault fault) {
    failed = node(masterPort);
    return failed.child().signal(fault == Fault.STOP ? Signal.STOP : Signal.KILL);
  }

  @Override
  public void heal() throws InterruptedException {
    if (failed == null) {
      return;
    }
    await("a new master", () -> masterPort != failed.port());
    failed.end();
    failed.startServer(programs.server(), fsync, masterPort);
    failed = null;
    awaitReplica();
    alone = false;
    await(
        "sentinels that have seen the new replica",
        () -> sentinels.stream().allMatch(this::isReady));
  }

  @Override
  public void close() {
    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    sentinels.forEach(RedisNode::end);
    servers.forEach(RedisNode::end);
  }

  private void listen(RedisNode sentinel) {
    StatefulRedisPubSubConnection<String, String> connection =
        client.connectPubSub(StringCodec.UTF8, sentinel.uri());
    connection.addListener(
        new RedisPubSubAdapter<>() {
          @Override
          public void message(String channel, String message) {
            // name old-ip old-port new-ip new-port
            switchTo(Integer.parseInt(message.split(" ")[4]));
          }
        });
    connection.sync().subscribe(SWITCH);
  }

  // Each sentinel tells; the first one counts.
  private synchronized void switchTo(int port) {
    if (masterPort != port) {
      alone = true;
      masterPort = port;
      switchListeners.forEach(Runnable::run);
    }
  }

  private void awaitReplica() throws InterruptedException {
    await(
        "Redis's replica",
        () -> {
          try (StatefulRedisConnection<String, String> connection = client.connect(other().uri())) {
            String info = connection.sync().info("replication");
            return field(info, "role").equals("slave")
                && field(info, "master_link_status").equals("up");
          }
        });
  }

  private boolean isReady(RedisNode sentinel) {
    try (StatefulRedisSentinelConnection<String, String> connection =
        client.connectSentinel(sentinel.uri())) {
      Map<String, String> master = connection.sync().master(RedisNode.MASTER);
      List<Map<String, String>> replicas = connection.sync().replicas(RedisNode.MASTER);
      return Integer.parseInt(master.get("port")) == masterPort
          && master.get("flags").equals("master")
          && Integer.parseInt(master.get("num-other-sentinels")) == SENTINELS - 1
          && replicas.size() == 1
          && replicas.getFirst().get("flags").equals("slave")
          && replicas.getFirst().get("master-link-status").equals("ok");
    }
  }

  private RedisNode node(int port) {
    return servers.getFirst().port() == port ? servers.getFirst() : servers.getLast();
  }

  private RedisNode other() {
    return servers.getFirst().port() == masterPort ? servers.getLast() : servers.getFirst();
  }

  private static String field(String info, String name) {
    return info.lines()
        .map(String::strip)
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1))
        .findFirst()
        .orElse("");
  }

  private static void await(String what, Callable<Boolean> condition) throws InterruptedException {
    Awaited.until(what, RedisException.class, condition);
  }
}
