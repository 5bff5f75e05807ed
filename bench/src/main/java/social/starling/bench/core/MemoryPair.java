package social.starling.bench.core;

import java.util.Map;
import social.starling.replication.Configuration;
import social.starling.replication.RequestId;

/**
 * Two members in sync. A number of requests is always under way; time is virtual, a microsecond a
 * round. Used by one thread.
 */
public final class MemoryPair {

  private static final long MILLISECOND = 1_000_000;
  private static final int MOST_ROUNDS_TO_OPEN = 10_000;

  private final MemoryMember master;
  private final MemoryMember slave;
  private final int window;
  private final byte[] request;
  private long now = MILLISECOND;
  private long sequence;

  /**
   * @param window requests under way at once
   * @param bytes of a request
   */
  public MemoryPair(int window, int bytes) {
    this.window = window;
    this.request = new byte[bytes];
    this.master = new MemoryMember("a", "b", now);
    this.slave = new MemoryMember("b", "a", now);
    Configuration both =
        new Configuration(
            1,
            "a",
            MemoryMember.instance("a"),
            Map.of("a", MemoryMember.volume("a"), "b", MemoryMember.volume("b")),
            false,
            "",
            "");
    master.learn(both);
    slave.learn(both);
  }

  /** Lets the pair come up: the new master waits until no older lease can be valid. */
  public void open() {
    for (int round = 0; !master.isOpen(); round++) {
      if (round == MOST_ROUNDS_TO_OPEN) {
        throw new IllegalStateException("the master did not open");
      }
      turn(MILLISECOND);
    }
  }

  /** One round: fills the window, and lets each member take its turn. */
  public void round() {
    while (sequence - master.committed() < window) {
      sequence++;
      master.submit(new RequestId("bench", sequence), request, now);
    }
    turn(1_000);
  }

  public long committed() {
    return master.committed();
  }

  long committedBySlave() {
    return slave.committed();
  }

  private void turn(long time) {
    now += time;
    master.turn(slave, now);
    slave.turn(master, now);
  }
}
