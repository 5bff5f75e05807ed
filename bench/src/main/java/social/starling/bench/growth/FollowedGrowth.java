package social.starling.bench.growth;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import social.starling.bench.state.Town;

/** What a timeline costs the master, as the followed of its reader grow. */
final class FollowedGrowth {

  private static final int LOADING = 128;
  private static final int READING = 16;
  private static final int POSTS_EACH = 4;

  private final Scale scale;
  private final Budget budget;

  FollowedGrowth(Scale scale, Budget budget) {
    this.scale = scale;
    this.budget = budget;
  }

  List<Curve> measure(LocalCluster cluster) throws InterruptedException, IOException {
    prepare(cluster);
    if (!budget.allows("all timelines, since what they need could not be made in time")) {
      return List.of();
    }
    Map<Integer, List<Double>> costs = new TreeMap<>();
    Map<Integer, List<Double>> rates = new TreeMap<>();
    try (Lanes lanes = new Lanes(cluster.addresses(), READING)) {
      // Reads everything once more before it counts: the compiler has seen it then.
      Cost.of(cluster, lanes, timeline(scale.followed().getLast()), scale.warmUp(), scale.window());
      // Run by run, not point by point: what disturbs for a while disturbs all points.
      for (int run = 0; run < scale.runs(); run++) {
        for (int followed : scale.followed()) {
          if (budget.allows("run %d of %d followed".formatted(run + 1, followed))) {
            Cost cost = Cost.of(cluster, lanes, timeline(followed), scale.warmUp(), scale.window());
            costs.computeIfAbsent(followed, _ -> new ArrayList<>()).add(cost.master());
            rates.computeIfAbsent(followed, _ -> new ArrayList<>()).add(cost.perSecond());
          }
        }
      }
    }
    return List.of(
        new Curve(
            "timeline",
            "A timeline of 20, of the real server",
            "followed",
            "microseconds of one processor",
            true,
            List.of(new Curve.Series("master", points(costs)))),
        new Curve(
            "timeline-rate",
            "Timelines of 20 answered by one server, while the load generator shares the machine",
            "followed",
            "per second",
            true,
            List.of(new Curve.Series("timelines", points(rates)))));
  }

  static List<Point> points(Map<Integer, List<Double>> runs) {
    List<Point> points = new ArrayList<>();
    runs.forEach((x, values) -> points.add(Point.of(x, values)));
    return points;
  }

  private static Call timeline(int followed) {
    return new Call.Timeline(reader(followed));
  }

  private static String reader(int followed) {
    return "reader_" + followed;
  }

  private void prepare(LocalCluster cluster) throws InterruptedException {
    int authors = scale.followed().getLast();
    List<Call> follows = new ArrayList<>();
    for (int followed : scale.followed()) {
      for (int author = 0; author < followed; author++) {
        follows.add(new Call.Follow(reader(followed), Town.name(author)));
      }
    }
    try (Lanes lanes = new Lanes(cluster.addresses(), LOADING)) {
      lanes.run(new Supply(0, authors, budget, i -> new Call.Login(Town.name((int) i))));
      lanes.run(
          new Supply(
              0,
              scale.followed().size(),
              budget,
              i -> new Call.Login(reader(scale.followed().get((int) i)))));
      lanes.run(new Supply(0, follows.size(), budget, i -> follows.get((int) i)));
      // In an order that is not that of the authors.
      lanes.run(
          new Supply(
              0,
              (long) authors * POSTS_EACH,
              budget,
              i -> new Call.Post(Town.name((int) (i * 7_919 % authors)), Town.TEXT)));
    }
  }
}
