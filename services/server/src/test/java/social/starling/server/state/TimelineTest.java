package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;

/** Timelines, streams and lists of posts against a model that keeps everything in plain lists. */
class TimelineTest {

  private static final int USERS = 9;

  private record Posted(long index, long id, int author) {}

  private final Entries entries = new Entries();
  private final State state = Entries.state();
  private final List<Posted> posts = new ArrayList<>();
  private final Set<Long> deleted = new HashSet<>();
  private final Map<Integer, Map<Integer, Long>> follows = new HashMap<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyPageIsWhatTheModelSays(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < USERS; i++) {
      state.apply(entries.login(name(i)));
      follows.put(i, new HashMap<>());
    }
    for (int i = 0; i < 1_500; i++) {
      step(random);
      if (i % 3 == 0) {
        compare(random);
      }
    }
  }

  private void step(Random random) {
    int user = random.nextInt(USERS);
    int other = (user + 1 + random.nextInt(USERS - 1)) % USERS;
    entries.passes(random.nextInt(3));
    switch (random.nextInt(10)) {
      case 0, 1 -> {
        Entry entry = entries.follow(name(user), name(other));
        state.apply(entry);
        follows.get(user).putIfAbsent(other, entry.index());
      }
      case 2 -> {
        state.apply(entries.unfollow(name(user), name(other)));
        follows.get(user).remove(other);
      }
      case 3 -> {
        if (!posts.isEmpty()) {
          Posted post = posts.get(random.nextInt(posts.size()));
          state.apply(entries.delete(name(post.author()), post.id()));
          deleted.add(post.id());
        }
      }
      default -> {
        Entry entry = entries.post(name(user), "post");
        state.apply(entry);
        posts.add(new Posted(entry.index(), entry.id(), user));
      }
    }
  }

  private void compare(Random random) {
    int user = random.nextInt(USERS);
    int limit = 1 + random.nextInt(12);
    long maxId = random.nextBoolean() || posts.isEmpty() ? 0 : anyId(random);
    long sinceId = random.nextBoolean() || posts.isEmpty() ? 0 : anyId(random);
    long cursor = random.nextLong(state.appliedIndex() + 1);

    State.Timeline timeline = state.timeline(name(user), maxId, sinceId, limit).orElseThrow();
    assertThat(ids(timeline.posts()))
        .isEqualTo(
            followed(user).stream()
                .filter(post -> (maxId == 0 || post.id() < maxId) && post.id() > sinceId)
                .map(Posted::id)
                .sorted(Comparator.reverseOrder())
                .limit(limit)
                .toList());
    assertThat(timeline.cursor()).isEqualTo(state.appliedIndex());

    assertThat(ids(state.posts(name(user), maxId, sinceId, limit).orElseThrow()))
        .isEqualTo(
            posts.stream()
                .filter(post -> post.author() == user && !deleted.contains(post.id()))
                .filter(post -> (maxId == 0 || post.id() < maxId) && post.id() > sinceId)
                .map(Posted::id)
                .sorted(Comparator.reverseOrder())
                .limit(limit)
                .toList());

    assertThat(stream(user, cursor, limit))
        .isEqualTo(
            followed(user).stream().filter(post -> post.index() > cursor).map(Posted::id).toList());
  }

  /** A whole stream, a few at a time, resumed by its cursor each time. */
  private List<Long> stream(int user, long from, int limit) {
    List<Long> all = new ArrayList<>();
    long cursor = from;
    while (true) {
      State.Stream part = state.streamSince(name(user), cursor, limit).orElseThrow();
      assertThat(part.cursor()).isGreaterThanOrEqualTo(cursor);
      for (State.Streamed streamed : part.posts()) {
        assertThat(streamed.index()).isGreaterThan(cursor).isLessThanOrEqualTo(part.cursor());
        cursor = streamed.index();
        all.add(streamed.post().getId());
      }
      if (part.posts().isEmpty()) {
        return all;
      }
      cursor = part.cursor();
    }
  }

  private List<Posted> followed(int user) {
    return posts.stream()
        .filter(post -> !deleted.contains(post.id()))
        .filter(
            post -> post.index() > follows.get(user).getOrDefault(post.author(), Long.MAX_VALUE))
        .toList();
  }

  private long anyId(Random random) {
    return posts.get(random.nextInt(posts.size())).id() + random.nextInt(3) - 1;
  }

  private static List<Long> ids(List<Post> posts) {
    return posts.stream().map(Post::getId).toList();
  }

  private static String name(int user) {
    return "User" + user;
  }
}
