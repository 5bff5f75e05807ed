package social.starling.server.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import social.starling.replication.Entry;
import social.starling.replication.EpochStart;
import social.starling.replication.JournalState;
import social.starling.server.state.Change;
import social.starling.server.state.Effect;
import social.starling.server.state.State;

/**
 * What is on a volume at present, open: an installation replaces it whole. The store thread owns
 * it; other threads use {@link #journal}, {@link #state} and what is volatile.
 */
final class Content implements AutoCloseable {

  static final String DATABASE = "state.db";
  static final String POSTS = "posts";

  /** 32 MiB. */
  private static final int LONG_LOG_PAGES = 8192;

  final Path directory;
  final Path database;
  final Disk disk;
  final VolumeOptions options;
  final Reserve reserve;
  final Connection connection;
  final Tables tables;
  final Journal journal;
  final PostFiles files;
  final Records records;
  final Meta meta;
  final State state;

  /** Of the journal's last entry, or of the base. */
  private long lastEpoch;

  private final ReentrantLock checkpointing = new ReentrantLock();
  private final ReentrantLock syncing = new ReentrantLock();
  private final Connection checkpointer;

  /** The database's write-ahead log, which is there as long as the database is open. */
  private final Disk.Out log;

  /** Pages in the write-ahead log when it was last looked at. */
  private volatile int logPages;

  /** Set before anything is closed: failures of those who still use this are no failures then. */
  volatile boolean closed;

  /** Post files hold, and the database knows, the effects of entries up to here. */
  volatile long written;

  /** Post files are fsynced for entries up to here; the database is told with the next batch. */
  volatile long synced;

  volatile long journalBytes;

  /** Bytes given to the database since a checkpoint began, roughly. */
  volatile long unchecked;

  Content(Path directory, Disk disk, VolumeOptions options, Consumer<String> damage)
      throws SQLException, IOException {
    this.directory = directory;
    this.database = directory.resolve(DATABASE);
    this.disk = disk;
    this.options = options;
    this.reserve = new Reserve(directory, disk, options.reserveBytes());
    this.connection = Sql.openUnsyncedWriter(database);
    try {
      this.meta = Meta.load(connection);
      this.tables = new Tables(connection);
      this.journal = new Journal(database);
      this.checkpointer = Sql.openPlain(database);
      disk.createDirectory(directory.resolve(POSTS));
      this.log = openLog();
      // An earlier process may have been killed before it did this for what it created.
      disk.syncDirectory(directory);
      this.files = new PostFiles(directory.resolve(POSTS), disk, options.openFiles());
      Consumer<String> whileOpen =
          sentence -> {
            if (!closed) {
              damage.accept(sentence);
            }
          };
      this.records = new Records(files, disk, journal, whileOpen);
      TableLoader loader = new TableLoader(connection, meta, records, options.cacheBytes());
      this.state = loader.load();
      List<EpochStart> epochs = journal.epochs();
      this.lastEpoch = epochs.isEmpty() ? meta.baseEpoch : epochs.getLast().epoch();
      this.written = meta.applied;
      this.journalBytes = meta.journalBytes;
      this.synced = meta.filesSynced;
      new Recovery(this, whileOpen).run(loader);
      files.recovered();
      connection.rollback();
    } catch (SQLException | IOException | RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  /**
   * The log that the database has open by now, synced: what an earlier process left in it may have
   * been written and not be durable, and is believed from here on.
   */
  private Disk.Out openLog() throws IOException {
    Path path = Sql.log(database);
    if (!Files.exists(path)) {
      // Another one would be made, and synced for nothing.
      throw new NoSuchFileException(
          path.toString(), null, "the database is open and its log is not there");
    }
    Disk.Out opened = disk.open(path);
    opened.sync();
    return opened;
  }

  void introduce(Introduction introduction) throws SQLException, IOException {
    meta.cluster = introduction.cluster();
    meta.number = introduction.number();
    meta.member = introduction.member();
    commit();
  }

  JournalState journalState() throws SQLException {
    return new JournalState(
        meta.volume,
        meta.promised,
        meta.baseIndex,
        meta.baseEpoch,
        meta.lastIndex,
        meta.lastId,
        meta.lastTime,
        journal.epochs(),
        meta.applied);
  }

  /**
   * Writes a batch. When the disk is full nothing of it is there, and it may be written again, also
   * with more.
   */
  void write(Batch batch) throws SQLException, IOException {
    check(batch);
    unchecked += weight(batch);
    transact(() -> {
      writeFiles(batch.applied());
      if (batch.promised().isPresent()) {
        meta.promised = batch.promised().getAsLong();
      }
      if (batch.truncateAfter().isPresent()) {
        truncate(batch.truncateAfter().getAsLong());
      }
      append(batch.append());
      tables.apply(batch.applied());
      if (!batch.applied().isEmpty()) {
        Change last = batch.applied().getLast();
        meta.applied = last.index();
        meta.checksum = last.totals().checksum();
        meta.horizon = last.totals().horizon();
      }
      if (batch.onlyApplies()) {
        commitUnsynced();
      } else {
        commit();
      }
    });
    if (!batch.applied().isEmpty()) {
      written = meta.applied;
      state.written(meta.applied);
    }
    restartLog();
  }

  /** Statements that end with a commit. */
  @FunctionalInterface
  private interface Transaction {
    void run() throws SQLException, IOException;
  }

  /** All of it or nothing; when the disk is full, once more with the space kept in reserve. */
  private void transact(Transaction transaction) throws SQLException, IOException {
    try {
      attempt(transaction);
    } catch (SQLException | IOException e) {
      if (!Volume.full(e) || !reserve.release()) {
        throw e;
      }
      attempt(transaction);
    }
  }

  /** A full disk is told before the commit, and leaves everything as it was. */
  private void attempt(Transaction transaction) throws SQLException, IOException {
    try {
      transaction.run();
    } catch (SQLException | IOException e) {
      if (Volume.full(e)) {
        undo();
      }
      throw e;
    }
  }

  private void undo() throws SQLException {
    tables.forget();
    try {
      connection.rollback();
    } catch (SQLException e) {
      // SQLite has ended the transaction itself, and the driver does not know.
      Sql.run(connection, "BEGIN");
    }
    meta.take(Meta.load(connection));
    List<EpochStart> epochs = journal.epochs();
    lastEpoch = epochs.isEmpty() ? meta.baseEpoch : epochs.getLast().epoch();
    connection.rollback();
  }

  /**
   * Copies the write-ahead log into the database beside the writer, as far as that goes without
   * waiting for anyone. Any thread.
   */
  void checkpoint() throws SQLException {
    checkpointing.lock();
    try {
      unchecked = 0;
      logPages = Sql.copyLog(checkpointer);
    } finally {
      checkpointing.unlock();
    }
  }

  /**
   * A log that is copied while it grows is never copied whole, and only one that is can begin again
   * from its start: when it is long, the writer itself copies the rest, while nothing is added.
   */
  private void restartLog() throws SQLException {
    if (logPages > LONG_LOG_PAGES && checkpointing.tryLock()) {
      try {
        Sql.copyLog(checkpointer);
        logPages = 0;
      } catch (SQLException e) {
        if (!Volume.full(e)) {
          throw e;
        }
        logPages = 0; // It stays long until the next checkpoint finds space.
      } finally {
        checkpointing.unlock();
      }
    }
  }

  /** Drops the oldest entries, up to one whose post files are fsynced; returns the new base. */
  long trim(long upTo, int most) throws SQLException, IOException {
    long limit = Math.min(Math.min(upTo, synced), Math.min(meta.applied, meta.baseIndex + most));
    if (limit <= meta.baseIndex) {
      return meta.baseIndex;
    }
    Entry last = journal.find(limit).orElseThrow(() -> missing(limit));
    transact(() -> {
      meta.journalBytes -= tables.trim(meta.baseIndex, limit);
      meta.baseIndex = limit;
      meta.baseEpoch = last.epoch();
      meta.baseId = last.id();
      meta.baseTime = last.timeMillis();
      commit();
    });
    return limit;
  }

  /** As above, and only entries made before a time. */
  long trimOlder(long timeMillis, long upTo, int most) throws SQLException, IOException {
    long last = journal.lastBefore(timeMillis, meta.baseIndex, meta.baseIndex + most);
    return trim(Math.min(upTo, last), most);
  }

  OptionalLong oldestTime() throws SQLException {
    return journal.oldestTime();
  }

  /**
   * fsyncs the post files. Any thread; one waits for another, since what the first has taken on is
   * not synced before it is done.
   */
  void syncFiles() throws IOException {
    syncing.lock();
    try {
      long upTo = written;
      files.sync();
      synced = upTo;
    } catch (IOException e) {
      // Also for lack of space: what was to be synced may be gone, so it must not be tried again.
      throw new StorageException(
          StorageException.Kind.FAILED,
          "syncing post files failed on the volume %s: %s".formatted(directory, e.getMessage()),
          e);
    } finally {
      syncing.unlock();
    }
  }

  /** Entries that write no record need no fsync. Whether there is nothing to sync. */
  boolean nothingToSync() {
    if (!syncing.tryLock()) {
      return false;
    }
    try {
      long upTo = written;
      boolean nothing = files.unsyncedBytes() == 0;
      if (nothing) {
        synced = upTo;
      }
      return nothing;
    } finally {
      syncing.unlock();
    }
  }

  /** fsyncs the post files and tells the database, so that there is nothing to recover. */
  void settle() throws SQLException, IOException {
    syncFiles();
    commit();
  }

  private void commit() throws SQLException, IOException {
    commitUnsynced();
    syncLog();
  }

  /** A loss of power may take it away, with nothing that was committed before it. */
  private void commitUnsynced() throws SQLException {
    meta.filesSynced = synced;
    tables.meta(meta);
    disk.commit(connection::commit);
    journalBytes = meta.journalBytes;
  }

  /** What was committed becomes durable: the one wait for the disk of a batch. */
  private void syncLog() {
    try {
      log.sync();
    } catch (IOException e) {
      // Also for lack of space: the transaction is there, whether it will stay is not known, and a
      // second try would say nothing of what the first one lost.
      throw new StorageException(
          StorageException.Kind.FAILED,
          "syncing the log of the database failed on the volume %s: %s"
              .formatted(directory, e.getMessage()),
          e);
    }
  }

  private void check(Batch batch) {
    long last = meta.lastIndex;
    if (batch.truncateAfter().isPresent()) {
      long after = batch.truncateAfter().getAsLong();
      if (after < meta.applied) {
        throw new IllegalArgumentException(
            "entries after %d cannot be dropped: %d is applied".formatted(after, meta.applied));
      }
      last = Math.min(last, after);
    }
    for (Entry entry : batch.append()) {
      if (entry.index() != ++last) {
        throw new IllegalArgumentException(
            "entry %s cannot be appended as entry %d".formatted(entry, last));
      }
    }
    long applied = meta.applied;
    for (Change change : batch.applied()) {
      if (change.index() != ++applied || applied > last) {
        throw new IllegalArgumentException(
            "change %d cannot be written after %d, with entries up to %d"
                .formatted(change.index(), applied - 1, last));
      }
    }
    if (batch.promised().isPresent() && batch.promised().getAsLong() < meta.promised) {
      throw new IllegalArgumentException(
          "epoch %d cannot be promised after %d"
              .formatted(batch.promised().getAsLong(), meta.promised));
    }
  }

  private void truncate(long after) throws SQLException {
    if (after >= meta.lastIndex) {
      return;
    }
    meta.journalBytes -= tables.truncate(after);
    meta.lastIndex = after;
    if (after == meta.baseIndex) {
      meta.lastId = meta.baseId;
      meta.lastTime = meta.baseTime;
      lastEpoch = meta.baseEpoch;
    } else {
      Entry last = journal.find(after).orElseThrow(() -> missing(after));
      meta.lastId = last.id();
      meta.lastTime = last.timeMillis();
      lastEpoch = last.epoch();
    }
  }

  private void append(List<Entry> entries) throws SQLException {
    tables.append(entries);
    for (Entry entry : entries) {
      if (entry.epoch() != lastEpoch) {
        tables.epoch(entry.epoch(), entry.index());
        lastEpoch = entry.epoch();
      }
      meta.lastIndex = entry.index();
      meta.lastId = entry.id();
      meta.lastTime = entry.timeMillis();
      meta.journalBytes += entry.weight();
    }
  }

  private void writeFiles(List<Change> changes) throws IOException {
    Map<String, Run> runs = new LinkedHashMap<>();
    for (Change change : changes) {
      for (Effect effect : change.effects()) {
        switch (effect) {
          case Effect.PostAdded post ->
              run(runs, post.place().author(), post.place().offset()).add(post.record());
          case Effect.PostDeleted post ->
              run(runs, post.author(), post.offset()).add(post.record());
          default -> {
            // The others stand in the tables only.
          }
        }
      }
    }
    for (Map.Entry<String, Run> run : runs.entrySet()) {
      files.write(run.getKey(), run.getValue().offset, run.getValue().bytes());
    }
  }

  private static Run run(Map<String, Run> runs, String author, long offset) {
    return runs.computeIfAbsent(author, ignored -> new Run(offset));
  }

  /** Bytes that a batch adds to the log, roughly. */
  private static long weight(Batch batch) {
    long bytes = 4096;
    for (Entry entry : batch.append()) {
      // Journal, answers and index, and the post file when it is applied.
      bytes += 2L * entry.weight();
    }
    return bytes;
  }

  private static StorageException missing(long index) {
    return new StorageException(
        StorageException.Kind.DAMAGED,
        "entry %d of the journal in state.db is missing".formatted(index),
        null);
  }

  private void closeAfter(Exception first) {
    try {
      connection.close();
    } catch (SQLException e) {
      first.addSuppressed(e);
    }
  }

  @Override
  public void close() throws SQLException, IOException {
    closed = true;
    files.close();
    log.close();
    journal.close();
    checkpointer.close();
    tables.close();
    connection.close();
  }

  /** Records that follow each other in one file. */
  private static final class Run {
    final long offset;

    /** Mostly there is one. */
    private byte[] first;

    private ByteArrayOutputStream all;

    Run(long offset) {
      this.offset = offset;
    }

    void add(byte[] record) {
      if (first == null) {
        first = record;
        return;
      }
      if (all == null) {
        all = new ByteArrayOutputStream(4 * first.length);
        all.writeBytes(first);
      }
      all.writeBytes(record);
    }

    ByteBuffer bytes() {
      return ByteBuffer.wrap(all == null ? first : all.toByteArray());
    }
  }
}
