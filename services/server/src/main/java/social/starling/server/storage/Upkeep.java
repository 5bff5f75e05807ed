package social.starling.server.storage;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * fsyncs post files and checkpoints the write-ahead log beside the store thread, so that no write
 * waits for either. One thread of its own, or whoever calls {@link Volume#upkeep}.
 */
final class Upkeep {

  private static final long LOOK_MILLIS = 1_000;
  private static final Duration JOIN = Duration.ofSeconds(2);

  private final Volume volume;
  private final VolumeOptions options;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition due = lock.newCondition();
  private boolean stopped;
  private Thread thread;

  /** When the oldest bytes that are not fsynced were seen; 0 when there are none. */
  private long unsyncedSince;

  Upkeep(Volume volume, VolumeOptions options) {
    this.volume = volume;
    this.options = options;
  }

  void start() {
    if (options.background()) {
      thread = Thread.ofPlatform().name("volume-upkeep").daemon().start(this::loop);
    }
  }

  void wake() {
    if (thread != null && volume.content().unchecked >= options.checkpointBytes()) {
      lock.lock();
      try {
        due.signal();
      } finally {
        lock.unlock();
      }
    }
  }

  void stop() {
    lock.lock();
    try {
      stopped = true;
      due.signal();
    } finally {
      lock.unlock();
    }
    awaitEnd(thread);
  }

  /** Waits for 2 s at most: a disk that hangs is not waited for. Not for oneself, or nobody. */
  static void awaitEnd(Thread thread) {
    if (thread != null && thread != Thread.currentThread()) {
      try {
        thread.join(JOIN);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void loop() {
    while (waitUntilDue()) {
      try {
        volume.upkeep(false);
        volume.restoreReserve();
      } catch (StorageException e) {
        // A volume that failed tells its store thread. Otherwise its content was being replaced, or
        // the disk is full.
        if (volume.failure().isPresent()) {
          return;
        }
      }
    }
  }

  private boolean waitUntilDue() {
    lock.lock();
    try {
      if (!stopped) {
        due.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      }
      return !stopped;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  void run(Content content, boolean now) throws SQLException, IOException {
    if (now || content.unchecked >= options.checkpointBytes()) {
      content.checkpoint();
    }
    if (content.nothingToSync()) {
      unsyncedSince = 0;
      return;
    }
    long unsynced = content.files.unsyncedBytes();
    if (unsyncedSince == 0) {
      unsyncedSince = System.nanoTime() | 1;
    }
    boolean old = System.nanoTime() - unsyncedSince >= options.syncAge().toNanos();
    if (now || old || unsynced >= options.syncBytes()) {
      unsyncedSince = 0;
      content.syncFiles();
    }
  }
}
