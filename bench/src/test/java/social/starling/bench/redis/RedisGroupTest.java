package social.starling.bench.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static social.starling.bench.load.Work.answer;
import static social.starling.bench.load.Work.expected;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.bench.failover.Fallible;
import social.starling.bench.failover.Fault;
import social.starling.bench.failover.Poster;
import social.starling.bench.load.Population;

/** Against the real thing, where it is installed. */
@Timeout(300)
class RedisGroupTest {

  private static final Population USERS = new Population("bench_", 50, 10);

  @TempDir private Path folder;

  @Test
  void shouldFanOutEachPostToAllFollowersAndKeepThemThroughAFailover() throws Exception {
    assumeTrue(RedisPrograms.find().isPresent(), RedisPrograms.MISSING);
    try (RedisGroup group =
        new RedisGroup(RedisPrograms.find().orElseThrow(), folder, "everysec", USERS.size())) {
      group.start();
      long last = RedisFeed.fill(group, USERS, 3);
      try (RedisFeed feed = RedisFeed.open(group, USERS, last, 4)) {
        assertThat(timeline(group, 7)).isEqualTo(expected(USERS, 7));

        int author = USERS.followedBy(7).getFirst();
        assertThat(answer(done -> feed.post(author, "the newest one", done))).isEqualTo(1);
        for (int follower : USERS.followersOf(author)) {
          assertThat(timeline(group, follower).getFirst())
              .isEqualTo(USERS.name(author) + ": the newest one");
        }
        assertThat(answer(done -> feed.timeline(7, done))).isEqualTo(20);
        group.fsync("always");
        assertThat(answer(done -> feed.post(author, "and one on the disk", done))).isEqualTo(1);
      }
      try (Poster poster = group.poster(0)) {
        long first = poster.post("before");
        group.cause(Fault.KILL);
        long second = postUntilAcknowledged(poster, "after a kill");
        group.heal();
        group.cause(Fault.STOP);
        long third = postUntilAcknowledged(poster, "after a stop");
        group.heal();

        assertThat(group.stored(0))
            .contains(
                new Fallible.Stored(first, "before"),
                new Fallible.Stored(second, "after a kill"),
                new Fallible.Stored(third, "after a stop"));
      }
      assertThat(timeline(group, 7).getFirst()).endsWith(": and one on the disk");
    }
  }

  /** Sentinels that disagree try again after ten seconds: longer than a write waits. */
  private static long postUntilAcknowledged(Poster poster, String text) {
    return await()
        .atMost(Duration.ofSeconds(90))
        .ignoreException(Poster.Refused.class)
        .until(() -> poster.post(text), id -> true);
  }

  private static List<String> timeline(RedisGroup group, int user) {
    RedisClient client = RedisClient.create(group.master());
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      RedisCommands<String, String> commands = connection.sync();
      return commands.lrange("t:" + user, 0, 19).stream()
          .map(id -> commands.get("p:" + id).replace("\n", ": "))
          .toList();
    } finally {
      client.shutdown();
    }
  }
}
