package social.starling.bench.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import social.starling.bench.core.MemoryPair;

/**
 * The replication rules of both members, with memory for disks: a number of entries is submitted,
 * appended, acknowledged and committed together. The time is that of all of them.
 */
@BenchmarkMode(Mode.AverageTime)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx1g",
      "-XX:+UseSerialGC",
      "-XX:+UseCompactObjectHeaders",
      "--enable-native-access=ALL-UNNAMED"
    })
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
public class RulesBenchmark {

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
