package social.starling.bench.micro;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import social.starling.bench.state.Town;

/** The posts of those whom a user follows merged, with their texts, from memory. */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class TimelineBenchmark extends InnerLoop {

  private static final int POSTS_EACH = 10;
  private static final int READER = 0;

  @Param({"50", "500", "5000"})
  public int followed;

  private final Town town = new Town();
  private final String reader = Town.name(READER);
  private long cursor;
  private long middle;

  /** Everyone posts in turn, in no order. */
  @Setup
  public void found() {
    SplittableRandom random = new SplittableRandom(1);
    town.register(followed + 1);
    for (int author = 1; author <= followed; author++) {
      town.follow(READER, author);
    }
    for (int i = 0; i < followed * POSTS_EACH; i++) {
      town.post(1 + random.nextInt(followed));
    }
    cursor = town.state().appliedIndex() - 5;
    middle = town.state().timeline(reader, 0, 0, 200).orElseThrow().posts().getLast().getId();
  }

  @Benchmark
  public Object newest() {
    return town.state().timeline(reader, 0, 0, 20).orElseThrow();
  }

  /** The page that begins 200 posts back. */
  @Benchmark
  public Object older() {
    return town.state().timeline(reader, middle, 0, 20).orElseThrow();
  }

  /** What a live stream does when it is woken: here for the last five posts. */
  @Benchmark
  public Object sinceCursor() {
    return town.state().streamSince(reader, cursor, 20).orElseThrow();
  }
}
