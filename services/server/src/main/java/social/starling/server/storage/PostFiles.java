package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * The post files: {@code posts/<2 hex>/<author>.txt}. The two digits are the first byte of SHA-256
 * of the author's name, which is lower-cased everywhere here, so that names that differ in case
 * never meet on a file system that ignores it.
 *
 * <p>The store thread writes; any thread reads; one thread at a time syncs.
 */
final class PostFiles implements AutoCloseable {

  /** One part in so many of the files held open is closed when there are too many. */
  private static final int CLOSED_AT_ONCE = 16;

  /** Up to so many files are fsynced one by one. */
  private static final int FEW = 32;

  private final Path directory;
  private final Disk disk;
  private final int maxOpen;

  // Store thread only.
  private final Map<String, Open> open = new HashMap<>();
  private long uses;
  private final Set<Path> knownDirectories = new HashSet<>();
  private boolean recovering = true;

  // Guarded by this.
  private Set<String> unsynced = new HashSet<>();
  private Set<Path> unsyncedDirectories = new HashSet<>();
  private long unsyncedBytes;

  /**
   * @param directory {@code <volume>/posts}, which exists
   * @param maxOpen files held open for writing
   */
  PostFiles(Path directory, Disk disk, int maxOpen) {
    this.directory = directory;
    this.disk = disk;
    this.maxOpen = maxOpen;
  }

  /** Path of an author's file within the volume, with /. */
  static String relative(String author) {
    byte[] digest = sha256().digest(author.getBytes(StandardCharsets.US_ASCII));
    return "posts/" + HexFormat.of().toHexDigits(digest[0]) + "/" + author + ".txt";
  }

  Path path(String author) {
    return directory.resolveSibling(relative(author));
  }

  /** A file by its path within the volume. */
  Path resolve(String relative) {
    return directory.resolveSibling(relative);
  }

  /** Bytes of an author's file; 0 when it is not there. */
  long length(String author) throws IOException {
    try {
      return Files.size(path(author));
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /**
   * From now on a file begins at its beginning; a missing one is not written from the middle on.
   */
  void recovered() {
    recovering = false;
  }

  void write(String author, long offset, ByteBuffer bytes) throws IOException {
    int size = bytes.remaining();
    Disk.Out file = file(author, offset == 0);
    file.write(bytes, offset);
    synchronized (this) {
      // Marked afterwards: a sync that took a mark from before would not have had the bytes. One
      // that runs before the mark counts for committed batches only, and this one is not yet.
      unsynced.add(author);
      unsyncedBytes += size;
    }
  }

  void truncate(String author, long length) throws IOException {
    Disk.Out file = file(author, false);
    file.truncate(length);
    synchronized (this) {
      unsynced.add(author);
    }
  }

  /** Fills as much of the buffer as the file has from the offset on. */
  int read(String author, long offset, ByteBuffer bytes) throws IOException {
    try (Disk.In file = disk.read(path(author))) {
      return file.read(bytes, offset);
    }
  }

  Disk.In openToRead(String author) throws IOException {
    return disk.read(path(author));
  }

  /** Bytes written since the last sync began. */
  synchronized long unsyncedBytes() {
    return unsyncedBytes;
  }

  /** Makes everything durable that was written before this call. */
  void sync() throws IOException {
    Set<String> files;
    Set<Path> directories;
    synchronized (this) {
      files = unsynced;
      directories = unsyncedDirectories;
      unsynced = new HashSet<>();
      unsyncedDirectories = new HashSet<>();
      unsyncedBytes = 0;
    }
    if (files.size() > FEW && disk.syncAll(directory)) {
      return;
    }
    for (String author : files) {
      // A file of its own: the store thread may close the one that it writes to at any time.
      try (Disk.Out file = disk.open(path(author))) {
        file.sync();
      }
    }
    for (Path path : directories) {
      disk.syncDirectory(path);
    }
  }

  /**
   * @param made whether it may not be there yet, and its directory is to be synced
   */
  private Disk.Out file(String author, boolean made) throws IOException {
    Open known = open.get(author);
    if (known != null) {
      known.lastUse = ++uses;
      return known.file;
    }
    if (open.size() >= maxOpen) {
      closeOldest((maxOpen + CLOSED_AT_ONCE - 1) / CLOSED_AT_ONCE);
    }
    Path path = path(author);
    Path parent = path.getParent();
    boolean first = !knownDirectories.contains(parent);
    boolean unsure = first || (recovering ? !Files.exists(path) : made);
    if (first) {
      // Also when it is there: a process that was killed may have created it, or files in it.
      disk.createDirectory(parent);
    }
    Disk.Out file = openOneMore(path);
    open.put(author, new Open(file, ++uses));
    synchronized (this) {
      if (first) {
        unsyncedDirectories.add(directory);
      }
      if (unsure) {
        unsyncedDirectories.add(parent);
      }
    }
    // Not before: what a full disk cuts short is done again from the start.
    knownDirectories.add(parent);
    return file;
  }

  /** Whoever else in this process needs many: files that are open here only save time. */
  private Disk.Out openOneMore(Path path) throws IOException {
    try {
      return disk.open(path);
    } catch (FileSystemException e) {
      boolean tooMany = e.getReason() != null && e.getReason().contains("Too many open files");
      if (!tooMany || open.isEmpty()) {
        throw e;
      }
      closeOldest((open.size() + 1) / 2);
      return disk.open(path);
    }
  }

  /** Those whose last use is longest ago. */
  private void closeOldest(int count) throws IOException {
    long[] lastUses = open.values().stream().mapToLong(each -> each.lastUse).sorted().toArray();
    long upTo = lastUses[count - 1];
    for (Iterator<Open> all = open.values().iterator(); all.hasNext(); ) {
      Open each = all.next();
      if (each.lastUse <= upTo) {
        all.remove();
        each.file.close();
      }
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  @Override
  public void close() throws IOException {
    for (Open each : open.values()) {
      each.file.close();
    }
    open.clear();
  }

  /**
   * A file held open. When it was used is a number, and not its place in a list: to link thousands
   * of old objects anew all the time is dear at each collection of young ones, which has to look at
   * every old one that was changed.
   */
  private static final class Open {
    final Disk.Out file;
    long lastUse;

    Open(Disk.Out file, long lastUse) {
      this.file = file;
      this.lastUse = lastUse;
    }
  }
}
