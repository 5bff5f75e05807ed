package social.starling.e2e.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import social.starling.client.ClientOptions;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.e2e.installation.Starling;

/**
 * Writers of one cluster who post again and again, so that it shows to some milliseconds from when
 * to when nothing was acknowledged. Each begins with another router. Thread-safe.
 */
public final class Pulse implements AutoCloseable {

  private static final int WRITERS = 4;
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final Duration DEADLINE = Duration.ofSeconds(90);
  private static final Duration END = Duration.ofSeconds(100);

  private record Beat(int writer, Instant begun, Instant ended, long id) {}

  private final String user;
  private final List<StarlingClient> clients = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final ConcurrentLinkedQueue<Beat> beats = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);

  /**
   * Begins; returns when all have written.
   *
   * @param homes in which cluster a user lives
   */
  public Pulse(Starling starling, Function<String, String> homes, String cluster) {
    user =
        IntStream.range(0, 10_000)
            .mapToObj(i -> "pulse" + i)
            .filter(name -> homes.apply(name).equals(cluster))
            .findFirst()
            .orElseThrow();
    List<String> routers = starling.routers();
    for (int i = 0; i < WRITERS; i++) {
      List<String> turned = new ArrayList<>(routers);
      Collections.rotate(turned, i);
      clients.add(
          StarlingClient.connect(
              ClientOptions.of(user).withRouters(turned).withDeadline(DEADLINE)));
    }
    clients.getFirst().login();
    for (int i = 0; i < WRITERS; i++) {
      int writer = i;
      threads.add(Thread.ofVirtual().name("pulse-" + i).start(() -> write(writer)));
    }
    Starling.within(DEADLINE)
        .until(() -> IntStream.range(0, WRITERS).allMatch(writer -> beats(writer) >= 5));
  }

  private long beats(int writer) {
    return beats.stream().filter(beat -> beat.writer() == writer).count();
  }

  private void write(int writer) {
    StarlingClient client = clients.get(writer);
    try {
      for (int i = 0; !ended.await(PAUSE.toNanos(), TimeUnit.NANOSECONDS); i++) {
        Instant begun = Instant.now();
        Post post = client.post("%d/%d at %s".formatted(writer, i, begun));
        beats.add(new Beat(writer, begun, Instant.now(), post.id()));
      }
    } catch (StarlingException e) {
      failures.add(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits until each of the writers has had a write acknowledged that began after a time. */
  public void awaitWrites(Instant since, Duration patience) {
    Starling.within(patience)
        .until(() ->
            IntStream.range(0, WRITERS)
                .allMatch(writer ->
                    beats.stream()
                        .anyMatch(beat -> beat.writer() == writer && beat.begun().isAfter(since))));
  }

  /** The longest time between two times in which none of the writers had one acknowledged. */
  public Duration outage(Instant from, Instant to) {
    return longestGap(beats.stream(), from, to);
  }

  /** The same, of that writer who had to wait longest. */
  public Duration longestOutage(Instant from, Instant to) {
    return IntStream.range(0, WRITERS)
        .mapToObj(
            writer -> longestGap(beats.stream().filter(beat -> beat.writer() == writer), from, to))
        .max(Comparator.naturalOrder())
        .orElseThrow();
  }

  private static Duration longestGap(Stream<Beat> some, Instant from, Instant to) {
    List<Instant> ends = some.map(Beat::ended).sorted().toList();
    Duration longest = Duration.ZERO;
    for (int i = 1; i < ends.size(); i++) {
      Duration gap = Duration.between(ends.get(i - 1), ends.get(i));
      boolean within = ends.get(i).isAfter(from) && ends.get(i - 1).isBefore(to);
      if (within && gap.compareTo(longest) > 0) {
        longest = gap;
      }
    }
    return longest;
  }

  /**
   * Ends, and looks whether what was acknowledged is there, once.
   *
   * @throws AssertionError when it is not
   */
  public void finish() throws InterruptedException {
    ended.countDown();
    for (Thread thread : threads) {
      assertThat(thread.join(END)).as("a writer of " + user + " ends").isTrue();
    }
    assertThat(failures).as("writes of " + user + " that failed").isEmpty();
    Set<Long> ids = new HashSet<>();
    Set<String> texts = new HashSet<>();
    PostPage page = PostPage.newest(PostPage.MAX_LIMIT);
    List<Post> some;
    do {
      some = clients.getFirst().posts(user, page);
      for (Post post : some) {
        assertThat(ids.add(post.id())).as("%s is there once", post).isTrue();
        assertThat(texts.add(post.text())).as("the text of %s is there once", post).isTrue();
        page = page.below(post.id());
      }
    } while (some.size() == PostPage.MAX_LIMIT);
    assertThat(ids).containsAll(beats.stream().map(Beat::id).toList());
  }

  @Override
  public void close() {
    ended.countDown();
    clients.forEach(StarlingClient::close);
    threads.forEach(Thread::interrupt);
  }
}
