package social.starling.bench.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import social.starling.bench.core.MemoryPair;

/**
 * The replication rules of both members, with memory for disks: a number of entries is submitted,
 * appended, acknowledged and committed together. The time is that of all of them.
 */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
public class RulesBenchmark extends InnerLoop {

  private static final int REQUEST_BYTES = 250;

  @Param({"1", "10", "100"})
  public int batch;

  private MemoryPair pair;

  @Setup
  public void open() {
    pair = new MemoryPair(batch, REQUEST_BYTES);
    pair.open();
  }

  /** Until as many more are committed. */
  @Benchmark
  public long commit() {
    long end = pair.committed() + batch;
    while (pair.committed() < end) {
      pair.round();
    }
    return pair.committed();
  }
}
