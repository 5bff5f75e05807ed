package social.starling.server.member;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.replication.Effect;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.storage.Batch;
import social.starling.server.storage.StorageException;
import social.starling.server.storage.Volume;

/**
 * The one thread that writes to the volume. What arrived during one fsync makes the next batch.
 *
 * <p>Somebody waits for entries, and nobody for the effects of those that are committed: the
 * journal has them. So effects are held back for a while and written many at once, which costs
 * little more than one of them: the rows of many clients share a page of the database, and each
 * page that is touched is written whole.
 *
 * <p>On a full disk it tries again until there is space, as if the disk were slow: nothing is said
 * to be durable meanwhile, and who waits for it sees a member that hangs.
 *
 * <p>Its queue needs no bound of its own: the replica bounds what is uncommitted, and each entry is
 * here at most twice, as an entry and as its change.
 */
final class StoreThread {

  /**
   * How long effects are held back at most. Longer than {@link #HOLD_CHANGES} of them take when
   * many write; when few do, what has gathered meanwhile is short work, and holds up nobody for
   * long.
   */
  static final Duration HOLD = Duration.ofMillis(150);

  /**
   * Effects are written up to each entry whose index is a multiple of this, at the latest: so both
   * members do it at the same time. Entries that come meanwhile wait until they are written.
   */
  private static final int HOLD_CHANGES = 1024;

  private static final int MAX_BATCH = 4096;

  /** How long what does not fit on a full disk waits before it is tried again. */
  private static final long FULL_MILLIS = 100;

  private final Logger log = LoggerFactory.getLogger(StoreThread.class);

  private sealed interface Work {
    record Persist(Effect.Persist effect) implements Work {}

    record Apply(List<Change> changes) implements Work {}

    /**
     * @param current whether all before is to be written, what is held back, too
     */
    record Run(Job job, boolean current) implements Work {}

    record Stop() implements Work {}
  }

  /** Something that must happen between two batches. */
  interface Job {
    void run(Volume volume) throws Exception;
  }

  /** Is told of each batch. */
  interface Batches {
    void written(int entries, long nanos);
  }

  private final BlockingQueue<Work> queue = new LinkedBlockingQueue<>();
  private final Volume volume;
  private final LongConsumer persisted;
  private final Consumer<Exception> failed;
  private final Runnable full;
  private final Batches written;
  private final Duration hold;
  private final Thread thread;
  private volatile boolean stopping;
  private volatile boolean writing;
  private volatile long begun;
  private boolean broken;
  private final List<Change> held = new ArrayList<>();
  private long heldSince;

  /**
   * @param persisted is told of each ticket
   * @param failed is told when the volume failed, once
   * @param full is told each time when something does not fit on the disk
   * @param hold for how long effects are held back at most
   */
  StoreThread(
      Volume volume,
      String name,
      LongConsumer persisted,
      Consumer<Exception> failed,
      Runnable full,
      Batches written,
      Duration hold) {
    this.volume = volume;
    this.persisted = persisted;
    this.failed = failed;
    this.full = full;
    this.written = written;
    this.hold = hold;
    this.thread = Thread.ofPlatform().name("store-" + name).daemon(true).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void persist(Effect.Persist effect) {
    queue.add(new Work.Persist(effect));
  }

  /** Those of consecutive entries. */
  void apply(List<Change> changes) {
    queue.add(new Work.Apply(changes));
  }

  /** After all that was given before. */
  void run(Job job) {
    queue.add(new Work.Run(job, true));
  }

  /** A job that looks after entries which were written long ago, and does not want all effects. */
  void runAside(Job job) {
    queue.add(new Work.Run(job, false));
  }

  int waiting() {
    return queue.size();
  }

  /** How long the batch that is being written has taken so far; zero when none is. */
  Duration writing() {
    // Read before the time, which is set before it.
    boolean busy = writing;
    return busy ? Duration.ofNanos(Math.max(0, System.nanoTime() - begun)) : Duration.ZERO;
  }

  /**
   * Writes what is queued and ends.
   *
   * @return whether it has ended; a disk may hang for longer than the limit
   */
  boolean stop(Duration limit) throws InterruptedException {
    stopping = true;
    queue.add(new Work.Stop());
    return thread.getState() == Thread.State.NEW || thread.join(limit);
  }

  private void run() {
    List<Work> work = new ArrayList<>();
    try {
      while (true) {
        Work first = next();
        if (first != null) {
          work.add(first);
          queue.drainTo(work, MAX_BATCH);
        }
        if (!write(work)) {
          return;
        }
        work.clear();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      fail(new IllegalStateException("the store thread failed: " + e, e));
    }
  }

  /** Waits for work; null when effects have been held back for long enough. */
  private Work next() throws InterruptedException {
    if (held.isEmpty()) {
      return queue.take();
    }
    return queue.poll(Math.max(0, holdLeft()), TimeUnit.NANOSECONDS);
  }

  /** Nanoseconds. */
  private long holdLeft() {
    return heldSince + hold.toNanos() - System.nanoTime();
  }

  /** Whether to go on. */
  private boolean write(List<Work> work) {
    Assembly batch = new Assembly();
    for (Work each : work) {
      switch (each) {
        case Work.Persist(Effect.Persist effect) -> batch.add(effect);
        case Work.Apply(List<Change> changes) -> changes.forEach(this::hold);
        case Work.Run(Job job, boolean current) -> {
          commit(batch);
          batch = new Assembly();
          if (current) {
            apply(held.size());
          }
          if (!broken) {
            runJob(job);
          }
        }
        case Work.Stop() -> {
          commit(batch);
          apply(held.size());
          return false;
        }
      }
    }
    commit(batch);
    // Afterwards, for nobody waits for effects.
    if (due() > 0) {
      apply(due());
    } else if (!held.isEmpty() && holdLeft() <= 0) {
      apply(held.size());
    }
    return true;
  }

  private void hold(Change change) {
    if (held.isEmpty()) {
      heldSince = System.nanoTime();
    }
    held.add(change);
  }

  /** So many of those held back, whose indices follow each other, come up to a round one. */
  private int due() {
    return held.isEmpty()
        ? 0
        : Math.max(0, held.size() - (int) (held.getLast().index() % HOLD_CHANGES));
  }

  /** Writes the first of those that are held back. */
  private void apply(int count) {
    for (int from = 0; from < count; from += HOLD_CHANGES) {
      int to = Math.min(count, from + HOLD_CHANGES);
      commit(Batch.apply(held.subList(from, to)), 0);
    }
    held.subList(0, count).clear();
    heldSince = System.nanoTime(); // The others came a moment ago.
  }

  private void runJob(Job job) {
    try {
      job.run(volume);
    } catch (Exception e) {
      fail(e);
    }
  }

  private void commit(Assembly batch) {
    commit(batch.toBatch(), batch.ticket);
  }

  /** A ticket of 0 is nobody's, and an empty batch with one is told all the same. */
  private void commit(Batch batch, long ticket) {
    if (broken || ticket == 0 && batch.isEmpty()) {
      return;
    }
    try {
      long before = System.nanoTime();
      begun = before;
      writing = true;
      try {
        if (!writeWhenItFits(batch)) {
          return;
        }
      } finally {
        writing = false;
      }
      written.written(batch.append().size(), System.nanoTime() - before);
      if (ticket > 0) {
        persisted.accept(ticket);
      }
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /** Whether it was written; not when this member stops before there is space. */
  private boolean writeWhenItFits(Batch batch) {
    while (true) {
      try {
        volume.write(batch);
        return true;
      } catch (StorageException e) {
        if (e.kind() != StorageException.Kind.FULL || volume.failure().isPresent()) {
          throw e;
        }
        full.run();
        if (stopping) {
          broken = true; // What follows must not be written without it.
          return false;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(FULL_MILLIS));
      }
    }
  }

  private void fail(Exception e) {
    broken = true;
    log.error("the volume failed; this member leaves the in-sync set", e);
    failed.accept(e);
  }

  /** Several persists, folded into one batch. */
  private static final class Assembly {
    private long ticket;
    private long promised;
    private long truncateAfter = -1;
    private final List<Entry> append = new ArrayList<>();

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

    Batch toBatch() {
      return new Batch(
          promised > 0 ? OptionalLong.of(promised) : OptionalLong.empty(),
          truncateAfter >= 0 ? OptionalLong.of(truncateAfter) : OptionalLong.empty(),
          append,
          List.of());
    }
  }
}
