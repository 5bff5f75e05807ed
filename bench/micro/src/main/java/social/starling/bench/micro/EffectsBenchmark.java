package social.starling.bench.micro;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import social.starling.bench.state.Town;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.storage.Batch;

/**
 * What committed posts change, many at once, as both members write it: records at the ends of their
 * authors' files, and rows of the posts, of the clients and of their answers. The entries are in
 * the journal before, and nothing is synced. The time is that of all of them.
 */
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 10, time = 2)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
public class EffectsBenchmark extends OnVolume {

  @Param({"1024"})
  public int changes;

  /** Each is a user, too. */
  @Param({"10000"})
  public int clients;

  private final Random random = new Random(1);
  private long[] written;
  private List<Change> next = new ArrayList<>();

  /** Makes a volume whose users are registered. */
  @Setup
  public void open() throws IOException {
    openVolume();
    written = new long[clients];
    List<Entry> logins = new ArrayList<>();
    logins.add(entries.slots());
    for (int client = 0; client < clients; client++) {
      entries.asClient(client, written[client]++);
      logins.add(entries.login(Town.name(client)));
    }
    commit(logins);
    write();
  }

  /** Makes the entries and applies them before their time counts. */
  @Setup(Level.Invocation)
  public void prepare() {
    List<Entry> posts = new ArrayList<>(changes);
    for (int i = 0; i < changes; i++) {
      int client = random.nextInt(clients);
      entries.asClient(client, written[client]++);
      posts.add(entries.post(Town.name(client), Town.TEXT));
    }
    commit(posts);
    trim(changes);
  }

  private void commit(List<Entry> appended) {
    volume.write(Batch.append(appended));
    next = applied(appended);
  }

  @Benchmark
  public void write() {
    volume.write(Batch.apply(next));
  }
}
