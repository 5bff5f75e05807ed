package social.starling.torture.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/** A program that does to files what it is told, line by line, and answers in a line each. */
final class Victim {

  private static final int PAIRS = 8;

  private final Map<String, FileChannel> channels = new HashMap<>();
  private final Map<String, Connection> databases = new HashMap<>();

  public static void main(String[] args) throws Exception {
    Victim victim = new Victim();
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
    for (String order; (order = orders.readLine()) != null; ) {
      answer(victim, order.split(" ", 4));
    }
  }

  private static void answer(Victim victim, String[] words) {
    String said;
    try {
      said = victim.obey(words);
    } catch (Throwable e) {
      said = e.toString();
    }
    tell(said);
  }

  private static void tell(String line) {
    synchronized (System.out) {
      System.out.println(line);
      System.out.flush();
    }
  }

  private String obey(String[] words) throws Throwable {
    switch (words[0]) {
      case "put" ->
          channel(words[1])
              .write(
                  ByteBuffer.wrap(words[3].getBytes(StandardCharsets.UTF_8)),
                  Long.parseLong(words[2]));
      case "append" ->
          Files.writeString(
              Path.of(words[1]), words[2], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      case "replace" -> Files.writeString(Path.of(words[1]), words[2]);
      case "sync" -> channel(words[1]).force(false);
      case "truncate" -> channel(words[1]).truncate(Long.parseLong(words[2]));
      case "delete" -> Files.delete(Path.of(words[1]));
      case "rename" ->
          Files.move(
              Path.of(words[1]),
              Path.of(words[2]),
              StandardCopyOption.ATOMIC_MOVE,
              StandardCopyOption.REPLACE_EXISTING);
      case "copy" -> Files.copy(Path.of(words[1]), Path.of(words[2]));
      case "syncall" -> syncAll(words[1]);
      case "sql" -> {
        return sql(words[1], words[2] + " " + words[3]);
      }
      case "count" -> {
        return sql(words[1], "SELECT count(*) FROM posts");
      }
      case "lock" -> {
        return channel(words[1]).tryLock() == null ? "taken" : "done";
      }
      case "free" -> {
        return "" + Path.of(words[1]).toFile().getUsableSpace();
      }
      case "time" -> {
        return System.currentTimeMillis() + " " + System.nanoTime();
      }
      case "storm" -> storm(Path.of(words[1]));
      default -> throw new IllegalArgumentException(words[0]);
    }
    return "done";
  }

  private FileChannel channel(String file) throws IOException {
    FileChannel known = channels.get(file);
    if (known == null) {
      known = FileChannel.open(Path.of(file), StandardOpenOption.WRITE, StandardOpenOption.CREATE);
      channels.put(file, known);
    }
    return known;
  }

  private String sql(String file, String text) throws Exception {
    Connection connection = databases.get(file);
    if (connection == null) {
      connection = DriverManager.getConnection("jdbc:sqlite:" + file);
      databases.put(file, connection);
      sql(file, "PRAGMA journal_mode=WAL");
      sql(file, "PRAGMA synchronous=FULL");
    }
    try (Statement statement = connection.createStatement()) {
      if (!statement.execute(text)) {
        return "done";
      }
      try (ResultSet result = statement.getResultSet()) {
        return result.next() ? result.getString(1) : "nothing";
      }
    }
  }

  /** As the server does it, and with it all look-ups that go past a library loaded first. */
  private static void syncAll(String directory) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle open =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    MethodHandle syncfs =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("syncfs"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(directory);
      int descriptor = (int) open.invokeExact(name, 0);
      if (descriptor < 0 || (int) syncfs.invokeExact(descriptor) != 0) {
        throw new IOException("syncfs failed");
      }
    }
  }

  /** Many threads append lines, to two files each, sync, and only then tell of them; for ever. */
  private static void storm(Path directory) throws Exception {
    for (int pair = 0; pair < PAIRS; pair++) {
      Path own = directory.resolve("own-" + pair);
      Path shared = directory.resolve("shared-" + pair / 2);
      String author = "" + pair;
      Thread.ofPlatform()
          .start(() -> {
            try (FileChannel first = appending(own);
                FileChannel second = appending(shared)) {
              for (int i = 0; ; i++) {
                ByteBuffer line = ByteBuffer.wrap("%s:%06d\n".formatted(author, i).getBytes());
                first.write(line.duplicate());
                second.write(line.duplicate());
                first.force(false);
                second.force(false);
                tell("synced " + author + " " + i);
              }
            } catch (IOException e) {
              tell(e.toString());
            }
          });
    }
  }

  private static FileChannel appending(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.APPEND, StandardOpenOption.CREATE);
  }
}
