package social.starling.server;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Keeps the heap near what the data needs. The serial collector collects the old generation only
 * when all is full that the process may take at most; a process that may take much, because it may
 * come to hold much, would take it all for what it has long dropped.
 *
 * <ol>
 *   <li>While less is in use than the floor, nothing happens.
 *   <li>When the old generation has grown to the bound, it is collected.
 *   <li>The next bound is half as much again as what lived on, and never below the floor.
 * </ol>
 *
 * <p>So a collection, which stops the process for a time in proportion to what lives, is paid for
 * by the work that made half as much again. Used by one thread.
 */
final class HeapBound {

  /** 130 MiB: what was enough for 10,000 users, and what a process may occupy anyhow. */
  static final long FLOOR = 130L << 20;

  private final LongSupplier used;
  private final Runnable collect;
  private final long floor;
  private long bound;

  /**
   * @param used bytes of the old generation that are in use, with what nobody refers to any more
   * @param collect makes it those that live
   * @param floor bytes
   */
  HeapBound(LongSupplier used, Runnable collect, long floor) {
    this.used = used;
    this.collect = collect;
    this.floor = floor;
    this.bound = floor;
  }

  /** That of this process; empty with a collector that has no old generation of its own. */
  static Optional<HeapBound> ofThisProcess() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getName().equals("Tenured Gen"))
        .findFirst()
        .map(HeapBound::of);
  }

  private static HeapBound of(MemoryPoolMXBean pool) {
    return new HeapBound(() -> pool.getUsage().getUsed(), System::gc, FLOOR);
  }

  /** Looks whether the bound is reached; called about once a second. */
  void look() {
    if (used.getAsLong() > bound) {
      collect.run();
      long live = used.getAsLong();
      bound = Math.max(floor, live + (live >> 1));
    }
  }
}
