package social.starling.server.storage;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.replication.Entry;
import social.starling.replication.JournalReader;
import social.starling.replication.JournalState;
import social.starling.server.state.State;

/**
 * A member's volume: the journal, the tables and the post files, and whatever it takes to find them
 * whole after a crash at any moment.
 *
 * <pre>
 * &lt;volume&gt;/
 *   lock              held by the process that uses the volume
 *   volume-id         identity of what is on it
 *   state.db          SQLite, WAL
 *   posts/ab/alice.txt
 *   incoming/         a full copy that is being received
 *   discard           what is here is given up at the next opening
 *   snapshot-N.db     a copy that is being sent
 *   reserve           space for when the disk is full
 * </pre>
 *
 * <p>{@link #write} does, in this order:
 *
 * <ol>
 *   <li>The records of new posts and deletions are written to the post files, at the offsets that
 *       the state gave them, without fsync.
 *   <li>One transaction takes the promise, the truncation, the entries and the rows, and says up to
 *       which entry all is applied. After its commit the log of the database is synced: the one
 *       wait for the disk.
 * </ol>
 *
 * <p>Post files are fsynced later; the database knows up to which entry ({@code files_synced}). So
 * whenever a volume is opened, every record of an entry that is applied is in its file, or can be
 * written again, with the same bytes at the same place, from an entry that is still in the journal:
 * {@link #trim} keeps those. What a file holds beyond was never committed and is cut off.
 *
 * <p><b>Threads.</b> {@link #write}, {@link #trim}, {@link #journalState} and {@link
 * Installation#commit} belong to one thread, the store thread, which must never be interrupted. The
 * rest may be called by any. After a failure of a write, an fsync or a checkpoint the volume is
 * {@linkplain #failure failed}: every later call throws the same. A full disk is no such failure:
 * what did not fit is undone, and may be tried again.
 */
public final class Volume implements AutoCloseable, JournalReader {

  private static final long SCRUB_BYTES_PER_SECOND = 40L << 20;

  /** Entries that one call of {@link #trim} drops at most. */
  private static final int TRIM_ENTRIES = 10_000;

  /** Entries that one call of {@link #trimOlder} drops at most. */
  private static final int OLD_ENTRIES = 1_000;

  private final Path directory;
  private final Disk disk;
  private final VolumeOptions options;
  private final VolumeLock lock;
  private final List<String> damage = new CopyOnWriteArrayList<>();
  private final AtomicLong snapshots = new AtomicLong();
  private final Upkeep upkeep;
  private final long lockedAt = System.nanoTime();

  private volatile Consumer<String> onDamage = sentence -> {};

  /** Stands for the content whose damage counts. */
  private volatile Object finder;

  private volatile Content content;
  private volatile StorageException failure;
  private volatile long writingSince;
  private volatile boolean closing;
  private volatile Thread scrubber;

  private Volume(Path directory, Disk disk, VolumeOptions options, VolumeLock lock) {
    this.directory = directory;
    this.disk = disk;
    this.options = options;
    this.lock = lock;
    this.upkeep = new Upkeep(this, options);
  }

  /** As below, with {@link VolumeOptions#DEFAULT}. */
  public static Volume open(Path directory, Disk disk) {
    return open(directory, disk, VolumeOptions.DEFAULT);
  }

  /**
   * Opens a volume; a directory that is empty or not there becomes a new one.
   *
   * @throws StartException with exit code 3 when another process uses it or its format is newer; 4
   *     when it cannot be read or written or is damaged
   */
  public static Volume open(Path directory, Disk disk, VolumeOptions options) {
    VolumeLock lock = null;
    Volume volume = null;
    try {
      Files.createDirectories(directory);
      lock = VolumeLock.take(directory);
      volume = new Volume(directory, disk, options, lock);
      new Reserve(directory, disk, options.reserveBytes()).releaseIfNeeded();
      Discard.finish(directory, disk);
      Installation.recover(directory, disk);
      Directories.deleteSnapshots(directory, disk);
      Creation.ensure(directory, disk);
      volume.content = new Content(directory, disk, options, volume.finder());
      volume.upkeep.start();
      volume.scrubInBackground();
      return volume;
    } catch (IOException | SQLException | RuntimeException e) {
      RuntimeException refusal = StartFailures.of(directory, e);
      closeAfter(refusal, volume, lock);
      throw refusal;
    }
  }

  private static void closeAfter(RuntimeException first, Volume volume, VolumeLock lock) {
    try {
      if (volume != null && volume.content != null) {
        volume.content.close();
      }
      if (lock != null) {
        lock.close();
      }
    } catch (IOException | SQLException e) {
      first.addSuppressed(e);
    }
  }

  /**
   * {@link System#nanoTime} when this process had taken the lock: no earlier process of this volume
   * has done anything since.
   */
  public long lockedAt() {
    return lockedAt;
  }

  /**
   * Has what is in a directory given up when it is opened the next time: it becomes an empty volume
   * with a new id. Only for one on which nobody counts any more. Any thread, also while it is in
   * use.
   */
  public static void discardAtNextOpening(Path directory, Disk disk) throws IOException {
    Discard.mark(directory, disk);
  }

  /** Whether a volume could not be opened because what it holds is damaged. */
  public static boolean isDamage(StartException e) {
    return e.getCause() instanceof StorageException storage
        && storage.kind() == StorageException.Kind.DAMAGED;
  }

  /** Bytes that can still be written. Any thread. */
  public long freeBytes() throws IOException {
    return disk.freeBytes(directory);
  }

  /** Identity of what is on the volume; a full copy changes it. */
  public String id() {
    return usable().meta.volume;
  }

  /** Whether anything was ever promised or journaled under this {@link #id}. Store thread. */
  public boolean used() {
    return usable().meta.used();
  }

  /**
   * Says whose volume this is, durably: of one cluster for good, of the member that uses it. Store
   * thread.
   *
   * @param number of the cluster
   * @throws StartException with exit code 3: it is a volume of another cluster
   * @throws StorageException the volume failed
   */
  public void introduce(String cluster, int number, String member) {
    Introduction given = new Introduction(cluster, number, member);
    Optional<Introduction> known = introduction();
    known.ifPresent(own -> requireSame(own, given));
    if (!known.equals(Optional.of(given))) {
      run(
          "writing",
          content -> {
            content.introduce(given);
            return null;
          });
    }
  }

  private void requireSame(Introduction own, Introduction given) {
    if (!own.cluster().equals(given.cluster()) || own.number() != given.number()) {
      throw new StartException(
          ExitCode.REFUSED,
          "the volume %s belongs to cluster %s (number %d), not to cluster %s (number %d); choose"
                  .formatted(
                      directory, own.cluster(), own.number(), given.cluster(), given.number())
              + " another directory with --dir");
    }
  }

  /** Whose volume this is, once it was {@linkplain #introduce introduced}. Store thread. */
  public Optional<Introduction> introduction() {
    return usable().meta.introduction();
  }

  /** What the volume holds now. Store thread. */
  public JournalState journalState() {
    return run("reading the journal", Content::journalState);
  }

  /**
   * The state at the applied index of {@link #journalState}, from when the volume was opened on.
   */
  public State state() {
    return usable().state;
  }

  /**
   * Makes a batch durable: all of it or nothing. Changes alone are written and become durable with
   * the next batch that has more; until then they are made again from the journal. Store thread.
   *
   * @throws StorageException FULL: nothing of the batch is there, and it may be written again;
   *     otherwise the volume failed, and what of the batch is there is known when it is opened
   *     again
   */
  public void write(Batch batch) {
    writingSince = System.nanoTime() | 1;
    try {
      run(
          "writing",
          content -> {
            content.write(batch);
            return null;
          });
    } finally {
      writingSince = 0;
    }
    upkeep.wake();
  }

  /** Since when a write has been under way ({@link System#nanoTime}, never 0); 0 when none is. */
  public long writingSince() {
    return writingSince;
  }

  @Override
  public List<Entry> read(long from, long to, int maxBytes) {
    return run("reading the journal", content -> content.journal.read(from, to, maxBytes));
  }

  /**
   * Drops journal entries up to an index, but none whose post file is not fsynced. The caller sees
   * to it that nobody needs them. Store thread; bounded work, so call again while the result is
   * below what can be had.
   *
   * @return index of the last entry that was ever dropped
   */
  public long trim(long upTo) {
    return run("trimming the journal", content -> content.trim(upTo, TRIM_ENTRIES));
  }

  /**
   * As {@link #trim}, but only entries made before a time, in milliseconds since 1970-01-01Z.
   *
   * @return index of the last entry that was ever dropped
   */
  public long trimOlder(long timeMillis, long upTo) {
    return run("trimming the journal", content -> content.trimOlder(timeMillis, upTo, OLD_ENTRIES));
  }

  /** Weight of the journal's entries. */
  public long journalBytes() {
    return usable().journalBytes;
  }

  /**
   * Time of the journal's oldest entry, in milliseconds since 1970-01-01Z; empty if it has none.
   */
  public OptionalLong oldestEntryMillis() {
    return run("reading the journal", Content::oldestTime);
  }

  /** Entries up to here can be trimmed: their effects are in the database and fsynced files. */
  public long trimmable() {
    return usable().synced;
  }

  /** A consistent copy of everything, made without holding up the writer. */
  public Snapshot snapshot() {
    return attempt(
        "copying the volume",
        content -> Snapshot.take(content, "snapshot-" + snapshots.incrementAndGet() + ".db"));
  }

  /**
   * Begins to receive a full copy. What is on the volume stays in use until it is committed. One at
   * a time.
   */
  public Installation beginInstall() {
    return attempt("receiving a full copy", content -> Installation.begin(this));
  }

  /**
   * Digests of tables and post files at one applied index, and whatever is not as it should be.
   * With {@link VolumeOptions#background} that is written again afterwards, if the journal has it.
   *
   * @param files list every file
   */
  public Digest digest(boolean files) {
    Digest found =
        attempt(
            "reading the volume",
            content -> {
              try (Connection connection = Sql.openReadOnly(content.database)) {
                return Digest.of(connection, content.files, files);
              }
            });
    Thread last = scrubber;
    if (!found.damage().isEmpty() && (last == null || !last.isAlive())) {
      scrubInBackground();
    }
    return found;
  }

  /**
   * What was found damaged, in sentences, and cannot be written again from the journal: this member
   * should take a full copy from the other.
   */
  public List<String> damage() {
    return List.copyOf(damage);
  }

  /** Is told of damage found from now on, by the thread that finds it. */
  public void onDamage(Consumer<String> listener) {
    onDamage = listener;
  }

  /** Why the volume failed, once it has. */
  public Optional<StorageException> failure() {
    return Optional.ofNullable(failure);
  }

  /**
   * fsyncs post files and moves the write-ahead log into the database, as far as it is due. One
   * thread; a volume with {@link VolumeOptions#background} does it by itself.
   */
  public void upkeep(boolean now) {
    run(
        "syncing post files",
        content -> {
          upkeep.run(content, now);
          return null;
        });
  }

  /** Keeps space for when the disk is full; without it everything goes on as before. */
  void restoreReserve() {
    attempt(
        "keeping space in reserve",
        content -> {
          content.reserve.restore();
          return null;
        });
  }

  /**
   * Reads every record of the post files and checks it; those that are damaged are written again
   * from the journal, or told ({@link #onDamage}). Any thread. A volume with {@link
   * VolumeOptions#background} does it once, slowly, after it was opened.
   */
  public void scrub() {
    scrub(0);
  }

  private void scrub(long bytesPerSecond) {
    attempt(
        "reading post files",
        content -> {
          new Scrub(content, bytesPerSecond, () -> closing || content.closed || failure != null)
              .run();
          return null;
        });
  }

  private void scrubInBackground() {
    if (options.background()) {
      scrubber =
          Thread.ofPlatform()
              .name("volume-scrub")
              .daemon()
              .start(() -> {
                try {
                  scrub(SCRUB_BYTES_PER_SECOND);
                } catch (StorageException e) {
                  if (!closing) {
                    damaged(e.getMessage());
                  }
                }
              });
    }
  }

  /** Ends cleanly: everything is fsynced. A failed volume is only let go. */
  @Override
  public void close() {
    closing = true;
    upkeep.stop();
    awaitScrubber();
    Content open = content;
    StorageException failed = failure;
    failure =
        failed == null
            ? new StorageException(
                StorageException.Kind.CLOSED, "the volume %s is closed".formatted(directory), null)
            : failed;
    try (lock) {
      if (failed == null) {
        settle(open);
      }
      open.close();
    } catch (IOException | SQLException e) {
      throw failed("closing", e);
    }
  }

  private static void settle(Content open) throws SQLException, IOException {
    try {
      open.settle();
    } catch (SQLException | IOException e) {
      if (!full(e)) {
        throw e; // On a full disk the next opening does what is left, as after a crash.
      }
    }
  }

  /** It looks at {@code closing} between two records. */
  private void awaitScrubber() {
    Thread running = scrubber;
    LockSupport.unpark(running);
    Upkeep.awaitEnd(running);
  }

  /** Lets go of everything as a crash would, but for this process. For tests. */
  void abandon() {
    closing = true;
    upkeep.stop();
    awaitScrubber();
    fail(
        new StorageException(
            StorageException.Kind.CLOSED, "the volume %s is closed".formatted(directory), null));
    try (lock) {
      content.close();
    } catch (IOException | SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  Path directory() {
    return directory;
  }

  Disk disk() {
    return disk;
  }

  VolumeOptions options() {
    return options;
  }

  Content content() {
    return usable();
  }

  void damaged(String sentence) {
    if (!damage.contains(sentence)) {
      damage.add(sentence);
      onDamage.accept(sentence);
    }
  }

  /** Work on the content that may fail as disks do. */
  @FunctionalInterface
  interface Work<T> {
    T on(Content content) throws SQLException, IOException;
  }

  /** As below, but a failure is the caller's alone: the volume stays in use. */
  private <T> T attempt(String what, Work<T> work) {
    Content open = usable();
    try {
      return work.on(open);
    } catch (IOException | SQLException e) {
      throw failed(what, e);
    }
  }

  <T> T run(String what, Work<T> work) {
    Content open = usable();
    try {
      return work.on(open);
    } catch (IOException | SQLException | RuntimeException e) {
      StorageException failed = failed(what, e);
      // A full disk has left everything as it was: with space again it goes on.
      boolean stays = open.closed || failed.kind() == StorageException.Kind.FULL;
      throw stays ? failed : fail(failed);
    }
  }

  /** Replaces the content by another, which is on the disk when {@code move} returns. */
  void replace(Work<?> move) {
    Content old = usable();
    try {
      finder = null;
      move.on(old);
      damage.clear();
      content = new Content(directory, disk, options, finder());
    } catch (IOException | SQLException | RuntimeException e) {
      throw fail(failed("installing a full copy", e));
    }
  }

  /** Takes damage from one content only, for a late reader of a closed one finds what is none. */
  private Consumer<String> finder() {
    Object own = new Object();
    finder = own;
    return sentence -> {
      if (finder == own) {
        damaged(sentence);
      }
    };
  }

  StorageException fail(StorageException e) {
    if (failure == null) {
      failure = e;
    }
    return e;
  }

  StorageException failed(String what, Exception e) {
    if (e instanceof StorageException storage) {
      return storage;
    }
    StorageException.Kind kind =
        switch (e) {
          case SQLException sql -> Sql.kind(sql);
          case IOException io when full(io) -> StorageException.Kind.FULL;
          default -> StorageException.Kind.FAILED;
        };
    String why = kind == StorageException.Kind.FULL ? "no space left" : e.getMessage();
    return new StorageException(
        kind, "%s failed on the volume %s: %s".formatted(what, directory, why), e);
  }

  /** Whether something failed for lack of space. */
  static boolean full(Exception e) {
    return switch (e) {
      case SQLException sql -> Sql.kind(sql) == StorageException.Kind.FULL;
      case FileSystemException file when file.getReason() != null -> full(file.getReason());
      case IOException io -> full(String.valueOf(io.getMessage()));
      default -> false;
    };
  }

  private static boolean full(String message) {
    return message.contains("No space left") || message.contains("quota exceeded");
  }

  private Content usable() {
    StorageException failed = failure;
    if (failed != null) {
      throw failed;
    }
    return content;
  }
}
