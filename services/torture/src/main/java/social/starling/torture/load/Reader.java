package social.starling.torture.load;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import social.starling.client.EventStream;
import social.starling.client.StarlingException;
import social.starling.client.TimelineEvent;
import social.starling.torture.history.Shown;
import social.starling.torture.history.StreamBegun;

/**
 * A user with a live timeline open all the time, who leaves it now and then and comes back where it
 * was left. One thread, which {@link #read} is.
 */
final class Reader {

  private static final Duration AGAIN = Duration.ofMillis(200);

  private final Session session;
  private final Notebook notebook;
  private final RandomGenerator random;
  private final Duration stay;
  private final Map<String, Long> newest = new ConcurrentHashMap<>();
  private final CountDownLatch open = new CountDownLatch(1);
  private volatile boolean ended;
  private volatile EventStream stream;
  private Optional<Long> cursor = Optional.empty();

  /**
   * A reader who is not reading yet.
   *
   * @param stay how long one stream is held, on average
   */
  Reader(Session session, Notebook notebook, RandomGenerator random, Duration stay) {
    this.session = session;
    this.notebook = notebook;
    this.random = random;
    this.stay = stay;
  }

  String user() {
    return session.user();
  }

  boolean awaitOpen(Duration patience) throws InterruptedException {
    return open.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Id of the newest post of an author that the stream has shown; 0: none. */
  long newest(String author) {
    return newest.getOrDefault(author, 0L);
  }

  /** Reads until the end; returns when it was ended. */
  void read() {
    for (int number = 1; !ended; number++) {
      long until = notebook.now() + (long) (stay.toNanos() * (0.3 + 1.4 * random.nextDouble()));
      Optional<Long> from = cursor;
      try (EventStream current =
          from.isPresent() ? session.client().streamFrom(from.get()) : session.client().stream(0)) {
        stream = current;
        if (from.isPresent()) {
          began(number, from.get());
        }
        follow(current, number, until);
      } catch (StarlingException e) {
        // The stream gave up; the next one goes on where it was.
        pause();
      }
    }
  }

  private void began(int number, long at) {
    notebook.write(new StreamBegun(user(), number, at, notebook.now()));
  }

  private void follow(EventStream current, int number, long until) {
    while (!ended && notebook.now() < until && current.hasNext()) {
      switch (current.next()) {
        case TimelineEvent.Posted posted -> {
          notebook.saw(posted.post(), "the stream of " + user());
          notebook.write(
              new Shown(user(), number, posted.post().id(), posted.cursor(), notebook.now()));
          cursor = Optional.of(posted.cursor());
          newest.merge(posted.post().author(), posted.post().id(), Math::max);
        }
        case TimelineEvent.BacklogEnd end -> {
          if (cursor.isEmpty()) {
            began(number, 0);
          }
          cursor = Optional.of(end.cursor());
          open.countDown();
        }
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(AGAIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void end() {
    ended = true;
    EventStream current = stream;
    if (current != null) {
      current.close();
    }
  }
}
