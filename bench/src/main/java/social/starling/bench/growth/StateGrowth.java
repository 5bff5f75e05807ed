package social.starling.bench.growth;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import social.starling.bench.state.Town;

/** The tables in memory alone, in this process and on this thread. */
final class StateGrowth {

  private static final int AUTHOR = 0;
  private static final int PAGE = 20;
  private static final int STREAMS = 1_000;
  private static final int STREAM_FOLLOWS = 50;
  private static final int POSTS_EACH = 10;
  private static final int CLIENTS = 100_000;
  private static final int RUNS = 7;

  private final Scale scale;
  private final Budget budget;
  private final List<Curve> curves = new ArrayList<>();

  StateGrowth(Scale scale, Budget budget) {
    this.scale = scale;
    this.budget = budget;
  }

  List<Curve> measure() {
    if (budget.allows("a timeline by the number of followed")) {
      timelines();
    }
    if (budget.allows("posts and follows by the number of followers")) {
      followers();
    }
    if (budget.allows("memory of users, follows, posts and clients")) {
      memory();
    }
    return curves;
  }

  private void timelines() {
    int most = scale.followed().getLast();
    List<Integer> steps = new ArrayList<>(List.of(1, 2, 5));
    steps.addAll(scale.followed());
    Town town = new Town();
    // The readers come first, one for each step, then whom they follow.
    int readers = steps.size();
    town.register(readers + most);
    for (int reader = 0; reader < readers; reader++) {
      for (int i = 0; i < steps.get(reader); i++) {
        town.follow(reader, readers + i);
      }
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < most * POSTS_EACH; i++) {
      town.post(readers + random.nextInt(most));
    }
    List<Point> times = new ArrayList<>();
    List<Point> bytes = new ArrayList<>();
    for (int reader = 0; reader < readers; reader++) {
      String name = Town.name(reader);
      Runnable read = () -> town.state().timeline(name, 0, 0, PAGE).orElseThrow();
      times.add(Point.of(steps.get(reader), OwnTime.micros(RUNS, read)));
      bytes.add(Point.of(steps.get(reader), OwnTime.allocated(100, read)));
    }
    curves.add(
        new Curve(
            "state-timeline",
            "A timeline of 20 from the tables in memory",
            "followed",
            "microseconds of one processor",
            true,
            List.of(new Curve.Series("timeline", times))));
    curves.add(
        new Curve(
            "state-timeline-bytes",
            "Memory that a timeline of 20 allocates",
            "followed",
            "bytes",
            true,
            List.of(new Curve.Series("timeline", bytes))));
  }

  private void followers() {
    List<Point> posts = new ArrayList<>();
    List<Point> watched = new ArrayList<>();
    List<Point> follows = new ArrayList<>();
    for (int followers : scale.followers()) {
      Town town = new Town();
      town.register(followers + 1 + STREAMS);
      for (int user = 1; user <= followers; user++) {
        town.follow(user, AUTHOR);
      }
      int stranger = followers + 1;
      posts.add(Point.of(followers, OwnTime.micros(RUNS, () -> town.post(AUTHOR))));
      follows.add(
          Point.of(
              followers,
              OwnTime.micros(
                      RUNS,
                      () -> {
                        town.follow(stranger, AUTHOR);
                        town.unfollow(stranger, AUTHOR);
                      })
                  .stream()
                  .map(both -> both / 2)
                  .toList()));
      for (int i = 0; i < STREAMS; i++) {
        for (int k = 1; k <= STREAM_FOLLOWS; k++) {
          town.follow(stranger + i, stranger + (i + k) % STREAMS);
        }
        town.state().watch(Town.name(stranger + i), () -> {}).orElseThrow();
      }
      watched.add(Point.of(followers, OwnTime.micros(RUNS, () -> town.post(AUTHOR))));
    }
    curves.add(
        new Curve(
            "state-post",
            "A post applied to the tables in memory",
            "followers of the author",
            "microseconds of one processor",
            true,
            List.of(
                new Curve.Series("post", posts),
                new Curve.Series("post, with 1,000 live streams of others", watched))));
    curves.add(
        new Curve(
            "state-follow",
            "A follow or an unfollow applied to the tables in memory",
            "followers of the author",
            "microseconds of one processor",
            true,
            List.of(new Curve.Series("follow or unfollow", follows))));
  }

  private void memory() {
    Town town = new Town();
    long empty = OwnTime.liveBytes();
    List<Point> users = new ArrayList<>(List.of(Point.of(0, 0)));
    for (int count : scale.users()) {
      town.register(count);
      users.add(Point.of(count, mebibytes(OwnTime.liveBytes() - empty)));
    }
    int all = scale.users().getLast();
    long before = OwnTime.liveBytes();
    List<Point> follows = new ArrayList<>(List.of(Point.of(0, 0)));
    for (int each = 1; each <= 2 * scale.followsEach(); each++) {
      for (int user = 0; user < all; user++) {
        town.follow(user, followed(user, each, all));
      }
      if (each % 5 == 0) {
        follows.add(Point.of((double) each * all, mebibytes(OwnTime.liveBytes() - before)));
      }
    }
    before = OwnTime.liveBytes();
    SplittableRandom random = new SplittableRandom(1);
    List<Point> posts = new ArrayList<>(List.of(Point.of(0, 0)));
    int made = 0;
    for (int count : scale.posts()) {
      for (; made < count; made++) {
        town.post(random.nextInt(all));
      }
      posts.add(Point.of(count, mebibytes(OwnTime.liveBytes() - before)));
    }
    before = OwnTime.liveBytes();
    List<Point> clients = new ArrayList<>(List.of(Point.of(0, 0)));
    for (int client = 1; client <= CLIENTS; client++) {
      town.entries().asClient(client);
      town.apply(town.entries().login(Town.name(client % all)));
      if (client % (CLIENTS / 4) == 0) {
        clients.add(Point.of(client, mebibytes(OwnTime.liveBytes() - before)));
      }
    }
    heap("users", "Memory of users", "users", users);
    heap("follows", "Memory of follows, " + all + " users", "follows", follows);
    heap("posts", "Memory of posts of 200 bytes", "posts", posts);
    heap("clients", "Memory of clients whose last answer is kept", "clients", clients);
  }

  /** Whom a user follows, spread over all; never itself. */
  static int followed(int user, int each, int all) {
    return (int) ((user + 1L + each * 9_973L % (all - 1)) % all);
  }

  private void heap(String name, String title, String x, List<Point> points) {
    curves.add(
        new Curve(
            "state-memory-" + name,
            title,
            x,
            "MiB of the heap, after a collection",
            false,
            List.of(new Curve.Series(x, points))));
  }

  private static double mebibytes(long bytes) {
    return bytes / 1024.0 / 1024.0;
  }
}
