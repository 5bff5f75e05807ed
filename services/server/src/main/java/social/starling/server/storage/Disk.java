package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.SQLException;

/**
 * The file system, as far as it is changed or may fail: the seam at which tests inject faults.
 * Thread-safe.
 */
public interface Disk {

  /** The real one. */
  static Disk local() {
    return LocalDisk.INSTANCE;
  }

  /** Opens a file for writing; creates it when it is not there. */
  Out open(Path file) throws IOException;

  /** Opens a file for reading. */
  In read(Path file) throws IOException;

  /** Makes a new or renamed name in a directory durable. */
  void syncDirectory(Path directory) throws IOException;

  /** Creates a directory whose parent exists; nothing when it exists. */
  void createDirectory(Path directory) throws IOException;

  /** Renames, replacing a file (not a directory) of the new name. */
  void rename(Path from, Path to) throws IOException;

  /** Deletes a file or an empty directory; nothing when it is not there. */
  void delete(Path path) throws IOException;

  /**
   * Makes everything durable that is on the file system of a directory, if that can be done in one
   * go.
   *
   * @return whether it was done
   */
  boolean syncAll(Path directory) throws IOException;

  /**
   * Commits a transaction, with what fsync the database does for it: for one that leaves it to its
   * user, none that makes it durable.
   */
  void commit(Commit commit) throws SQLException;

  /** Bytes that can still be written. */
  long freeBytes(Path path) throws IOException;

  /** Commits a transaction. */
  @FunctionalInterface
  interface Commit {
    void run() throws SQLException;
  }

  /** A file that is written. One thread writes; another may sync. */
  interface Out extends AutoCloseable {

    /** Writes all of the buffer at an offset. */
    void write(ByteBuffer bytes, long offset) throws IOException;

    /** Cuts it to a length. */
    void truncate(long length) throws IOException;

    long length() throws IOException;

    /** Makes everything that was written durable. */
    void sync() throws IOException;

    @Override
    void close() throws IOException;
  }

  /** A file that is read. One thread. */
  interface In extends AutoCloseable {

    /** Fills the buffer from an offset on, as far as the file goes; returns how many bytes. */
    int read(ByteBuffer bytes, long offset) throws IOException;

    long length() throws IOException;

    @Override
    void close() throws IOException;
  }
}
