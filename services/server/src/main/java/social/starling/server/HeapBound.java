package social.starling.server;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * Keeps the heap near what the data needs. The serial collector collects the old generation only
 * when all is full that the process may take at most; a process that may take much, because it may
 * come to hold much, would take it all for what it has long dropped.
 *
 * <ol>
 *   <li>While less is in use than the floor, nothing happens but what the last rule says.
 *   <li>When the old generation has grown to the bound, it is collected.
 *   <li>The next bound is half as much again as what lived on, and never below the floor.
 *   <li>When the last collection is long ago, and an eighth of what lived on then has come to it,
 *       it is collected whatever the bound: what a busy hour took is given back in a quiet one.
 * </ol>
 *
 * <p>So a collection, which stops the process for a time in proportion to what lives, is paid for
 * by the work that made half as much again, or is too rare to matter. Used by one thread.
 */
final class HeapBound {

  /** 130 MiB: what was enough for 10,000 users, and what a process may occupy anyhow. */
  static final long FLOOR = 130L << 20;

  /** And up to a minute more, so that the two members do not stand still at the same time. */
  private static final Duration LONG_AGO = Duration.ofMinutes(5);

  /** A collection of so much takes about half a second. */
  private static final long MUCH = 256L << 20;

  private final LongSupplier used;
  private final Runnable collect;
  private final long floor;
  private final LongSupplier nanoTime;
  private long bound;
  private long live;
  private long collectedAt;
  private final long patience;

  /**
   * @param used bytes of the old generation that are in use, with what nobody refers to any more
   * @param collect makes it those that live
   * @param floor bytes
   * @param nanoTime as {@link System#nanoTime}
   */
  HeapBound(LongSupplier used, Runnable collect, long floor, LongSupplier nanoTime) {
    this.used = used;
    this.collect = collect;
    this.floor = floor;
    this.nanoTime = nanoTime;
    this.bound = floor;
    this.live = used.getAsLong();
    this.collectedAt = nanoTime.getAsLong();
    this.patience = LONG_AGO.plusMillis(ThreadLocalRandom.current().nextInt(60_000)).toNanos();
  }

  /** That of this process; empty with a collector that has no old generation of its own. */
  static Optional<HeapBound> ofThisProcess() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getName().equals("Tenured Gen"))
        .findFirst()
        .map(HeapBound::of);
  }

  private static HeapBound of(MemoryPoolMXBean pool) {
    return new HeapBound(() -> pool.getUsage().getUsed(), System::gc, FLOOR, System::nanoTime);
  }

  /** Looks whether it is time; called about once a second. */
  void look() {
    long now = used.getAsLong();
    boolean longAgo = nanoTime.getAsLong() - collectedAt > patience;
    if (now > bound || longAgo && live < MUCH && now > live + (live >> 3)) {
      collect.run();
      live = used.getAsLong();
      bound = Math.max(floor, live + (live >> 1));
      collectedAt = nanoTime.getAsLong();
    }
  }
}
