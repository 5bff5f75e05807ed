package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.Slots;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;
import social.starling.server.state.Outgoing;
import social.starling.server.state.Position;
import social.starling.server.state.State;

/**
 * Three clusters at work, and between each two of them two relays that lose, repeat, reorder and
 * delay batches, begin again from cursors old and new, and are away at times; members crash and are
 * opened again. When all is quiet everybody has what they must have.
 */
class ThreeClustersTest {

  private static final int STEPS = 4_000;
  private static final int USERS = 6;

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  private final List<SimulatedCluster> clusters = new ArrayList<>();
  private final List<Relay> relays = new ArrayList<>();
  private final List<Runnable> submitted = new ArrayList<>();
  private Random random;

  // What the users did, as they were answered.
  private final Map<String, SimulatedCluster> homes = new TreeMap<>();
  private final Map<String, Map<String, Long>> follows = new TreeMap<>();
  private final Map<String, List<Posted>> posts = new TreeMap<>();
  private final Set<Long> deleted = new HashSet<>();

  /** By author, for each cluster: the lowest position of any follow. */
  private final Map<String, Map<SimulatedCluster, Long>> positions = new HashMap<>();

  // What each user saw on a live stream.
  private final Map<String, Long> cursors = new HashMap<>();
  private final Map<String, List<Post>> seen = new HashMap<>();

  private record Posted(long index, long id, String text) {}

  @AfterEach
  void close() {
    clusters.forEach(SimulatedCluster::close);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void afterQuietEveryClusterHasWhatItNeedsOfTheOthers(long seed) {
    random = new Random(seed);
    for (int i = 0; i < 3; i++) {
      clusters.add(new SimulatedCluster(i, directory.resolve("cluster-" + i), random));
    }
    for (SimulatedCluster sender : clusters) {
      for (SimulatedCluster receiver : clusters) {
        if (sender != receiver) {
          relays.add(new Relay(sender, receiver, random));
          relays.add(new Relay(sender, receiver, random));
        }
      }
    }
    for (int i = 0; i < STEPS; i++) {
      step();
    }
    submitted.forEach(Runnable::run);
    quiet();
    check();
    checkReadersFromOlderCursors();
  }

  private void step() {
    SimulatedCluster cluster = clusters.get(random.nextInt(clusters.size()));
    switch (random.nextInt(100)) {
      case 0, 1 -> login(cluster);
      case 2, 3, 4, 5, 6, 7, 8, 9 -> follow(cluster);
      case 10, 11, 12, 13 -> unfollow(cluster);
      case 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 -> post(cluster);
      case 30, 31, 32, 33 -> delete(cluster);
      case 34 -> {
        if (random.nextInt(8) == 0) {
          cluster.crash();
        }
      }
      case 35, 36, 37 -> watch(cluster);
      case 38, 39, 40 -> {
        if (!submitted.isEmpty()) {
          submitted.remove(random.nextInt(submitted.size())).run();
        }
      }
      default -> relays.get(random.nextInt(relays.size())).step();
    }
  }

  private void login(SimulatedCluster cluster) {
    String name = "user" + random.nextInt(200);
    if (Slots.of(name) % 3 == cluster.number && cluster.state().localUserCount() < USERS) {
      if (cluster.apply(cluster.entries.login(name)).getCreated()) {
        homes.put(name, cluster);
        follows.put(name, new TreeMap<>());
        posts.put(name, new ArrayList<>());
      }
    } else if (Slots.of(name) % 3 != cluster.number) {
      assertThat(cluster.apply(cluster.entries.login(name)).getReason()).isEqualTo("WRONG_CLUSTER");
    }
  }

  private void follow(SimulatedCluster cluster) {
    String user = local(cluster);
    String author = any(cluster);
    if (user == null || user.equals(author)) {
      return;
    }
    SimulatedCluster home = homes.get(author);
    long position = home == cluster ? 0 : cluster.position(home);
    Runnable journaled =
        () -> {
          // Answered now: posts from here on must come.
          long from = home.state().appliedIndex();
          Entry entry = cluster.entries.follow(user, author, position);
          if (cluster.apply(entry).getReason().isEmpty()) {
            follows.get(user).put(author, home == cluster ? entry.index() : from);
            positions
                .computeIfAbsent(author, ignored -> new HashMap<>())
                .merge(cluster, position, Math::min);
          }
        };
    if (random.nextInt(4) == 0) {
      submitted.add(journaled);
    } else {
      journaled.run();
    }
  }

  private void unfollow(SimulatedCluster cluster) {
    String user = local(cluster);
    String author = any(cluster);
    if (user != null
        && cluster.apply(cluster.entries.unfollow(user, author)).getReason().isEmpty()) {
      follows.get(user).remove(author);
    }
  }

  private void post(SimulatedCluster cluster) {
    String user = local(cluster);
    if (user != null) {
      String text = "%s's %d\n".formatted(user, posts.get(user).size());
      Entry entry = cluster.entries.passes(random.nextInt(3)).post(user, text);
      assertThat(cluster.apply(entry).getReason()).isEmpty();
      posts.get(user).add(new Posted(entry.index(), entry.id(), text));
    }
  }

  private void delete(SimulatedCluster cluster) {
    String user = local(cluster);
    if (user != null && !posts.get(user).isEmpty()) {
      List<Posted> own = posts.get(user);
      Posted post = own.get(random.nextBoolean() ? own.size() - 1 : random.nextInt(own.size()));
      if (cluster.apply(cluster.entries.delete(user, post.id())).getReason().isEmpty()) {
        deleted.add(post.id());
      }
    }
  }

  /** A live stream reads what is new. */
  private void watch(SimulatedCluster cluster) {
    String user = local(cluster);
    if (user != null) {
      State.Stream stream =
          cluster
              .state()
              .streamSince(user, cursors.getOrDefault(user, 0L), 1 + random.nextInt(5))
              .orElseThrow();
      for (State.Streamed post : stream.posts()) {
        seen.computeIfAbsent(user, ignored -> new ArrayList<>()).add(post.post());
        // Cut in the middle, and resumed by the cursor of what was seen last.
        cursors.put(user, post.index());
        if (random.nextInt(4) == 0) {
          return;
        }
      }
      cursors.put(user, stream.cursor());
    }
  }

  private String local(SimulatedCluster cluster) {
    List<String> names =
        homes.keySet().stream().filter(name -> homes.get(name) == cluster).toList();
    return names.isEmpty() ? null : names.get(random.nextInt(names.size()));
  }

  /** Somebody of whom the cluster knows. */
  private String any(SimulatedCluster cluster) {
    List<String> names = cluster.state().users("", 1000);
    return names.isEmpty() ? "nobody" : names.get(random.nextInt(names.size()));
  }

  private void quiet() {
    boolean moving = true;
    while (moving) {
      moving = false;
      for (SimulatedCluster sender : clusters) {
        for (SimulatedCluster receiver : clusters) {
          moving |= sender != receiver && Relay.catchUp(sender, receiver, 1 + random.nextInt(40));
        }
      }
    }
    for (SimulatedCluster cluster : clusters) {
      if (random.nextBoolean()) {
        cluster.crash();
      }
    }
    for (int i = 0; i < 3_000; i++) {
      watch(clusters.get(i % 3));
    }
  }

  private void check() {
    assertThat(homes).hasSizeGreaterThan(8);
    for (SimulatedCluster cluster : clusters) {
      State state = cluster.state();
      assertThat(state.users("", 1000)).containsExactlyInAnyOrderElementsOf(homes.keySet());
      assertThat(cluster.slaveTotals()).isEqualTo(state.totals());
      assertThat(cluster.volume().digest(false).damage()).isEmpty();
      for (String name : homes.keySet()) {
        boolean here = homes.get(name) == cluster;
        assertThat(new TreeSet<>(state.followers(name, "", 1000).orElseThrow()))
            .as("followers of %s in %s", name, cluster)
            .isEqualTo(followers(name, here ? null : cluster));
        checkPosts(cluster, name, here);
        if (here) {
          assertThat(new TreeSet<>(state.following(name, "", 1000).orElseThrow()))
              .as("followed by %s", name)
              .isEqualTo(follows.get(name).keySet());
          checkStream(state, name);
        }
      }
    }
  }

  private Set<String> followers(String author, SimulatedCluster of) {
    Set<String> followers = new TreeSet<>();
    follows.forEach((name, followed) -> {
      if (followed.containsKey(author) && (of == null || homes.get(name) == of)) {
        followers.add(name);
      }
    });
    return followers;
  }

  /** What any cluster has of an author's posts is so, is needed, and was not deleted. */
  private void checkPosts(SimulatedCluster cluster, String author, boolean all) {
    Map<Long, String> made = new TreeMap<>();
    long from =
        all ? 0 : positions.getOrDefault(author, Map.of()).getOrDefault(cluster, Long.MAX_VALUE);
    posts.get(author).stream()
        .filter(post -> !deleted.contains(post.id()) && post.index() > from)
        .forEach(post -> made.put(post.id(), post.text()));
    Map<Long, String> found = new TreeMap<>();
    for (Post post : cluster.state().posts(author, 0, 0, 100_000).orElseThrow()) {
      assertThat(found.put(post.getId(), post.getText())).isNull();
    }
    assertThat(made).as("%s's in %s", author, cluster).containsAllEntriesOf(found);
    if (all) {
      assertThat(found).isEqualTo(made);
    }
  }

  private void checkStream(State state, String user) {
    List<Post> stream =
        state.streamSince(user, 0, 100_000).orElseThrow().posts().stream()
            .map(State.Streamed::post)
            .toList();
    for (Map.Entry<String, Long> follow : follows.get(user).entrySet()) {
      String author = follow.getKey();
      List<Long> required = required(author, follow.getValue());
      List<Long> found = ids(stream, author);
      assertThat(found).as("%s's for %s", author, user).doesNotHaveDuplicates().isSorted();
      assertThat(found).as("%s's for %s", author, user).containsAll(required);
      assertThat(ids(seen.getOrDefault(user, List.of()), author))
          .as("%s's that %s saw live", author, user)
          .doesNotHaveDuplicates()
          .isSorted()
          .containsAll(required);
    }
  }

  private List<Long> required(String author, long from) {
    return posts.get(author).stream()
        .filter(post -> post.index() > from && !deleted.contains(post.id()))
        .map(Posted::id)
        .toList();
  }

  private static List<Long> ids(List<Post> posts, String author) {
    return posts.stream().filter(post -> post.getAuthor().equals(author)).map(Post::getId).toList();
  }

  /** A receiver that has been away since any moment gets all that it needs all the same. */
  private void checkReadersFromOlderCursors() {
    for (SimulatedCluster receiver : clusters) {
      for (SimulatedCluster sender : clusters) {
        if (sender == receiver) {
          continue;
        }
        SimulatedCluster away =
            receiver.asItWas(random.nextInt((int) receiver.state().appliedIndex()));
        while (Relay.catchUp(sender, away, 1 + random.nextInt(40))) {
          assertThat(away.state().cursor(sender.number).compareTo(Position.ZERO)).isPositive();
        }
        for (Map.Entry<String, Map<String, Long>> followed : follows.entrySet()) {
          followed
              .getValue()
              .forEach((author, from) -> {
                if (homes.get(followed.getKey()) == receiver && homes.get(author) == sender) {
                  assertThat(ids(away.state().posts(author, 0, 0, 100_000).orElseThrow(), author))
                      .containsAll(required(author, from));
                }
              });
        }
        Outgoing nothing =
            sender
                .state()
                .outgoing(receiver.number, new Position(sender.state().appliedIndex() + 9, 0), 10);
        assertThat(nothing.steps()).isEmpty();
      }
    }
  }
}
