package social.starling.bench.failover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An author that posts at a steady pace, one post after the other; one that was held up goes on at
 * once. Its log may be read at any time; everything else belongs to the thread that runs it.
 */
final class Writer implements Runnable {

  /** What a writer keeps at most: at 5/s more than five hours. */
  static final int MOST = 100_000;

  private final Poster poster;
  private final String author;
  private final boolean direct;
  private final long offset;
  private final long period;
  private final List<Write> log = new ArrayList<>();
  private volatile boolean stopped;

  /**
   * @param offset of the first post from the common beginning
   * @param period between two posts
   */
  Writer(Poster poster, String author, boolean direct, Duration offset, Duration period) {
    this.poster = poster;
    this.author = author;
    this.direct = direct;
    this.offset = offset.toNanos();
    this.period = period.toNanos();
  }

  String author() {
    return author;
  }

  boolean isDirect() {
    return direct;
  }

  long retries() {
    return poster.retries();
  }

  void stop() {
    stopped = true;
  }

  /** What was written since the given number of writes. */
  List<Write> since(int first) {
    synchronized (log) {
      return List.copyOf(log.subList(Math.min(first, log.size()), log.size()));
    }
  }

  int count() {
    synchronized (log) {
      return log.size();
    }
  }

  @Override
  public void run() {
    long start = System.nanoTime() + offset;
    for (int sequence = 1; !stopped && sequence <= MOST; sequence++) {
      long intended = start + (sequence - 1) * period;
      waitUntil(intended);
      if (!stopped) {
        Write write = write(sequence, intended);
        synchronized (log) {
          log.add(write);
        }
      }
    }
  }

  private Write write(int sequence, long intended) {
    String text = author + " " + sequence + " " + "kept through a failover ".repeat(7);
    long begun = System.nanoTime();
    try {
      long id = poster.post(text);
      return written(sequence, text, intended, begun, Write.End.ACKNOWLEDGED, "", id);
    } catch (Poster.Refused e) {
      Write.End end = e.outcomeUnknown() ? Write.End.UNKNOWN : Write.End.REFUSED;
      return written(sequence, text, intended, begun, end, e.getMessage(), 0);
    }
  }

  private Write written(
      int sequence, String text, long intended, long begun, Write.End end, String why, long id) {
    return new Write(author, sequence, text, intended, begun, System.nanoTime(), end, why, id);
  }

  private void waitUntil(long time) {
    long left;
    while (!stopped && (left = time - System.nanoTime()) > 0) {
      LockSupport.parkNanos(Math.min(left, TimeUnit.SECONDS.toNanos(1)));
    }
  }
}
