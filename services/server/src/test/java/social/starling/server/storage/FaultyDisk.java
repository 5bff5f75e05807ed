package social.starling.server.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * A disk on which any write point can be the last one, and which knows what would be left of files
 * and directories if the machine lost its power there.
 *
 * <p>Files that are written through it keep what was there at their last fsync, and a directory the
 * names that it had at its last fsync. SQLite's own files are taken as they are: what SQLite does
 * for them at a commit is its own affair; a commit can be stopped before, in the middle of and
 * after its write to the log. A log that is opened here is its opener's to sync: what is committed
 * is not durable before.
 */
final class FaultyDisk implements Disk {

  /** What becomes of what was not fsynced. */
  enum Unsynced {
    /** All of it is there: the process was killed, the machine went on. */
    KEPT,
    /** Nothing of it is there. */
    LOST,
    /** Of each file and each directory either, and files are cut in the middle of what is new. */
    MIXED
  }

  /** Thrown by the last write point and by all that follow. */
  static final class Crash extends RuntimeException {
    Crash() {
      super("crash");
    }
  }

  private final Path root;
  private Path image;
  private final Disk disk = Disk.local();
  private int crashAt;
  private Unsynced unsynced;
  private final Random random;
  private final Map<Path, Map<String, Node>> live = new HashMap<>();
  private final Map<Path, Map<String, Node>> durable = new HashMap<>();
  private final List<String> points = new ArrayList<>();
  private boolean crashed;
  private boolean oneByOne;

  /** The log that was opened here, until it is closed. */
  private Node log;

  /** What the log held at its last sync; null when that is all of it. */
  private byte[] syncedLog;

  /** For all directories alike: a file system does not lose one half of a rename. */
  private boolean namesLost;

  /** A disk that never crashes. */
  FaultyDisk(Path root) {
    this(root, null, Integer.MAX_VALUE, Unsynced.KEPT, 0);
  }

  /**
   * @param crashAt the write point, from 0, that is the last
   * @param image where to put what is left then
   */
  FaultyDisk(Path root, Path image, int crashAt, Unsynced unsynced, long seed) {
    this.root = root;
    this.image = image;
    this.crashAt = crashAt;
    this.unsynced = unsynced;
    this.random = new Random(seed);
    this.namesLost =
        unsynced == Unsynced.LOST || unsynced == Unsynced.MIXED && random.nextBoolean();
  }

  /** What was done at each write point so far. */
  List<String> points() {
    return points;
  }

  boolean crashed() {
    return crashed;
  }

  /** After the process was killed: another goes on, on a machine that did not stop. */
  void restart(int nextCrashAt) {
    crashed = false;
    crashAt = nextCrashAt;
    points.clear();
  }

  /** What is left when the machine loses its power now. */
  void losePower(Path to) throws IOException {
    crashed = true;
    unsynced = Unsynced.LOST;
    namesLost = true;
    image = to;
    copy(root, image, () -> {});
  }

  @Override
  public Out open(Path file) throws IOException {
    boolean is = Files.exists(file);
    Map<String, Node> names = names(file.getParent());
    if (is) {
      alive();
    } else {
      step(
          "create " + root.relativize(file),
          () -> {
            disk.open(file).close();
            names.put(file.getFileName().toString(), new Node(file, new byte[0]));
          });
    }
    Node node = names.get(file.getFileName().toString());
    if (node.synced == null && !sqlite(file)) {
      node.synced = Files.readAllBytes(file);
    }
    if (sqlite(file)) {
      log = node;
      syncedLog = null;
    }
    return new FaultyOut(disk.open(file), node);
  }

  @Override
  public In read(Path file) throws IOException {
    return disk.read(file);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    if (!directory.startsWith(root)) {
      return;
    }
    step(
        "sync directory " + root.relativize(directory),
        () -> {
          disk.syncDirectory(directory);
          durable.put(directory, new TreeMap<>(names(directory)));
        });
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      alive();
      return;
    }
    Map<String, Node> names = names(directory.getParent());
    step(
        "mkdir " + root.relativize(directory),
        () -> {
          disk.createDirectory(directory);
          names.put(directory.getFileName().toString(), new Node(directory, null));
          live.put(directory, new TreeMap<>());
          durable.put(directory, new TreeMap<>());
        });
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Map<String, Node> fromNames = names(from.getParent());
    Map<String, Node> toNames = names(to.getParent());
    Node node = fromNames.get(from.getFileName().toString());
    keep(toNames.get(to.getFileName().toString()));
    step(
        "rename %s to %s".formatted(root.relativize(from), root.relativize(to)),
        () -> {
          disk.rename(from, to);
          fromNames.remove(from.getFileName().toString());
          Node replaced = toNames.put(to.getFileName().toString(), node);
          if (replaced != null) {
            replaced.gone = true;
          }
          move(from, to);
          node.path = to;
        });
  }

  /** What stood below a directory stands below its new name. */
  private void move(Path from, Path to) {
    for (Map<Path, Map<String, Node>> tree : List.of(live, durable)) {
      for (Path directory : List.copyOf(tree.keySet())) {
        if (directory.startsWith(from)) {
          Map<String, Node> names = tree.remove(directory);
          names.values().forEach(node -> node.path = moved(node.path, from, to));
          tree.put(moved(directory, from, to), names);
        }
      }
    }
  }

  private static Path moved(Path path, Path from, Path to) {
    return path.startsWith(from) ? to.resolve(from.relativize(path)) : path;
  }

  @Override
  public void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      alive();
      return;
    }
    Map<String, Node> names = names(path.getParent());
    keep(names.get(path.getFileName().toString()));
    step(
        "delete " + root.relativize(path),
        () -> {
          disk.delete(path);
          names.remove(path.getFileName().toString()).gone = true;
        });
  }

  /** A disk that cannot sync everything in one go. */
  FaultyDisk oneByOne() {
    oneByOne = true;
    return this;
  }

  @Override
  public boolean syncAll(Path directory) throws IOException {
    if (oneByOne) {
      return false;
    }
    step(
        "sync all",
        () -> {
          for (Path known : List.copyOf(live.keySet())) {
            if (Files.isDirectory(known)) {
              Map<String, Node> names = names(known);
              for (Node node : names.values()) {
                if (!sqlite(node.path) && Files.isRegularFile(node.path)) {
                  node.synced = Files.readAllBytes(node.path);
                }
              }
              durable.put(known, new TreeMap<>(names));
            }
          }
        });
    return true;
  }

  @Override
  public void commit(Commit commit) throws SQLException {
    try {
      long[] before = new long[1];
      Path file = root.resolve("state.db-wal");
      step(
          "commit",
          () -> {
            before[0] = Files.exists(file) ? Files.size(file) : 0;
            if (log != null && syncedLog == null) {
              syncedLog = Files.readAllBytes(file);
            }
            try {
              commit.run();
            } catch (SQLException e) {
              throw new IOException(e);
            }
          },
          () -> cut(file, before[0]));
    } catch (IOException e) {
      throw new SQLException(e);
    }
  }

  @Override
  public long freeBytes(Path path) throws IOException {
    return disk.freeBytes(path);
  }

  private interface Action {
    void run() throws IOException;
  }

  private void alive() {
    if (crashed) {
      throw new Crash();
    }
  }

  private void step(String what, Action action) throws IOException {
    step(what, action, () -> {});
  }

  /**
   * One write point, after which the machine may stop. The image is what is left of it: the action,
   * then whatever {@code tear} leaves of it.
   */
  private void step(String what, Action action, Action tear) throws IOException {
    alive();
    points.add(what);
    boolean last = points.size() - 1 == crashAt;
    if (last && unsynced == Unsynced.LOST) {
      crash(() -> {});
    }
    action.run();
    if (last) {
      crash(unsynced == Unsynced.MIXED ? tear : () -> {});
    }
  }

  private void crash(Action tear) throws IOException {
    crashed = true;
    if (image != null) {
      copy(root, image, tear);
    }
    throw new Crash();
  }

  private Map<String, Node> names(Path directory) throws IOException {
    Map<String, Node> names = live.get(directory);
    if (names == null) {
      names = new TreeMap<>();
      live.put(directory, names);
      durable.put(directory, new TreeMap<>());
    }
    // What came without us (SQLite's files, and all that was there before) is durable.
    try (var children = Files.list(directory)) {
      for (Path child : children.toList()) {
        String name = child.getFileName().toString();
        if (!names.containsKey(name)) {
          Node node = new Node(child, null);
          names.put(name, node);
          durable.get(directory).put(name, node);
        }
      }
    }
    return names;
  }

  private void keep(Node node) throws IOException {
    if (node != null && node.synced == null && Files.isRegularFile(node.path)) {
      node.synced = Files.readAllBytes(node.path);
    }
  }

  private static boolean sqlite(Path file) {
    return file.getFileName().toString().startsWith("state.db");
  }

  private void cut(Path log, long from) throws IOException {
    Path copy = image.resolve(root.relativize(log));
    if (Files.exists(copy)) {
      long size = Files.size(copy);
      long left = from + (long) (random.nextDouble() * (size - from));
      try (var channel =
          java.nio.channels.FileChannel.open(copy, java.nio.file.StandardOpenOption.WRITE)) {
        channel.truncate(Math.min(size, left));
      }
    }
  }

  private void copy(Path directory, Path to, Action tear) throws IOException {
    Files.createDirectories(to);
    Map<String, Node> now = names(directory);
    Map<String, Node> entries = namesLost ? durable.get(directory) : now;
    for (Map.Entry<String, Node> entry : entries.entrySet()) {
      String name = entry.getKey();
      Node node = entry.getValue();
      if (name.endsWith("-shm") || name.equals("lock")) {
        continue;
      }
      if (!node.gone && Files.isDirectory(node.path)) {
        copy(node.path, to.resolve(name), () -> {});
        continue;
      }
      byte[] left = left(node);
      if (left != null) {
        Files.write(to.resolve(name), left);
      }
    }
    tear.run();
  }

  private byte[] left(Node node) throws IOException {
    if (node.gone || !Files.isRegularFile(node.path)) {
      return node.synced;
    }
    byte[] synced = node == log ? syncedLog : node.synced;
    if (sqlite(node.path) && node != log || synced == null) {
      return Files.readAllBytes(node.path);
    }
    byte[] all = Files.readAllBytes(node.path);
    return switch (unsynced) {
      case KEPT -> all;
      case LOST -> synced;
      case MIXED -> {
        int same = java.util.Arrays.mismatch(all, synced);
        if (same < 0 || random.nextBoolean()) {
          yield synced;
        }
        int cut = same + random.nextInt(all.length - Math.min(same, all.length) + 1);
        yield java.util.Arrays.copyOf(all, Math.min(cut, all.length));
      }
    };
  }

  /** A file or directory. */
  private static final class Node {
    Path path;

    /** What is there for certain; null of directories and of what SQLite writes. */
    byte[] synced;

    /** Deleted, or replaced by another. */
    boolean gone;

    Node(Path path, byte[] synced) {
      this.path = path;
      this.synced = synced;
    }
  }

  private final class FaultyOut implements Out {
    private final Out out;
    private final Node node;

    FaultyOut(Out out, Node node) {
      this.out = out;
      this.node = node;
    }

    private String name() {
      return root.relativize(node.path).toString();
    }

    @Override
    public void write(ByteBuffer bytes, long offset) throws IOException {
      step(
          "write %d bytes at %d of %s".formatted(bytes.remaining(), offset, name()),
          () -> out.write(bytes, offset));
    }

    @Override
    public void truncate(long length) throws IOException {
      step("truncate %s to %d".formatted(name(), length), () -> out.truncate(length));
    }

    @Override
    public long length() throws IOException {
      return out.length();
    }

    @Override
    public void sync() throws IOException {
      step(
          "sync " + name(),
          () -> {
            out.sync();
            if (node == log) {
              syncedLog = null;
            } else {
              node.synced = Files.readAllBytes(node.path);
            }
          });
    }

    @Override
    public void close() throws IOException {
      if (node == log) {
        log = null;
      }
      out.close();
    }
  }

  /** A full disk: whatever needs room fails. */
  static Disk full(java.util.function.BooleanSupplier full) {
    return new Wrapped() {
      @Override
      void before(String what) throws IOException {
        if (full.getAsBoolean()) {
          throw new FileSystemException("file", null, "No space left on device");
        }
      }
    };
  }

  /** A disk whose operations do something else first. */
  abstract static class Wrapped implements Disk {
    private final Disk disk = Disk.local();

    abstract void before(String what) throws IOException;

    @Override
    public Out open(Path file) throws IOException {
      Out out = disk.open(file);
      return new Out() {
        @Override
        public void write(ByteBuffer bytes, long offset) throws IOException {
          before("write");
          out.write(bytes, offset);
        }

        @Override
        public void truncate(long length) throws IOException {
          out.truncate(length);
        }

        @Override
        public long length() throws IOException {
          return out.length();
        }

        @Override
        public void sync() throws IOException {
          before("sync");
          out.sync();
        }

        @Override
        public void close() throws IOException {
          out.close();
        }
      };
    }

    @Override
    public In read(Path file) throws IOException {
      before("read");
      return disk.read(file);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
      before("sync");
      disk.syncDirectory(directory);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
      before("create");
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

    @Override
    public boolean syncAll(Path directory) throws IOException {
      before("sync");
      return disk.syncAll(directory);
    }

    @Override
    public void commit(Commit commit) throws SQLException {
      try {
        before("commit");
      } catch (IOException e) {
        boolean full = e.getMessage().contains("No space left");
        throw new SQLiteException(
            e.getMessage(), full ? SQLiteErrorCode.SQLITE_FULL : SQLiteErrorCode.SQLITE_IOERR);
      }
      commit.run();
    }

    @Override
    public long freeBytes(Path path) throws IOException {
      return disk.freeBytes(path);
    }
  }

  static void deleteAll(Path directory) {
    try {
      if (Files.exists(directory)) {
        Directories.delete(directory, Disk.local());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
