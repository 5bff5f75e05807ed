package social.starling.server.storage;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import social.starling.proto.journal.v1.Follow;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.Post;
import social.starling.proto.journal.v1.Request;
import social.starling.replication.Entry;
import social.starling.replication.Ids;
import social.starling.replication.RequestId;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;
import social.starling.server.state.State;

/**
 * Figures of the storage of a member: {@code StorageBench DIR USERS POSTS}. DIR is filled when it
 * is empty; run it again on the same DIR for the figures of a start.
 */
final class StorageBench {

  private static final int FOLLOWED = 50;
  private static final int CLIENTS = 64;
  private static final String TEXT =
      "What a person writes in a post has about this length, ".repeat(3);

  private final int users;
  private final Random random = new Random(1);
  private final long[] sequences = new long[CLIENTS];
  private long index;
  private long id;
  private long time = Entries.START;

  private StorageBench(int users) {
    this.users = users;
  }

  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[0]);
    StorageBench bench = new StorageBench(Integer.parseInt(args[1]));
    boolean filled = Files.exists(directory.resolve("state.db"));
    long start = System.nanoTime();
    try (Volume volume = Volume.open(directory, Disk.local())) {
      State state = volume.state();
      tell(
          "open: %.0f ms (%.0f ms of CPU since the JVM began), %d users, %d posts",
          millis(start), cpu() / 1e6, state.userCount(), state.postCount());
      memory("after open");
      if (filled) {
        bench.reads(state);
        start = System.nanoTime();
        Digest digest = volume.digest(false);
        tell("digest: %.0f ms, damage %s", millis(start), digest.damage());
        start = System.nanoTime();
        try (Snapshot snapshot = volume.snapshot()) {
          tell("snapshot: %.0f ms, %d files", millis(start), snapshot.files().size());
        }
      } else {
        bench.fill(volume, Integer.parseInt(args[2]));
        bench.reads(state);
        if (args.length > 3) {
          tell("halting");
          Runtime.getRuntime().halt(9);
        }
      }
      memory("at the end");
      start = System.nanoTime();
    }
    tell("close: %.0f ms", millis(start));
  }

  private void fill(Volume volume, int posts) {
    List<Entry> setup = new ArrayList<>();
    setup.add(new Entries().slots());
    index++;
    for (int i = 0; i < users; i++) {
      int user = i;
      setup.add(next(request -> request.setUser(name(user)).setLogin(Login.getDefaultInstance())));
    }
    for (int i = 0; i < users; i++) {
      for (int k = 0; k < FOLLOWED; k++) {
        String user = name(i);
        String author = name(random.nextInt(users));
        setup.add(
            next(request -> request.setUser(user).setFollow(Follow.newBuilder().setName(author))));
      }
    }
    long start = System.nanoTime();
    write(volume, setup, 1000);
    tell("setup: %.0f entries/s in batches of 1000", setup.size() / seconds(start));
    for (int round = 0; round < 4; round++) {
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < posts / 4; i++) {
        String user = name(random.nextInt(users));
        entries.add(
            next(request -> request.setUser(user).setPost(Post.newBuilder().setText(TEXT))));
      }
      start = System.nanoTime();
      long cpu = cpu();
      long applying = write(volume, entries, 100);
      tell(
          "posts: %.0f/s written in batches of 100, %.1f us of CPU each; apply alone %.2f us of CPU;"
              + " slowest batch %.1f ms, p99 %.1f ms, p50 %.2f ms",
          entries.size() / seconds(start),
          (cpu() - cpu) / 1e3 / entries.size(),
          applying / 1e3 / entries.size(),
          slowest / 1e6,
          p99 / 1e6,
          p50 / 1e6);
      volume.trim(index - 100_000);
    }
  }

  private long slowest;
  private long p99;
  private long p50;

  private long write(Volume volume, List<Entry> entries, int size) {
    List<Change> changes = List.of();
    long applying = 0;
    List<Long> times = new ArrayList<>();
    for (int i = 0; i < entries.size(); i += size) {
      List<Entry> batch = entries.subList(i, Math.min(entries.size(), i + size));
      long start = System.nanoTime();
      volume.write(
          new Batch(
              java.util.OptionalLong.empty(), java.util.OptionalLong.empty(), batch, changes));
      times.add(System.nanoTime() - start);
      long written = cpu();
      changes = new ArrayList<>(size);
      for (Entry entry : batch) {
        changes.add(volume.state().apply(entry).change());
      }
      applying += cpu() - written;
    }
    volume.write(Batch.apply(changes));
    times.sort(null);
    slowest = times.getLast();
    p99 = times.get(times.size() * 99 / 100);
    p50 = times.get(times.size() / 2);
    return applying;
  }

  private void reads(State state) {
    for (int round = 0; round < 3; round++) {
      long[] times = new long[20_000];
      for (int i = 0; i < times.length; i++) {
        String user = name(random.nextInt(users));
        long start = System.nanoTime();
        state.timeline(user, 0, 0, 20).orElseThrow();
        times[i] = System.nanoTime() - start;
      }
      Arrays.sort(times);
      tell(
          "timeline of 20, %d followed: p50 %.1f us, p99 %.1f us",
          FOLLOWED, times[times.length / 2] / 1e3, times[times.length * 99 / 100] / 1e3);
    }
  }

  private Entry next(java.util.function.Consumer<Request.Builder> body) {
    time += index % 10 == 0 ? 1 : 0;
    id = Ids.next(id, time, 1);
    int client = random.nextInt(CLIENTS);
    long sequence = ++sequences[client];
    Request.Builder request = Request.newBuilder().setConfirmed(Math.max(0, sequence - 1));
    body.accept(request);
    return new Entry(
        ++index,
        1,
        new RequestId(Entries.client(Entries.START + client), sequence),
        time,
        id,
        request.build().toByteArray());
  }

  private static String name(int user) {
    return "user" + user;
  }

  /** Of this thread, which a loaded machine does not distort. */
  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static double millis(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  private static void memory(String when) throws IOException {
    String rss =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmRSS"))
            .findFirst()
            .orElse("");
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    tell(
        "memory %s: heap %d MiB, %s",
        when, (runtime.totalMemory() - runtime.freeMemory()) >> 20, rss.replaceAll("\\s+", " "));
  }

  private static void tell(String format, Object... values) {
    System.out.println(format.formatted(values));
  }
}
