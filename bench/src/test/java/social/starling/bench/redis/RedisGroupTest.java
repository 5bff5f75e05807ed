package social.starling.bench.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.bench.failover.Fallible;
import social.starling.bench.failover.Fault;
import social.starling.bench.failover.Poster;
import social.starling.bench.load.Feed;
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
        assertThat(timeline(group, 7)).isEqualTo(expected(7));

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

  private static int answer(Consumer<Feed.Done> operation) throws Exception {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    operation.accept(
        new Feed.Done() {
          @Override
          public void answered(int items, int retries) {
            answer.complete(items);
          }

          @Override
          public void failed(String reason, int retries) {
            answer.completeExceptionally(new AssertionError(reason));
          }
        });
    return answer.get(30, TimeUnit.SECONDS);
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

  /** Posts were made in rounds, in the order of the users, with texts in a round of their own. */
  private static List<String> expected(int user) {
    var texts = new social.starling.bench.load.Texts(200, 1);
    record Post(int id, String line) {}
    List<Post> posts = new ArrayList<>();
    for (int id = 1; id <= 3 * USERS.size(); id++) {
      int author = (id - 1) % USERS.size();
      String text = texts.next();
      if (USERS.followedBy(user).contains(author)) {
        posts.add(new Post(id, USERS.name(author) + ": " + text));
      }
    }
    return posts.stream()
        .sorted(Comparator.comparingInt(Post::id).reversed())
        .limit(20)
        .map(Post::line)
        .toList();
  }
}
