package social.starling.bench.growth;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import social.starling.bench.installation.RecordedProcess;
import social.starling.bench.installation.Trees;
import social.starling.bench.state.Town;

/**
 * Memory, volume and restart of the servers: first as users grow, then, with all users, as follows
 * do, then as posts do.
 */
final class SizeGrowth {

  private static final int LOADING = 128;
  private static final double MIB = 1024.0 * 1024.0;

  private final Scale scale;
  private final Budget budget;
  private final LocalCluster cluster;
  private final List<Curve> curves = new ArrayList<>();

  SizeGrowth(Scale scale, Budget budget, LocalCluster cluster) {
    this.scale = scale;
    this.budget = budget;
    this.cluster = cluster;
  }

  List<Curve> measure() throws InterruptedException, IOException {
    int users = scale.users().getLast();
    grow("users", scale.users(), i -> new Call.Login(Town.name((int) i)));
    int each = scale.followsEach();
    grow(
        "follows",
        List.of(users * each / 4, users * each / 2, users * each),
        i -> {
          int user = (int) (i % users);
          int author = StateGrowth.followed(user, 1 + (int) (i / users), users);
          return new Call.Follow(Town.name(user), Town.name(author));
        });
    grow(
        "posts",
        scale.posts(),
        i -> new Call.Post(Town.name(new SplittableRandom(i).nextInt(users)), Town.TEXT));
    if (budget.allows("the whole installation down and up")) {
      budget.note(
          String.format(
              Locale.ROOT,
              "With all of that, 'up' of the whole installation after 'down' took %.1f s.",
              cluster.startAgain()));
    }
    return curves;
  }

  /** Curves over one thing that grows; what was there before stays. */
  private void grow(String what, List<Integer> steps, LongFunction<Call> calls)
      throws InterruptedException, IOException {
    Lines lines = new Lines();
    lines.add(0);
    long made = 0;
    for (int step : steps) {
      if (!budget.allows("%d %s".formatted(step, what))) {
        break;
      }
      long began = System.nanoTime();
      try (Lanes lanes = new Lanes(cluster.addresses(), LOADING)) {
        long more = lanes.run(new Supply(made, step, budget, calls));
        System.err.printf(
            Locale.ROOT,
            "%d %s more, %.0f/s%n",
            more,
            what,
            more * 1e9 / (System.nanoTime() - began));
        made += more;
      }
      lines.add(made);
      if (made < step) {
        budget.note("Only %d of %d %s were made in the time.".formatted(made, step, what));
        break;
      }
    }
    lines.into(what);
  }

  /** What is measured at each step. */
  private final class Lines {
    private final List<Point> masterHeap = new ArrayList<>();
    private final List<Point> slaveHeap = new ArrayList<>();
    private final List<Point> masterResident = new ArrayList<>();
    private final List<Point> slaveResident = new ArrayList<>();
    private final List<Point> database = new ArrayList<>();
    private final List<Point> postFiles = new ArrayList<>();
    private final List<Point> postBlocks = new ArrayList<>();
    private final List<Point> restarts = new ArrayList<>();

    void add(long x) throws InterruptedException, IOException {
      List<RecordedProcess> servers = cluster.servers();
      resident(masterResident, x, servers.getFirst());
      resident(slaveResident, x, servers.getLast());
      heap(masterHeap, x, servers.getFirst());
      heap(slaveHeap, x, servers.getLast());
      List<Double> seconds = new ArrayList<>();
      for (int run = 0; run < scale.runs() && !budget.isOver(); run++) {
        seconds.add(cluster.restartSlave());
      }
      if (!seconds.isEmpty()) {
        restarts.add(Point.of(x, seconds));
      }
      // After a restart, for then what was only in the write-ahead log is in the database.
      Path volume = LocalCluster.volume(servers.getLast());
      database.add(Point.of(x, Trees.size(volume.resolve("state.db")).bytes() / MIB));
      Trees.Size files = Trees.size(volume.resolve("posts"));
      postFiles.add(Point.of(x, files.bytes() / MIB));
      postBlocks.add(Point.of(x, files.occupied() / MIB));
    }

    private void resident(List<Point> line, long x, RecordedProcess server) {
      line.add(Point.of(x, cluster.files().residentBytes(server.pid()).orElse(0) / MIB));
    }

    private void heap(List<Point> line, long x, RecordedProcess server)
        throws InterruptedException, IOException {
      OptionalLong bytes = LiveHeap.bytes(server.pid());
      if (bytes.isPresent()) {
        line.add(Point.of(x, bytes.getAsLong() / MIB));
      }
    }

    void into(String what) {
      curve(
          "memory",
          what,
          "Memory of the servers",
          "MiB",
          new Curve.Series("master, heap in use after a collection", masterHeap),
          new Curve.Series("slave, heap in use after a collection", slaveHeap),
          new Curve.Series("master, resident", masterResident),
          new Curve.Series("slave, resident", slaveResident));
      curve(
          "volume",
          what,
          "A volume",
          "MiB",
          new Curve.Series("state.db", database),
          new Curve.Series("post files", postFiles),
          new Curve.Series("post files, in whole blocks", postBlocks));
      curve(
          "restart",
          what,
          "A server from its start to ready, after kill -9, the others running",
          "seconds",
          new Curve.Series("slave", restarts));
    }

    private void curve(String of, String what, String title, String y, Curve.Series... series) {
      curves.add(new Curve(of + "-" + what, title, what, y, false, List.of(series)));
    }
  }
}
