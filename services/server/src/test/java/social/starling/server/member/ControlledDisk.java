package social.starling.server.member;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import social.starling.server.storage.Disk;

/** The real disk, which can be made to hang, to fail and to be full. Thread-safe. */
final class ControlledDisk implements Disk {

  private final Disk disk = Disk.local();
  private volatile CountDownLatch hanging = new CountDownLatch(0);
  private volatile boolean failing;
  private volatile long free = Long.MAX_VALUE;
  private volatile BooleanSupplier full = () -> false;

  /** Commits wait from now on. */
  void hang() {
    hanging = new CountDownLatch(1);
  }

  void goOn() {
    hanging.countDown();
  }

  /** Commits fail from now on. */
  void fail() {
    failing = true;
  }

  void free(long bytes) {
    free = bytes;
  }

  /** Nothing fits from now on while this is so. */
  void fill(BooleanSupplier still) {
    free = 0;
    full = still;
  }

  /** Nothing fits from now on, though there seems to be space. */
  void refuse() {
    full = () -> true;
  }

  /** There is plenty of space again. */
  void empty() {
    full = () -> false;
    free = Long.MAX_VALUE;
  }

  @Override
  public void commit(Commit commit) throws SQLException {
    try {
      hanging.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failing) {
      throw new SQLException("input/output error");
    }
    if (full.getAsBoolean()) {
      throw new SQLiteException("database or disk is full", SQLiteErrorCode.SQLITE_FULL);
    }
    disk.commit(commit);
  }

  @Override
  public long freeBytes(Path path) throws IOException {
    return Math.min(free, disk.freeBytes(path));
  }

  @Override
  public Out open(Path file) throws IOException {
    return disk.open(file);
  }

  @Override
  public In read(Path file) throws IOException {
    return disk.read(file);
  }

  @Override
  public boolean syncAll(Path directory) throws IOException {
    return disk.syncAll(directory);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    disk.syncDirectory(directory);
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    disk.createDirectory(directory);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    disk.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    disk.delete(path);
  }
}
