package social.starling.bench.redis;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import social.starling.bench.failover.Poster;
import social.starling.client.ClientOptions;

/**
 * Posts over a connection of its own, which is closed as soon as the sentinels tell of another
 * master; repeats with the same id. A post is acknowledged when the replica has it, or when there
 * is none because it has become master.
 */
final class RedisPoster implements Poster {

  private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long MOST_WAIT = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int REPLICA_MILLIS = 1_000;

  private final RedisGroup group;
  private final RedisClient client;
  private final int author;
  private volatile StatefulRedisConnection<String, String> connection;
  private long sequence;
  private long retries;

  RedisPoster(RedisGroup group, RedisClient client, int author) {
    this.group = group;
    this.client = client;
    this.author = author;
    group.onSwitch(this::close);
  }

  @Override
  public long post(String text) throws Refused {
    long deadline = System.nanoTime() + ClientOptions.DEFAULT_DEADLINE.toNanos();
    long wait = FIRST_WAIT;
    // No other author has it.
    long id = (long) author << 32 | ++sequence;
    while (true) {
      try {
        attempt(id, text, deadline);
        return id;
      } catch (RedisException | ExecutionException | TimeoutException | CancellationException e) {
        close();
        if (System.nanoTime() + wait > deadline) {
          throw new Refused(e.getClass().getSimpleName() + ": " + e.getMessage(), true, e);
        }
        retries++;
        pause(wait);
        wait = Math.min(MOST_WAIT, wait * 2);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Refused("interrupted", true, e);
      }
    }
  }

  @Override
  public long retries() {
    return retries;
  }

  @Override
  public void close() {
    StatefulRedisConnection<String, String> old = connection;
    connection = null;
    if (old != null && old.isOpen()) {
      old.closeAsync();
    }
  }

  private void attempt(long id, String text, long deadline)
      throws ExecutionException, TimeoutException, InterruptedException {
    StatefulRedisConnection<String, String> to = connection;
    if (to == null) {
      RedisURI master = group.master();
      to = client.connect(master);
      connection = to;
      if (group.master().getPort() != master.getPort()) {
        throw new RedisException("another one has become master meanwhile");
      }
    }
    boolean alone = group.isAlone();
    RedisFuture<Long> done =
        to.async()
            .eval(
                Keys.POST,
                ScriptOutputType.INTEGER,
                new String[0],
                Integer.toString(author),
                Long.toString(id),
                "writer\n" + text);
    if (alone) {
      done.get(left(deadline), TimeUnit.NANOSECONDS);
      return;
    }
    RedisFuture<Long> copies = to.async().waitForReplication(1, REPLICA_MILLIS);
    done.get(left(deadline), TimeUnit.NANOSECONDS);
    if (copies.get(left(deadline), TimeUnit.NANOSECONDS) < 1) {
      throw new RedisException("no replica has it");
    }
  }

  private static long left(long deadline) {
    return Math.max(1, deadline - System.nanoTime());
  }

  private static void pause(long nanos) throws Refused {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refused("interrupted", true, e);
    }
  }
}
