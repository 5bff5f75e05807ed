package social.starling.bench.redis;

import io.lettuce.core.RedisURI;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import social.starling.bench.peer.Child;
import social.starling.bench.peer.Ports;

/** A server or a sentinel: its folder, its port, and its process while it runs. */
final class RedisNode {

  static final String MASTER = "starling";

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final Path folder;
  private final int port = Ports.free();
  private Child child;

  RedisNode(Path folder) {
    this.folder = folder;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return port;
  }

  Path folder() {
    return folder;
  }

  Child child() {
    return child;
  }

  RedisURI uri() {
    return RedisURI.builder().withHost("127.0.0.1").withPort(port).withTimeout(TIMEOUT).build();
  }

  /**
   * Starts a server on what its folder holds.
   *
   * @param fsync "always" or "everysec"
   * @param masterPort of the server that it is a replica of; 0 for none
   */
  void startServer(Path program, String fsync, int masterPort) {
    write(
        """
        bind 127.0.0.1
        port %d
        dir %s
        save ""
        appendonly yes
        appendfsync %s
        repl-diskless-sync-delay 0
        repl-backlog-size 64mb
        """
            .formatted(port, folder, fsync));
    List<String> command =
        new ArrayList<>(List.of(program.toString(), folder.resolve("conf").toString()));
    if (masterPort != 0) {
      command.addAll(List.of("--replicaof", "127.0.0.1", Integer.toString(masterPort)));
    }
    child = Child.start(command, folder, folder.resolve("log"));
  }

  /** Starts a sentinel, one of three, that asks another before it acts. */
  void startSentinel(Path program, int masterPort, Duration silence) {
    write(
        """
        bind 127.0.0.1
        port %d
        dir %s
        sentinel monitor %s 127.0.0.1 %d 2
        sentinel down-after-milliseconds %s %d
        sentinel failover-timeout %s 5000
        """
            .formatted(port, folder, MASTER, masterPort, MASTER, silence.toMillis(), MASTER));
    child =
        Child.start(
            List.of(program.toString(), folder.resolve("conf").toString()),
            folder,
            folder.resolve("log"));
  }

  void end() {
    if (child != null) {
      child.end();
    }
  }

  private void write(String configuration) {
    try {
      Files.writeString(folder.resolve("conf"), configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
