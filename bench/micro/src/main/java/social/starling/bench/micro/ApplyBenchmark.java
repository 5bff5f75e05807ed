package social.starling.bench.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import social.starling.bench.state.Town;

/**
 * Entries made and applied to the tables in memory. Users follow one author; the entries are that
 * author's posts, or one more follower who comes and goes.
 */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class ApplyBenchmark extends InnerLoop {

  private static final int AUTHOR = 0;
  private static final int FOLLOWER = 1;

  @Param({"10", "1000", "100000"})
  public int followers;

  private Town town;

  /** Anew for each iteration, for posts stay. */
  @Setup(Level.Iteration)
  public void found() {
    town = new Town();
    town.register(followers + 2);
    for (int user = 2; user < followers + 2; user++) {
      town.follow(user, AUTHOR);
    }
  }

  @Benchmark
  public void post() {
    town.post(AUTHOR);
  }

  /** Two entries. */
  @Benchmark
  public void followAndUnfollow() {
    town.follow(FOLLOWER, AUTHOR);
    town.unfollow(FOLLOWER, AUTHOR);
  }
}
