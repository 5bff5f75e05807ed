package social.starling.bench.micro;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import social.starling.bench.state.Town;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.storage.Batch;

/**
 * A batch of posts made durable on a real volume, in the system's temporary folder: the entries,
 * the rows and records of the batch before, and the one fsync. The time is that of the batch.
 */
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
public class JournalBenchmark extends OnVolume {

  private static final int USERS = 1_000;

  @Param({"1", "10", "100"})
  public int batch;

  private List<Entry> next = new ArrayList<>();
  private List<Change> applied = new ArrayList<>();
  private int author;

  /** Makes a volume whose users are registered. */
  @Setup
  public void open() throws IOException {
    openVolume();
    next.add(entries.slots());
    for (int user = 0; user < USERS; user++) {
      next.add(entries.login(Town.name(user)));
    }
    write();
    apply();
  }

  /** Makes the entries before their time counts. */
  @Setup(Level.Invocation)
  public void prepare() {
    next = new ArrayList<>(batch);
    for (int i = 0; i < batch; i++) {
      author = (author + 1) % USERS;
      next.add(entries.post(Town.name(author), Town.TEXT));
    }
  }

  /** Applies what was written, which another thread of a server does meanwhile. */
  @TearDown(Level.Invocation)
  public void apply() {
    applied = applied(next);
    trim(next.size());
  }

  @Benchmark
  public void write() {
    volume.write(new Batch(OptionalLong.empty(), OptionalLong.empty(), next, applied));
  }
}
