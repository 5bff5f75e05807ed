package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.replication.Effect;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;
import social.starling.server.storage.VolumeOptions;

/** What is written when: entries at once, their effects later, many at once. */
@Timeout(60)
class StoreThreadTest {

  @TempDir Path directory;

  private final Entries entries = new Entries();
  private final AtomicLong persisted = new AtomicLong();
  private final AtomicInteger batches = new AtomicInteger();
  private Volume volume;
  private StoreThread store;
  private long ticket;

  @BeforeEach
  void open() {
    volume =
        Volume.open(
            directory.resolve("volume"), Disk.local(), VolumeOptions.DEFAULT.withoutBackground());
    start(StoreThread.HOLD);
    write(entries.slots());
    write(entries.login("alice"));
  }

  private void start(Duration hold) {
    store =
        new StoreThread(
            volume,
            "alpha-1",
            persisted::set,
            failure -> {
              throw new AssertionError(failure);
            },
            () -> {},
            (count, nanos) -> batches.incrementAndGet(),
            hold);
    store.start();
  }

  @AfterEach
  void close() throws InterruptedException {
    assertThat(store.stop(Duration.ofSeconds(10))).isTrue();
    volume.close();
  }

  private void write(Entry entry) {
    store.persist(new Effect.Persist(++ticket, 1, -1, List.of(entry)));
    Change change = volume.state().apply(entry).change();
    store.apply(List.of(change));
  }

  private void awaitPersisted() {
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(() -> persisted.get() == ticket);
  }

  /** Between two batches, as jobs are; so everything before is written by then. */
  private long applied() {
    CompletableFuture<Long> applied = new CompletableFuture<>();
    store.run(writable -> applied.complete(writable.journalState().appliedIndex()));
    return applied.join();
  }

  private long appliedAside() {
    CompletableFuture<Long> applied = new CompletableFuture<>();
    store.runAside(writable -> applied.complete(writable.journalState().appliedIndex()));
    return applied.join();
  }

  private String posts() throws Exception {
    try (var files = Files.walk(directory)) {
      Path file = files.filter(each -> each.endsWith("alice.txt")).findFirst().orElse(directory);
      return Files.isDirectory(file) ? "" : Files.readString(file);
    }
  }

  @Test
  void effectsAreWrittenSoonThoughNothingElseComes() {
    write(entries.post("alice", "a lone post"));
    await().untilAsserted(() -> assertThat(posts()).contains("a lone post"));
    assertThat(persisted).hasValue(ticket);
  }

  @Test
  void effectsOfManyEntriesAreWrittenAtOnce() {
    assertThat(applied()).isEqualTo(2);
    int before = batches.get();
    for (int i = 0; i < 20; i++) {
      write(entries.post("alice", "post " + i));
      awaitPersisted();
    }
    await().untilAsserted(() -> assertThat(posts()).contains("post 19"));
    assertThat(applied()).isEqualTo(22); // Files are written before the transaction has ended.
    // Each entry alone, and now and then what was held back: on a slow machine more often.
    assertThat(batches.get() - before).isGreaterThan(20).isLessThan(40);
  }

  @Test
  void effectsDoNotWaitForTimeWhenTheyAreManyAndThenUpToARoundNumber() throws Exception {
    assertThat(store.stop(Duration.ofSeconds(10))).isTrue();
    start(Duration.ofHours(1));
    for (int i = 3; i <= 2_100; i++) {
      write(entries.post("alice", "post " + i));
    }
    awaitPersisted();
    // Jobs aside are looking after old entries, and need not see all effects; others do.
    assertThat(appliedAside()).isEqualTo(2_048);
    assertThat(appliedAside()).isEqualTo(2_048);
    assertThat(applied()).isEqualTo(2_100);
    assertThat(posts()).contains("post 2100");
  }

  @Test
  void whatIsHeldBackIsWrittenBeforeAJobAndAtTheEnd() throws Exception {
    write(entries.post("alice", "before a job"));
    assertThat(applied()).isEqualTo(3);
    assertThat(posts()).contains("before a job");
    write(entries.post("alice", "the last words"));
    assertThat(store.stop(Duration.ofSeconds(10))).isTrue();
    assertThat(posts()).contains("the last words");
    assertThat(volume.journalState().appliedIndex()).isEqualTo(4);
  }
}
