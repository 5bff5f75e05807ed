package social.starling.bench.crossing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What was posted and what arrived, by author and number. Times are of {@code System.nanoTime()}.
 * Thread-safe.
 */
final class Arrivals {

  private static final long HIGHEST = 600_000_000_000L;
  private static final int MOST_COMPLAINTS = 20;

  private record Key(String author, int number) {}

  private static final class Sent {
    final long intended;
    long acknowledged;
    long arrived;

    Sent(long intended) {
      this.intended = intended;
    }
  }

  private final Map<Key, Sent> posts = new HashMap<>();
  private final Map<String, Integer> newest = new HashMap<>();
  private final List<String> complaints = new ArrayList<>();
  private long acknowledged;
  private long arrived;

  /** A post is about to be sent, or was to be. */
  synchronized void sending(String author, int number, long intended) {
    posts.put(new Key(author, number), new Sent(intended));
  }

  synchronized void acknowledged(String author, int number, long at) {
    posts.get(new Key(author, number)).acknowledged = at;
    acknowledged++;
  }

  /** An event of the stream. */
  synchronized void arrived(String author, int number, long at) {
    Sent sent = posts.get(new Key(author, number));
    if (sent == null) {
      return; // Of an earlier run.
    }
    if (sent.arrived != 0) {
      complain("%s's post %d arrived twice".formatted(author, number));
      return;
    }
    int before = newest.getOrDefault(author, 0);
    if (number < before) {
      complain("%s's post %d arrived after %d".formatted(author, number, before));
    }
    newest.put(author, Math.max(before, number));
    sent.arrived = at;
    arrived++;
  }

  synchronized long acknowledgedCount() {
    return acknowledged;
  }

  synchronized long arrivedCount() {
    return arrived;
  }

  /** Whether everything that was acknowledged has arrived. */
  synchronized boolean complete() {
    return posts.values().stream().noneMatch(sent -> sent.acknowledged != 0 && sent.arrived == 0);
  }

  /** What is wrong, in sentences. */
  synchronized List<String> complaints() {
    List<String> all = new ArrayList<>(complaints);
    long missing =
        posts.values().stream().filter(sent -> sent.acknowledged != 0 && sent.arrived == 0).count();
    if (missing > 0) {
      all.add("%d acknowledged posts have not arrived".formatted(missing));
    }
    return all;
  }

  /**
   * Latencies in nanoseconds of the posts that were to be sent from a moment on.
   *
   * @param fromAcknowledgement count from the acknowledgement, 0 when it came later, instead of
   *     from when the post was to be sent
   */
  synchronized Histogram latencies(long from, boolean fromAcknowledgement) {
    Histogram histogram = new Histogram(1_000, HIGHEST, 3);
    for (Sent sent : posts.values()) {
      if (sent.arrived != 0 && sent.acknowledged != 0 && sent.intended - from >= 0) {
        long since = fromAcknowledgement ? sent.acknowledged : sent.intended;
        histogram.recordValue(Math.clamp(sent.arrived - since, 0, HIGHEST));
      }
    }
    return histogram;
  }

  private void complain(String sentence) {
    if (complaints.size() < MOST_COMPLAINTS) {
      complaints.add(sentence);
    }
  }
}
