package social.starling.bench.redis;

import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import social.starling.bench.load.Feed;
import social.starling.bench.load.Population;

/**
 * Timelines over a few connections that all clients share, as the library advises; each post under
 * way has a connection of its own, as WAIT holds one up. Thread-safe.
 */
public final class RedisFeed implements Feed {

  private static final int READERS = 4;
  private static final int PAGE = 20;
  private static final int REPLICA_MILLIS = 5_000;
  private static final byte[][] NO_KEYS = {};

  private final RedisClient client;
  private final byte[][] names;
  private final byte[][] timelineKeys;
  private final List<StatefulRedisConnection<byte[], byte[]>> readers = new ArrayList<>();
  private final Deque<StatefulRedisConnection<byte[], byte[]>> writers = new ArrayDeque<>();
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final AtomicInteger turn = new AtomicInteger();
  private final AtomicLong nextId;
  private final String script;

  private record Waiting(int user, String text, Done done) {}

  private RedisFeed(RedisGroup group, Population users, long lastId, int connections) {
    this.client = RedisClient.create(group.master());
    this.nextId = new AtomicLong(lastId);
    this.names = new byte[users.size()][];
    this.timelineKeys = new byte[users.size()][];
    for (int user = 0; user < users.size(); user++) {
      names[user] = users.name(user).getBytes(StandardCharsets.US_ASCII);
      timelineKeys[user] = bytes("t:" + user);
    }
    for (int i = 0; i < READERS; i++) {
      readers.add(client.connect(ByteArrayCodec.INSTANCE));
    }
    for (int i = 0; i < connections; i++) {
      StatefulRedisConnection<byte[], byte[]> writer = client.connect(ByteArrayCodec.INSTANCE);
      // A post and its WAIT go out together.
      writer.setAutoFlushCommands(false);
      writers.add(writer);
    }
    this.script = readers.getFirst().sync().scriptLoad(Keys.POST);
  }

  /**
   * Connects to a group that is filled.
   *
   * @param lastId of the posts that are there
   * @param connections for posts, 1 or more
   */
  public static RedisFeed open(RedisGroup group, Population users, long lastId, int connections) {
    return new RedisFeed(group, users, lastId, connections);
  }

  /**
   * Fills an empty group.
   *
   * @return the last post's id
   */
  public static long fill(RedisGroup group, Population users, int postsEach) {
    RedisClient client = RedisClient.create(group.master());
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      return Keys.fill(connection, users, postsEach);
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
  }

  @Override
  public void post(int user, String text, Done done) {
    StatefulRedisConnection<byte[], byte[]> writer;
    synchronized (writers) {
      writer = writers.poll();
      if (writer == null) {
        waiting.add(new Waiting(user, text, done));
        return;
      }
    }
    post(writer, user, text, done);
  }

  @Override
  public void timeline(int user, Done done) {
    var commands = readers.get(Math.floorMod(turn.getAndIncrement(), READERS)).async();
    commands
        .lrange(timelineKeys[user], 0, PAGE - 1)
        .whenComplete((ids, failure) -> {
          if (failure != null) {
            done.failed(word(failure), 0);
          } else if (ids.isEmpty()) {
            done.answered(0, 0);
          } else {
            commands
                .mget(ids.stream().map(RedisFeed::postKey).toArray(byte[][]::new))
                .whenComplete((posts, second) -> {
                  if (second != null) {
                    done.failed(word(second), 0);
                  } else {
                    done.answered((int) posts.stream().filter(KeyValue::hasValue).count(), 0);
                  }
                });
          }
        });
  }

  @Override
  public void after(long nanos, Runnable work) {
    client.getResources().eventExecutorGroup().schedule(work, nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
  }

  private void post(
      StatefulRedisConnection<byte[], byte[]> writer, int user, String text, Done done) {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    byte[] post = new byte[names[user].length + 1 + body.length];
    System.arraycopy(names[user], 0, post, 0, names[user].length);
    post[names[user].length] = '\n';
    System.arraycopy(body, 0, post, names[user].length + 1, body.length);
    var commands = writer.async();
    RedisFuture<Long> made =
        commands.evalsha(
            script,
            ScriptOutputType.INTEGER,
            NO_KEYS,
            bytes(Integer.toString(user)),
            bytes(Long.toString(nextId.incrementAndGet())),
            post);
    RedisFuture<Long> copies = commands.waitForReplication(1, REPLICA_MILLIS);
    writer.flushCommands();
    // Answers arrive in order: when this one is there the first is.
    copies.whenComplete((count, failure) -> {
      release(writer);
      if (failure != null) {
        done.failed(word(failure), 0);
      } else if (made.toCompletableFuture().isCompletedExceptionally()) {
        done.failed(word(made.toCompletableFuture().exceptionNow()), 0);
      } else if (count < 1) {
        done.failed("NO_REPLICA", 0);
      } else {
        done.answered(1, 0);
      }
    });
  }

  private void release(StatefulRedisConnection<byte[], byte[]> writer) {
    Waiting next;
    synchronized (writers) {
      next = waiting.poll();
      if (next == null) {
        writers.push(writer);
        return;
      }
    }
    post(writer, next.user(), next.text(), next.done());
  }

  private static byte[] postKey(byte[] id) {
    byte[] key = new byte[id.length + 2];
    key[0] = 'p';
    key[1] = ':';
    System.arraycopy(id, 0, key, 2, id.length);
    return key;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String word(Throwable failure) {
    return failure.getClass().getSimpleName();
  }
}
