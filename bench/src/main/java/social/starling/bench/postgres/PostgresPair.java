package social.starling.bench.postgres;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import social.starling.bench.failover.Fallible;
import social.starling.bench.failover.Fault;
import social.starling.bench.failover.Poster;
import social.starling.bench.installation.Signal;
import social.starling.bench.peer.Awaited;
import social.starling.bench.peer.Unprivileged;
import social.starling.bench.peer.Usages;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * A primary and its synchronous standby, and what is in charge of promotion: this process, their
 * parent. Used by one thread; {@link #cause} starts others that end by themselves.
 *
 * <ul>
 *   <li>The primary dies: its parent learns of it from the system at once, and promotes the
 *       standby. No tool can be faster; tools that poll are slower by what they wait.
 *   <li>The primary hangs: a probe on a connection of its own has had no answer for {@link
 *       #SILENCE}; the parent kills it, so that it cannot come back, and promotes.
 * </ul>
 *
 * <p>A new primary answers writes alone until the other is its standby again.
 */
public final class PostgresPair implements Fallible, AutoCloseable {

  /** How long a primary may not answer: as Starling's silence and Sentinel's down-after. */
  public static final Duration SILENCE = Duration.ofSeconds(1);

  private static final Duration PROBE = Duration.ofMillis(100);

  private final List<PostgresNode> nodes;
  private final Map<Integer, Integer> authors = new HashMap<>();
  private int nextAuthor;
  private PostgresNode primary;
  private PostgresNode standby;
  private boolean whole;

  /**
   * @param folder is made; nothing else is written
   * @param nextAuthor the first id of an author who is no user
   */
  public PostgresPair(PostgresPrograms programs, Path folder, int nextAuthor) {
    Unprivileged user = Unprivileged.user();
    try {
      user.folder(folder);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    primary = new PostgresNode(programs, user, folder.resolve("a"));
    standby = new PostgresNode(programs, user, folder.resolve("b"));
    nodes = List.of(primary, standby);
    this.nextAuthor = nextAuthor;
  }

  /** Starts an empty primary with its standby. */
  public void start() throws InterruptedException {
    primary.create();
    await("PostgreSQL's primary", () -> primary.one("SELECT 1").equals("1"));
    join();
  }

  /** What it says of itself. */
  public String version() {
    try {
      return primary.one("SHOW server_version");
    } catch (SQLException e) {
      throw failed("its version cannot be read", e);
    }
  }

  /** Leads to whichever is primary. */
  public String url() {
    return "jdbc:postgresql://127.0.0.1:%d,127.0.0.1:%d/postgres?user=%s"
            .formatted(nodes.getFirst().port(), nodes.getLast().port(), PostgresNode.USER)
        + "&targetServerType=primary&hostRecheckSeconds=0&connectTimeout=1&loginTimeout=1"
        + "&prepareThreshold=1";
  }

  /** Processor seconds so far, by process. */
  public Map<String, Double> cpuSeconds() {
    Map<String, Double> seconds = new LinkedHashMap<>();
    seconds.put("primary", Usages.cpuSeconds(primary.child().pid()));
    seconds.put("standby", Usages.cpuSeconds(standby.child().pid()));
    return seconds;
  }

  public long memoryBytes() {
    return Usages.memoryBytes(primary.child().pid()) + Usages.memoryBytes(standby.child().pid());
  }

  public long volumeBytes() {
    return Usages.diskBytes(nodes.stream().map(PostgresNode::data).toList());
  }

  @Override
  public Poster poster(int writer) {
    // A new author each time: what an earlier one has posted is not in the way.
    authors.put(writer, nextAuthor);
    return new PostgresPoster(url(), nextAuthor++);
  }

  @Override
  public List<Stored> stored(int writer) {
    try (Connection connection = primary.connect()) {
      return Schema.posts(connection, authors.get(writer));
    } catch (SQLException e) {
      throw failed("posts cannot be read back", e);
    }
  }

  @Override
  public Signal.Sent cause(Fault fault) {
    PostgresNode old = primary;
    PostgresNode next = standby;
    primary = next;
    standby = old;
    whole = false;
    try {
      // Open before the fault: what connecting takes is no part of a failover.
      Connection promotion = next.connect();
      if (fault == Fault.STOP) {
        Connection probe = old.connect();
        Thread.ofPlatform().daemon().name("probe").start(() -> watch(old, probe));
      }
      old.child().ended().thenRun(() -> promote(promotion));
      return old.child().signal(fault == Fault.STOP ? Signal.STOP : Signal.KILL);
    } catch (SQLException e) {
      throw failed("no connection before the fault", e);
    }
  }

  @Override
  public void heal() throws InterruptedException {
    if (!whole) {
      await("a promoted primary", () -> primary.one("SELECT pg_is_in_recovery()").equals("f"));
      join();
    }
  }

  @Override
  public void close() {
    nodes.forEach(PostgresNode::end);
  }

  private void join() throws InterruptedException {
    standby.copy(primary);
    await(
        "PostgreSQL's standby",
        () ->
            primary
                .one(
                    "SELECT state FROM pg_stat_replication WHERE application_name = '%s'"
                        .formatted(standby.name()))
                .equals("streaming"));
    try {
      primary.await(standby.name());
    } catch (SQLException e) {
      throw failed("the standby cannot be made synchronous", e);
    }
    await(
        "a synchronous standby",
        () -> primary.one("SELECT sync_state FROM pg_stat_replication").equals("sync"));
    whole = true;
  }

  private static void promote(Connection standby) {
    try (standby;
        Statement statement = standby.createStatement()) {
      statement.execute("SELECT pg_promote(false)");
    } catch (SQLException e) {
      throw failed("the standby cannot be promoted", e);
    }
  }

  /** Probes until there has been no answer for too long, then makes sure that it is dead. */
  private static void watch(PostgresNode node, Connection probe) {
    try (probe;
        Statement statement = probe.createStatement()) {
      long began = System.nanoTime();
      probe.setNetworkTimeout(Runnable::run, (int) SILENCE.toMillis());
      while (System.nanoTime() - began < Awaited.LIMIT.toNanos()) {
        statement.execute("SELECT 1");
        TimeUnit.NANOSECONDS.sleep(PROBE.toNanos());
      }
    } catch (SQLException e) {
      node.child().signal(Signal.KILL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void await(String what, Callable<Boolean> condition) throws InterruptedException {
    Awaited.until(what, Exception.class, condition);
  }

  private static StartException failed(String what, SQLException e) {
    return new StartException(
        ExitCode.FAILED, "PostgreSQL: %s: %s".formatted(what, e.getMessage()), e);
  }
}
