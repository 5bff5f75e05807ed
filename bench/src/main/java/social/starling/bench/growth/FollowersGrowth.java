package social.starling.bench.growth;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import social.starling.bench.state.Town;

/** What a post costs both servers, as the followers of its author grow. */
final class FollowersGrowth {

  private static final int LOADING = 128;
  private static final int POSTING = 64;
  private static final int THREADS_SHOWN = 8;

  private final Scale scale;
  private final Budget budget;

  FollowersGrowth(Scale scale, Budget budget) {
    this.scale = scale;
    this.budget = budget;
  }

  List<Curve> measure(LocalCluster cluster) throws InterruptedException, IOException {
    prepare(cluster);
    if (!budget.allows("all posts, since what they need could not be made in time")) {
      return List.of();
    }
    Map<Integer, List<Double>> masters = new TreeMap<>();
    Map<Integer, List<Double>> slaves = new TreeMap<>();
    Map<Integer, List<Double>> rates = new TreeMap<>();
    List<Map<String, Double>> threads = new ArrayList<>();
    try (Lanes lanes = new Lanes(cluster.addresses(), POSTING)) {
      Cost.of(cluster, lanes, post(scale.followers().getFirst()), scale.warmUp(), scale.window());
      for (int run = 0; run < scale.runs(); run++) {
        for (int followers : scale.followers()) {
          if (budget.allows("run %d of %d followers".formatted(run + 1, followers))) {
            Cost cost = Cost.of(cluster, lanes, post(followers), scale.warmUp(), scale.window());
            masters.computeIfAbsent(followers, _ -> new ArrayList<>()).add(cost.master());
            slaves.computeIfAbsent(followers, _ -> new ArrayList<>()).add(cost.slave());
            rates.computeIfAbsent(followers, _ -> new ArrayList<>()).add(cost.perSecond());
            threads.add(cost.threads());
          }
        }
      }
    }
    budget.note(
        "Of a post, the master's threads take (microseconds of one processor): "
            + busiest(threads)
            + ".");
    return List.of(
        new Curve(
            "post",
            "A post of 200 bytes, on both members' disks",
            "followers of the author",
            "microseconds of one processor",
            true,
            List.of(
                new Curve.Series("master", FollowedGrowth.points(masters)),
                new Curve.Series("slave", FollowedGrowth.points(slaves)))),
        new Curve(
            "post-rate",
            "Posts acknowledged per second, 64 clients, while the load generator shares the machine",
            "followers of the author",
            "per second",
            true,
            List.of(new Curve.Series("posts", FollowedGrowth.points(rates)))));
  }

  /** Those that take most, by the median of all runs. */
  private static String busiest(List<Map<String, Double>> runs) {
    Map<String, List<Double>> byName = new TreeMap<>();
    for (Map<String, Double> run : runs) {
      run.forEach(
          (name, micros) -> byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(micros));
    }
    return byName.entrySet().stream()
        .map(each -> Map.entry(each.getKey(), Point.of(0, each.getValue()).y()))
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .limit(THREADS_SHOWN)
        .map(each -> String.format(Locale.ROOT, "%s %.1f", each.getKey(), each.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static Call post(int followers) {
    return new Call.Post(author(followers), Town.TEXT);
  }

  private static String author(int followers) {
    return "author_" + followers;
  }

  private void prepare(LocalCluster cluster) throws InterruptedException {
    int users = scale.followers().getLast();
    try (Lanes lanes = new Lanes(cluster.addresses(), LOADING)) {
      lanes.run(new Supply(0, users, budget, i -> new Call.Login(Town.name((int) i))));
      for (int followers : scale.followers()) {
        String author = author(followers);
        lanes.run(new Supply(0, 1, budget, _ -> new Call.Login(author)));
        lanes.run(
            new Supply(0, followers, budget, i -> new Call.Follow(Town.name((int) i), author)));
      }
    }
  }
}
