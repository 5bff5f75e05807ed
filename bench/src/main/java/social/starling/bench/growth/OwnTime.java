package social.starling.bench.growth;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** What something costs this thread. Stateless. */
final class OwnTime {

  private static final long LEAST_NANOS = 20_000_000;
  private static final int MOST_ROUNDS = 1 << 20;
  private static final int WARM_UP = 3;

  /** The serial collector leaves some of what is dead where it is, but not each fourth time. */
  private static final int COLLECTIONS = 4;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private OwnTime() {}

  /** Processor time of this thread so far, in nanoseconds. */
  static long nanos() {
    return THREADS.getCurrentThreadCpuTime();
  }

  /**
   * Processor time of one call, in microseconds, for some runs: each long enough to be timed, after
   * warm-up.
   */
  static List<Double> micros(int runs, Runnable work) {
    int rounds = 1;
    while (rounds < MOST_ROUNDS && time(rounds, work) < LEAST_NANOS) {
      rounds *= 2;
    }
    List<Double> found = new ArrayList<>();
    for (int run = -WARM_UP; run < runs; run++) {
      double micros = time(rounds, work) / 1e3 / rounds;
      if (run >= 0) {
        found.add(micros);
      }
    }
    return found;
  }

  /** Bytes that one call allocates, on average. */
  static double allocated(int rounds, Runnable work) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < rounds; i++) {
      work.run();
    }
    return (double) (THREADS.getCurrentThreadAllocatedBytes() - before) / rounds;
  }

  /** Bytes of the heap that are in use, after a collection. */
  static long liveBytes() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long time(int rounds, Runnable work) {
    long before = nanos();
    for (int i = 0; i < rounds; i++) {
      work.run();
    }
    return nanos() - before;
  }
}
