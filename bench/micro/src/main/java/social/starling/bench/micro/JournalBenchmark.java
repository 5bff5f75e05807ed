package social.starling.bench.micro;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import social.starling.bench.state.EntrySource;
import social.starling.bench.state.Town;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.storage.Batch;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/**
 * A batch of posts made durable on a real volume, in the system's temporary folder: the entries,
 * the rows and records of the batch before, and the one fsync. The time is that of the batch.
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
public class JournalBenchmark {

  private static final int USERS = 1_000;
  private static final int KEPT = 100_000;

  @Param({"1", "10", "100"})
  public int batch;

  private final EntrySource entries = new EntrySource();
  private Path directory;
  private Volume volume;
  private List<Entry> next = new ArrayList<>();
  private List<Change> applied = new ArrayList<>();
  private int author;

  /** Makes a volume whose users are registered. */
  @Setup
  public void open() throws IOException {
    directory = Files.createTempDirectory("starling-journal-");
    volume = Volume.open(directory, Disk.local());
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
    applied = new ArrayList<>(next.size());
    for (Entry entry : next) {
      applied.add(volume.state().apply(entry).change());
    }
    if (entries.lastIndex() % KEPT < next.size()) {
      volume.trim(entries.lastIndex() - KEPT);
    }
  }

  @Benchmark
  public void write() {
    volume.write(new Batch(OptionalLong.empty(), OptionalLong.empty(), next, applied));
  }

  /** Deletes it all. */
  @TearDown
  public void close() throws IOException {
    volume.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
