package social.starling.server.member;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.replication.Effect;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.storage.Batch;
import social.starling.server.storage.Volume;

/**
 * The one thread that writes to the volume. What arrived during one fsync makes the next batch.
 *
 * <p>Its queue needs no bound of its own: the replica bounds what is uncommitted, and each entry is
 * here at most twice, as an entry and as its change.
 */
final class StoreThread implements AutoCloseable {

  /** How long effects wait for an entry to share the fsync with. */
  private static final long LAZY_MILLIS = 10;

  private static final int MAX_BATCH = 4096;

  private final Logger log = LoggerFactory.getLogger(StoreThread.class);

  private sealed interface Work {
    record Persist(Effect.Persist effect) implements Work {}

    record Apply(Change change) implements Work {}

    record Run(Job job) implements Work {}

    record Stop() implements Work {}
  }

  /** Something that must happen between two batches. */
  interface Job {
    void run(Volume volume) throws Exception;
  }

  private final BlockingQueue<Work> queue = new LinkedBlockingQueue<>();
  private final Volume volume;
  private final LongConsumer persisted;
  private final Consumer<Exception> failed;
  private final LongConsumer fsyncNanos;
  private final Thread thread;
  private boolean broken;

  StoreThread(
      Volume volume,
      String name,
      LongConsumer persisted,
      Consumer<Exception> failed,
      LongConsumer fsyncNanos) {
    this.volume = volume;
    this.persisted = persisted;
    this.failed = failed;
    this.fsyncNanos = fsyncNanos;
    this.thread = Thread.ofPlatform().name("store-" + name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void persist(Effect.Persist effect) {
    queue.add(new Work.Persist(effect));
  }

  void apply(Change change) {
    queue.add(new Work.Apply(change));
  }

  void run(Job job) {
    queue.add(new Work.Run(job));
  }

  int waiting() {
    return queue.size();
  }

  /** Writes what is queued and ends. */
  @Override
  public void close() throws InterruptedException {
    queue.add(new Work.Stop());
    thread.join(2_000);
  }

  private void run() {
    List<Work> work = new ArrayList<>();
    try {
      while (true) {
        work.add(queue.take());
        queue.drainTo(work, MAX_BATCH);
        if (work.stream().allMatch(each -> each instanceof Work.Apply)) {
          Work more = queue.poll(LAZY_MILLIS, TimeUnit.MILLISECONDS);
          if (more != null) {
            work.add(more);
            queue.drainTo(work, MAX_BATCH);
          }
        }
        if (!write(work)) {
          return;
        }
        work.clear();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether to go on. */
  private boolean write(List<Work> work) {
    Assembly batch = new Assembly();
    for (Work each : work) {
      switch (each) {
        case Work.Persist(Effect.Persist effect) -> batch.add(effect);
        case Work.Apply(Change change) -> batch.add(change);
        case Work.Run(Job job) -> {
          commit(batch);
          batch = new Assembly();
          if (!broken) {
            runJob(job);
          }
        }
        case Work.Stop() -> {
          commit(batch);
          return false;
        }
      }
    }
    commit(batch);
    return true;
  }

  private void runJob(Job job) {
    try {
      job.run(volume);
    } catch (Exception e) {
      fail(e);
    }
  }

  private void commit(Assembly batch) {
    if (broken || batch.isEmpty()) {
      return;
    }
    try {
      long before = System.nanoTime();
      volume.write(batch.toBatch());
      fsyncNanos.accept(System.nanoTime() - before);
      if (batch.ticket > 0) {
        persisted.accept(batch.ticket);
      }
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  private void fail(Exception e) {
    broken = true;
    log.error("the volume failed; this member leaves the in-sync set", e);
    failed.accept(e);
  }

  /** Several persists and changes, folded into one batch. */
  private static final class Assembly {
    private long ticket;
    private long promised;
    private long truncateAfter = -1;
    private final List<Entry> append = new ArrayList<>();
    private final List<Change> changes = new ArrayList<>();

    void add(Effect.Persist effect) {
      ticket = effect.ticket();
      promised = Math.max(promised, effect.promised());
      if (effect.truncateAfter() >= 0) {
        long after = effect.truncateAfter();
        while (!append.isEmpty() && append.getLast().index() > after) {
          append.removeLast();
        }
        truncateAfter = truncateAfter < 0 ? after : Math.min(truncateAfter, after);
      }
      append.addAll(effect.append());
    }

    void add(Change change) {
      changes.add(change);
    }

    boolean isEmpty() {
      return ticket == 0 && changes.isEmpty();
    }

    Batch toBatch() {
      return new Batch(
          promised > 0 ? OptionalLong.of(promised) : OptionalLong.empty(),
          truncateAfter >= 0 ? OptionalLong.of(truncateAfter) : OptionalLong.empty(),
          append,
          changes);
    }
  }
}
