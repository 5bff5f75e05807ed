package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;

/** Readers beside the applying thread see the state as it was after some entry, never a mixture. */
class ConcurrentReadsTest {

  private static final int LIMIT = 4;
  private static final int AUTHORS = 5;

  @Test
  void everyReadIsTheStateAtItsCursor() throws Exception {
    List<Entry> journal = journal(120_000, System.nanoTime());
    List<List<Long>> expected = new ArrayList<>();
    State alone = Entries.state();
    expected.add(List.of());
    for (Entry entry : journal) {
      alone.apply(entry);
      expected.add(
          alone.timeline("reader", 0, 0, LIMIT).map(ConcurrentReadsTest::ids).orElse(null));
    }

    State state = Entries.state();
    int prepared = AUTHORS + 1;
    journal.subList(0, prepared).forEach(state::apply);
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> reads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        reads.add(readers.submit(() -> read(state, expected, done)));
      }
      journal.subList(prepared, journal.size()).forEach(state::apply);
      done.set(true);
      for (Future<Integer> read : reads) {
        assertThat(read.get()).isPositive();
      }
    }
  }

  private static int read(State state, List<List<Long>> expected, AtomicBoolean done) {
    int reads = 0;
    long newest = 0;
    while (!done.get() || reads == 0) {
      long before = state.appliedIndex();
      State.Timeline timeline = state.timeline("reader", 0, 0, LIMIT).orElseThrow();
      assertThat(timeline.cursor()).isGreaterThanOrEqualTo(Math.max(before, newest));
      assertThat(ids(timeline)).isEqualTo(expected.get((int) timeline.cursor()));
      newest = timeline.cursor();
      reads++;
      if (reads % 50 == 0) {
        // A virtual thread that never blocks would keep the others from running.
        Thread.yield();
      }
    }
    return reads;
  }

  private static List<Entry> journal(int size, long seed) {
    Random random = new Random(seed);
    Entries entries = new Entries();
    List<Entry> journal = new ArrayList<>();
    journal.add(entries.login("reader"));
    for (int i = 0; i < AUTHORS; i++) {
      journal.add(entries.login("author" + i));
    }
    List<Long> posts = new ArrayList<>();
    List<Integer> authors = new ArrayList<>();
    while (journal.size() < size) {
      int author = random.nextInt(AUTHORS);
      String name = "author" + author;
      switch (random.nextInt(8)) {
        case 0, 3 -> journal.add(entries.follow("reader", name));
        case 1, 4 -> journal.add(entries.unfollow("reader", name));
        case 2 -> {
          if (!posts.isEmpty()) {
            int newest = Math.max(0, posts.size() - 1 - random.nextInt(3));
            journal.add(entries.delete("author" + authors.get(newest), posts.get(newest)));
          }
        }
        default -> {
          Entry post = entries.post(name, "x");
          journal.add(post);
          posts.add(post.id());
          authors.add(author);
        }
      }
    }
    return journal;
  }

  private static List<Long> ids(State.Timeline timeline) {
    return timeline.posts().stream().map(Post::getId).toList();
  }
}
