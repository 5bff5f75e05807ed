package social.starling.bench.redis;

import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import social.starling.bench.failover.Fallible;
import social.starling.bench.load.Population;
import social.starling.bench.load.Texts;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * What is kept where: {@code p:ID} a post (author, line feed, text), {@code a:USER} the ids of an
 * author's posts, {@code f:USER} followers, {@code t:USER} the newest ids of a timeline, newest
 * first. Stateless.
 */
final class Keys {

  /** Ids kept of a timeline: a page is taken from its beginning. */
  static final int KEPT = 800;

  /**
   * One call for a post and its fan-out. ARGV: author, id, post. Does nothing when the post is
   * there, so that it can be repeated. Lists are cut now and then only.
   */
  static final String POST =
      """
      if not redis.call('SET', 'p:' .. ARGV[2], ARGV[3], 'NX') then return 0 end
      redis.call('LPUSH', 'a:' .. ARGV[1], ARGV[2])
      local followers = redis.call('SMEMBERS', 'f:' .. ARGV[1])
      for i = 1, #followers do
        local timeline = 't:' .. followers[i]
        if redis.call('LPUSH', timeline, ARGV[2]) > %d then
          redis.call('LTRIM', timeline, 0, %d)
        end
      end
      return 1
      """
          .formatted(KEPT + KEPT / 10, KEPT - 1);

  private static final int UNDER_WAY = 2_000;
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private Keys() {}

  /**
   * Fills it: posts in rounds, one of each user, as in the other systems. Timelines are made here,
   * as fanning out two hundred thousand posts would take minutes.
   *
   * @return the last post's id
   */
  static long fill(
      StatefulRedisConnection<String, String> connection, Population users, int postsEach) {
    Batch batch = new Batch(connection);
    var commands = connection.async();
    Texts texts = new Texts(200, 1);
    for (int round = 0; round < postsEach; round++) {
      for (int user = 0; user < users.size(); user++) {
        long id = 1 + user + (long) round * users.size();
        batch.add(commands.set("p:" + id, users.name(user) + "\n" + texts.next()));
      }
    }
    for (int user = 0; user < users.size(); user++) {
      String[] followers =
          users.followersOf(user).stream().map(String::valueOf).toArray(String[]::new);
      if (followers.length > 0) {
        batch.add(commands.sadd("f:" + user, followers));
      }
      String[] timeline = timeline(users, user, postsEach);
      if (timeline.length > 0) {
        batch.add(commands.rpush("t:" + user, timeline));
      }
      for (int round = 0; round < postsEach; round++) {
        batch.add(
            commands.lpush("a:" + user, Long.toString(1 + user + (long) round * users.size())));
      }
    }
    batch.end();
    return (long) users.size() * postsEach;
  }

  static List<Fallible.Stored> posts(RedisCommands<String, String> commands, int author) {
    List<String> ids = new ArrayList<>(commands.lrange("a:" + author, 0, -1)).reversed();
    List<Fallible.Stored> found = new ArrayList<>();
    for (String id : ids) {
      String post = commands.get("p:" + id);
      if (post != null) {
        found.add(new Fallible.Stored(Long.parseLong(id), post.substring(post.indexOf('\n') + 1)));
      }
    }
    return found;
  }

  private static String[] timeline(Population users, int user, int postsEach) {
    List<Integer> followed = users.followedBy(user).stream().sorted().toList().reversed();
    List<String> ids = new ArrayList<>();
    for (int round = postsEach - 1; round >= 0 && ids.size() < KEPT; round--) {
      for (int i = 0; i < followed.size() && ids.size() < KEPT; i++) {
        ids.add(Long.toString(1 + followed.get(i) + (long) round * users.size()));
      }
    }
    return ids.toArray(String[]::new);
  }

  /** Commands under way, a bounded number of them. */
  private static final class Batch {
    private final StatefulRedisConnection<String, String> connection;
    private final List<RedisFuture<?>> underWay = new ArrayList<>();

    Batch(StatefulRedisConnection<String, String> connection) {
      this.connection = connection;
      connection.setAutoFlushCommands(false);
    }

    void add(RedisFuture<?> command) {
      underWay.add(command);
      if (underWay.size() >= UNDER_WAY) {
        flush();
      }
    }

    void end() {
      flush();
      connection.setAutoFlushCommands(true);
    }

    private void flush() {
      connection.flushCommands();
      if (!LettuceFutures.awaitAll(LIMIT, underWay.toArray(RedisFuture[]::new))) {
        throw new StartException(
            ExitCode.FAILED, "Redis was not filled within " + LIMIT.toSeconds() + " s");
      }
      underWay.clear();
    }
  }
}
