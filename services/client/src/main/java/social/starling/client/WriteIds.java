package social.starling.client;

import java.time.Duration;
import java.time.InstantSource;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import social.starling.proto.sns.v1.WriteId;

/**
 * Hands out the ids of one user's writes: {@code <13 digits of creation millis>-<16 random
 * characters>}, then 1, 2, 3, … Thread-safe.
 *
 * <p>A write is settled when its answer has arrived, or when it was given up: nobody can repeat it
 * then, so the server may forget its answer, and if an attempt is still on its way it may no longer
 * take effect. Servers forget clients that write nothing for long; so after an idle time with
 * nothing outstanding the next write begins a new client id.
 */
final class WriteIds {

  static final Duration IDLE = Duration.ofMinutes(5);

  /**
   * A server keeps 1,024 answers of a client: no write may be so far ahead of an unanswered one
   * that the answer of the latter is dropped.
   */
  static final int WINDOW = 1000;

  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int RANDOM_LENGTH = 16;

  private final InstantSource clock;
  private final RandomGenerator random;
  private final TreeSet<Long> outstanding = new TreeSet<>();
  private final boolean kept;
  private String client;
  private long last;
  private long lastMillis;

  WriteIds(InstantSource clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
    this.kept = false;
    begin();
  }

  /** The ids of a session that the caller keeps: it never gives way to a new one. */
  WriteIds(String client, long answered, InstantSource clock) {
    this.clock = clock;
    this.random = null;
    this.kept = true;
    this.client = client;
    this.last = answered;
  }

  /** A new client id. */
  static String newClient(InstantSource clock, RandomGenerator random) {
    StringBuilder id = new StringBuilder("%013d-".formatted(clock.millis()));
    for (int i = 0; i < RANDOM_LENGTH; i++) {
      id.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return id.toString();
  }

  /**
   * The id of a new write; it stays the same over all attempts. Waits while too many writes have
   * been begun since the oldest that is unanswered.
   */
  synchronized WriteId next() throws InterruptedException {
    while (!outstanding.isEmpty() && last - outstanding.first() >= WINDOW - 1) {
      wait();
    }
    long now = clock.millis();
    if (!kept
        && outstanding.isEmpty()
        && last > 0
        && Math.abs(now - lastMillis) > IDLE.toMillis()) {
      begin();
    }
    lastMillis = now;
    long sequence = ++last;
    outstanding.add(sequence);
    return WriteId.newBuilder()
        .setClient(client)
        .setSequence(sequence)
        .setConfirmed(outstanding.first() - 1)
        .build();
  }

  synchronized void settled(WriteId write) {
    if (write.getClient().equals(client)) {
      outstanding.remove(write.getSequence());
      notifyAll();
    }
  }

  /**
   * The server has forgotten this client: ids from now on are a new client's. Returns false when
   * the session is one that the caller keeps.
   */
  synchronized boolean expired(WriteId write) {
    if (!kept && write.getClient().equals(client)) {
      begin();
      notifyAll();
    }
    return !kept;
  }

  private void begin() {
    client = newClient(clock, random);
    last = 0;
    outstanding.clear();
  }
}
