package social.starling.bench.growth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import social.starling.bench.installation.Trees;
import social.starling.bench.state.EntrySource;
import social.starling.bench.state.Town;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.storage.Batch;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/**
 * A volume written by this process, as a server's store thread does: how large it is, and what
 * opening it takes in a JVM of its own. Without servers around it grows ten times faster.
 */
final class VolumeGrowth {

  private static final int BATCH = 1_000;
  private static final int HEAP_MIB = 1_024;

  /** Posts of one author, then of the next: files are opened less often than if all took turns. */
  private static final int IN_A_ROW = 10;

  private static final double MIB = 1024.0 * 1024.0;

  /** A server's bound for the journal. */
  private static final long JOURNAL_BYTES = 64L << 20;

  private final Scale scale;
  private final Budget budget;
  private final Path directory;
  private final EntrySource entries = new EntrySource();
  private final List<Point> seconds = new ArrayList<>();
  private final List<Point> cpu = new ArrayList<>();
  private final List<Point> peak = new ArrayList<>();
  private final List<Point> live = new ArrayList<>();
  private final List<Point> database = new ArrayList<>();
  private final List<Point> files = new ArrayList<>();
  private final List<Point> blocks = new ArrayList<>();
  private List<Change> applied = List.of();

  /**
   * @param work where the volume is made, and deleted
   */
  VolumeGrowth(Scale scale, Budget budget, Path work) throws IOException {
    this.scale = scale;
    this.budget = budget;
    this.directory = Files.createTempDirectory(work, "volume-");
  }

  List<Curve> measure() throws IOException, InterruptedException {
    try {
      int users = scale.users().getLast();
      fill(1, _ -> entries.slots());
      grow("users", 0, users, i -> entries.login(Town.name(i)));
      grow(
          "follows",
          0,
          users * scale.followsEach(),
          i ->
              entries.follow(
                  Town.name(i % users),
                  Town.name(StateGrowth.followed(i % users, 1 + i / users, users))));
      look(0);
      int made = 0;
      for (int posts : scale.posts()) {
        if (!budget.allows("a volume of %d posts".formatted(posts))) {
          break;
        }
        grow("posts", made, posts, i -> entries.post(Town.name(i / IN_A_ROW % users), Town.TEXT));
        made = posts;
        look(made);
      }
      return curves(users);
    } finally {
      Trees.delete(directory);
    }
  }

  private void grow(String what, int from, int to, IntFunction<Entry> entry) {
    long began = System.nanoTime();
    long processor = OwnTime.nanos();
    int offset = from;
    fill(to - from, i -> entry.apply(offset + i));
    System.err.printf(
        Locale.ROOT,
        "%d %s more, %.0f/s, %.1f microseconds of a processor each%n",
        to - from,
        what,
        (to - from) * 1e9 / (System.nanoTime() - began),
        (OwnTime.nanos() - processor) / 1e3 / (to - from));
  }

  private void fill(int count, IntFunction<Entry> entry) {
    try (Volume volume = Volume.open(directory, Disk.local())) {
      List<Entry> batch = new ArrayList<>(BATCH);
      for (int i = 0; i < count; i++) {
        batch.add(entry.apply(i));
        if (batch.size() == BATCH || i == count - 1) {
          write(volume, batch);
          batch.clear();
        }
      }
      volume.write(Batch.apply(applied));
      applied = List.of();
    }
  }

  private void write(Volume volume, List<Entry> batch) {
    volume.write(new Batch(OptionalLong.empty(), OptionalLong.empty(), batch, applied));
    applied = new ArrayList<>(batch.size());
    for (Entry each : batch) {
      applied.add(volume.state().apply(each).change());
    }
    if (volume.journalBytes() > JOURNAL_BYTES) {
      volume.trim(entries.lastIndex() - BATCH);
    }
  }

  private void look(long posts) throws IOException, InterruptedException {
    List<Double> took = new ArrayList<>();
    List<Double> busy = new ArrayList<>();
    for (int run = 0; run < scale.runs(); run++) {
      Optional<OpenVolume.Opened> opened = OpenVolume.run(directory, HEAP_MIB);
      if (opened.isEmpty()) {
        budget.note("The volume of %d posts could not be opened.".formatted(posts));
        return;
      }
      took.add(opened.get().seconds());
      busy.add(opened.get().cpuSeconds());
      if (run == 0) {
        peak.add(Point.of(posts, opened.get().peakMib()));
        live.add(Point.of(posts, opened.get().liveMib()));
      }
    }
    seconds.add(Point.of(posts, took));
    cpu.add(Point.of(posts, busy));
    database.add(Point.of(posts, Trees.size(directory.resolve("state.db")).bytes() / MIB));
    Trees.Size size = Trees.size(directory.resolve("posts"));
    files.add(Point.of(posts, size.bytes() / MIB));
    blocks.add(Point.of(posts, size.occupied() / MIB));
  }

  private List<Curve> curves(int users) {
    String more = ", %d users who follow %d each".formatted(users, scale.followsEach());
    return List.of(
        new Curve(
            "open-seconds",
            "Opening a volume" + more,
            "posts",
            "seconds",
            false,
            List.of(
                new Curve.Series("by the clock", seconds),
                new Curve.Series("processor time, with the start of the JVM", cpu))),
        new Curve(
            "open-memory",
            "Heap of a server that has opened a volume" + more,
            "posts",
            "MiB",
            false,
            List.of(
                new Curve.Series("most in use meanwhile, what is dropped included", peak),
                new Curve.Series("in use afterwards, after a collection", live))),
        new Curve(
            "volume",
            "A volume" + more,
            "posts",
            "MiB",
            false,
            List.of(
                new Curve.Series("state.db", database),
                new Curve.Series("post files", files),
                new Curve.Series("post files, in whole blocks", blocks))));
  }
}
